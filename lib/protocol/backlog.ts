// What is kept of a flood for a worker that doesn't read: the newest value of each topic, and that others were dropped.

import { signal } from './frames.js';
import { type Bundle, Kind, kindOf } from './messages.js';

interface Kept {
  readonly group: string;
  readonly term: number;
  readonly topic: number;
  readonly kind: number;
  readonly frame: Bundle;
  readonly hasGap: boolean;
}

export class Backlog {
  /** In the order of the newest value of each. */
  readonly #kept = new Map<string, Kept>();

  get size(): number {
    return this.#kept.size;
  }

  /** Keeps a bundle of one frame, in place of the one before it. */
  keep(frame: Bundle): void {
    const { g: group, t: term, h } = frame;
    const [head = 0, topic = 0] = h;
    const kind = kindOf(head);
    const key = `${term}|${kind}|${topic}|${group}`;
    const hasGap = this.#kept.delete(key);
    this.#kept.set(key, { group, term, topic, kind, frame, hasGap });
  }

  /** Hands out all that was kept, oldest first, as bundles. */
  release(take: (bundle: Bundle) => void): void {
    for (const { group, term, topic, kind, frame, hasGap } of this.#kept.values()) {
      if (hasGap && kind === Kind.VALUE) take(signal(group, term, Kind.GAP, topic));
      take(frame);
    }
    this.clear();
  }

  /** The values of a term that is over are worth nothing. */
  forget(group: string, term: number): void {
    for (const [key, kept] of this.#kept) if (kept.group === group && kept.term === term) this.#kept.delete(key);
  }

  clear(): void {
    this.#kept.clear();
  }
}
