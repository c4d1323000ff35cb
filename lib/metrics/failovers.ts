// How often a group went from one leader to the next, why, and how long it was without.

import type { DeposedCause } from '../protocol/messages.js';
import { Durations, type Histogram } from './histogram.js';

/** What is counted of failovers, planned ones included. */
export interface FailoverStatus {
  readonly count: number;
  /** How many there were by each cause that there was. */
  readonly causes: { readonly [cause in DeposedCause]?: number };
  /** From when the old leader took no call any more until the next one was ready. */
  readonly duration: Histogram;
  readonly last: Failover | undefined;
}

/** One of them. */
export interface Failover {
  /** Why the term before ended; `undefined` where the primary didn't say. */
  readonly cause: DeposedCause | undefined;
  readonly fromTerm: number;
  readonly toTerm: number;
  readonly durationMs: number;
}

export class Failovers {
  readonly #causes = new Map<DeposedCause | undefined, number>();
  readonly #duration = new Durations();
  #count = 0;
  #last: Failover | undefined;
  #lost: { readonly term: number; readonly at: number } | undefined;

  /** The leader of this term takes no call any more. */
  lost(term: number, now: number): void {
    this.#lost ??= { term, at: now };
  }

  /** There is a leader again. @returns the failover, if it is one */
  ready(term: number, now: number, cause: DeposedCause | undefined): Failover | undefined {
    const lost = this.#lost;
    this.#lost = undefined;
    if (!lost || lost.term === term) return undefined;
    this.#last = { cause, fromTerm: lost.term, toTerm: term, durationMs: now - lost.at };
    this.#count++;
    this.#causes.set(cause, (this.#causes.get(cause) ?? 0) + 1);
    this.#duration.add(this.#last.durationMs);
    return this.#last;
  }

  /** What comes next follows nobody. */
  forget(): void {
    this.#lost = undefined;
  }

  status(): FailoverStatus {
    const causes = Object.fromEntries([...this.#causes].filter(([cause]) => cause !== undefined));
    return { count: this.#count, causes, duration: this.#duration.status(), last: this.#last };
  }
}
