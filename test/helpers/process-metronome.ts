// What a busy machine takes from every process, and no library gives back: how late the timers of this one are.

import { now } from './process-wire.js';

const TICK_MS = 5;

export class Metronome {
  #last = now();
  readonly #delays: { readonly at: number; readonly ms: number }[] = [];
  readonly #timer = setInterval(() => this.#tick(), TICK_MS);

  /** Time since `from` in which this process wanted to run and did not, in ms. */
  lostSince(from: number): number {
    return this.#delays.reduce((sum, { at, ms }) => (at >= from ? sum + ms : sum), 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const at = now();
    const ms = at - this.#last - TICK_MS;
    this.#last = at;
    // A timer may be a tick late on an idle machine too.
    if (ms > TICK_MS) this.#delays.push({ at, ms });
  }
}
