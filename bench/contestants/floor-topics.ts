// The listeners of one process of a floor. Topics travel as numbers.

import type { Listener, Topic } from './real-client.js';

export class FloorTopics {
  readonly #listeners = new Map<number, Listener[]>();

  /** Returns the topic's number where it is the first listener's. */
  add({ topic }: Topic, listener: Listener): number | undefined {
    const id = Number(topic);
    const listeners = this.#listeners.get(id);
    listeners?.push(listener);
    if (!listeners) this.#listeners.set(id, [listener]);
    return listeners ? undefined : id;
  }

  tell(id: number, value: unknown): void {
    for (const listener of this.#listeners.get(id) ?? []) listener(value);
  }
}
