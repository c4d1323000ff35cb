// A subscription under chaos: what it heard last, and whether that came in order and without a hole that nobody told of.

import type { Update } from '../upstream/protocol.js';

export class Watcher {
  newest: unknown;
  ready: Promise<unknown> = Promise.resolve();
  #sequence = 0;
  #mayMiss = true;

  /** @param isNumbered the values have numbers without holes */
  constructor(
    private readonly broken: (text: string) => void,
    private readonly isNumbered: boolean,
  ) {}

  /** What comes next may not be what follows. */
  mayMiss(): void {
    this.#mayMiss = true;
  }

  value(value: unknown): void {
    if (!this.isNumbered) {
      this.newest = value;
      return;
    }
    const { sequence, message } = value as Update;
    if (sequence < this.#sequence) this.broken(`value ${sequence} came after ${this.#sequence}`);
    if (sequence > this.#sequence + 1 && !this.#mayMiss)
      this.broken(`nobody told of what is missing between ${this.#sequence} and ${sequence}`);
    this.#sequence = sequence;
    this.#mayMiss = false;
    this.newest = message;
  }
}
