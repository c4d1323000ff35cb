// How long this process really ran: the time in which its event loop stood still doesn't count.

import { now } from './wire.js';

const TICK_MS = 20;
/** What a turn may take and still be one. */
const USUAL_MS = 100;

export interface Mark {
  readonly at: number;
  readonly stalledMs: number;
}

export class StallMeter {
  #tickedAt = now();
  #stalledMs = 0;
  readonly #timer = setInterval(() => this.#tick(), TICK_MS).unref();

  mark(): Mark {
    this.#tick();
    return { at: now(), stalledMs: this.#stalledMs };
  }

  ranSince({ at, stalledMs }: Mark): number {
    this.#tick();
    return now() - at - (this.#stalledMs - stalledMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const pausedMs = now() - this.#tickedAt;
    if (pausedMs > USUAL_MS) this.#stalledMs += pausedMs;
    this.#tickedAt = now();
  }
}
