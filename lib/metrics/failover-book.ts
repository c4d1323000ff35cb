// The failovers of groups by name. The counts continue if a group is created again.

import { Failovers } from './failovers.js';

/** The most names that are stored. Beyond this limit, the least recently used ones are removed. */
const MOST_NAMES = 1000;

export class FailoverBook {
  readonly #all = new Map<string, Failovers>();

  of(name: string): Failovers {
    const failovers = this.#all.get(name) ?? new Failovers();
    this.#all.delete(name);
    this.#all.set(name, failovers);
    if (this.#all.size > MOST_NAMES) this.#all.delete(this.#all.keys().next().value!);
    return failovers;
  }
}
