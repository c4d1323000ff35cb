// The clocks of two machines: deadlines are readings of the caller's clock, and have to be translated where they arrive.

import type { ReadBundle } from './wire-reader.js';

export class Clocks {
  #ahead: number | undefined;
  #askedAt: number | undefined;

  /** @param ahead how far this clock is ahead of the other one, at least; undefined if both ends use the same one */
  constructor(ahead: number | undefined) {
    this.#ahead = ahead;
  }

  get isElsewhere(): boolean {
    return this.#ahead !== undefined;
  }

  /** The other end is asked for its clock. */
  asked(now: number): void {
    this.#askedAt = now;
  }

  /** It read its clock after it was asked. So a translated deadline is never too late, and too early by the time that took. */
  answered(fields: unknown): void {
    const { now } = (fields ?? {}) as { readonly now?: unknown };
    if (this.#askedAt !== undefined && typeof now === 'number') this.#ahead = this.#askedAt - now;
    this.#askedAt = undefined;
  }

  translate(bundle: ReadBundle): ReadBundle {
    const { m } = bundle;
    const ahead = this.#ahead;
    if (!m || ahead === undefined) return bundle;
    // Methods and deadlines alternate. `null` is no deadline.
    return { ...bundle, m: m.map(about => (typeof about === 'number' ? about + ahead : about)) };
  }
}
