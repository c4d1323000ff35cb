// A host of a later release whose record can't be read here: it takes a released leadership, and keeps it for a time.

import type { UnreadableRecord } from '../../../lib/fleet/record.js';
import type { World } from './world.js';

const LEASE_MS = 6000;
const ACT_MS = 4000;
const RENEW_MS = 750;

export class Foreigner {
  readonly #world: World;
  #waitsUntil = 0;
  #staysMs = 0;
  #leadsUntil = 0;
  #revision = 0;
  /** When its lease ends, in real time. */
  leaseUntil = 0;
  hasLed = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** It takes the next leadership that is released. */
  await(ms: number): void {
    this.#waitsUntil = this.#world.events.now + 30_000;
    this.#staysMs = ms;
  }

  released(): void {
    const { events, plan } = this.#world;
    if (events.now > this.#waitsUntil || plan.store === 'loses') return;
    this.#waitsUntil = 0;
    this.hasLed = true;
    this.#leadsUntil = events.now + this.#staysMs;
    this.#write(this.#world.promises.highestTerm + 1);
  }

  stop(): void {
    this.#waitsUntil = 0;
    this.#leadsUntil = 0;
  }

  #write(term: number): void {
    const { store, events, promises } = this.#world;
    const record: UnreadableRecord = { v: 2, term, leaseMs: LEASE_MS };
    this.#revision = store.put(record);
    this.leaseUntil = events.now + ACT_MS;
    promises.foreign(term);
    events.after(RENEW_MS, () => {
      if (events.now < this.#leadsUntil && store.current.revision === this.#revision) this.#write(term);
    });
  }
}
