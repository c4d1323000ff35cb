// What is kept of a flood for a worker that doesn't read: the newest value of each topic, and that others were dropped.

import { cutFrame } from '../protocol/frames.js';
import { type Bundle, EXT, Kind } from '../protocol/messages.js';

interface Kept {
  readonly group: string;
  readonly term: number;
  readonly topic: number;
  readonly kind: number;
  readonly frame: Bundle;
  hasGap: boolean;
}

export class Backlog {
  /** In the order of the newest value of each. */
  readonly #kept = new Map<string, Kept>();

  get size(): number {
    return this.#kept.size;
  }

  /** Keeps the frame at `index` of a bundle, in place of the one before it. */
  keep(bundle: Bundle, index: number): void {
    const kind = bundle.h[index * 4]! & ~EXT;
    const topic = bundle.h[index * 4 + 1]!;
    const key = `${bundle.t}|${kind}|${topic}|${bundle.g}`;
    const older = this.#kept.delete(key);
    this.#kept.set(key, {
      group: bundle.g,
      term: bundle.t,
      topic,
      kind,
      frame: cutFrame(bundle, index),
      hasGap: older,
    });
  }

  /** Hands out all that was kept, oldest first, as bundles. */
  release(take: (bundle: Bundle) => void): void {
    for (const { group, term, topic, kind, frame, hasGap } of this.#kept.values()) {
      if (hasGap && kind === Kind.VALUE) take({ g: group, t: term, h: [Kind.GAP, topic, 1, 0], x: '[0]' });
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
