// One group of a simulation: its server, and the terms that it had.

import type { GroupPlan } from './plan.js';
import { SimUpstream } from './upstream.js';
import type { SimWorker } from './worker.js';
import type { World } from './world.js';

/** `isInOrder`: by the leader's own wish, and nothing hindered it. */
interface EndedTerm {
  readonly term: number;
  readonly isInOrder: boolean;
  /** It died, or was silent. */
  readonly isLost: boolean;
  readonly leader: SimWorker | undefined;
}

export class SimGroup {
  readonly upstream: SimUpstream;
  /** The last term that was given out, and the last in which a leader began something. */
  lastTerm = 0;
  actedTerm = 0;
  appointedAt = 0;
  /** When nobody who served it had a lease, last. */
  idleAt = 0;
  readonly ended: EndedTerm[] = [];
  readonly #terms: number[] = [];

  constructor(
    world: World,
    readonly plan: GroupPlan,
  ) {
    this.upstream = new SimUpstream(world, this);
  }

  get name(): string {
    return this.plan.name;
  }

  /** A term as a small number, for whoever reads. */
  short(term: number): string {
    if (term === 0) return 'none';
    if (!this.#terms.includes(term)) this.#terms.push(term);
    return `#${this.#terms.indexOf(term) + 1}`;
  }

  toString(): string {
    return this.plan.name;
  }
}
