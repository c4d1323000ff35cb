// What came for a leader outside its lease, in order and bounded: calls whose deadline passes are let go of, and beyond the
// bound calls and subscriptions are refused.

import { classOf } from '../protocol/classes.js';
import { bytesOf, ownBundle, pickFrames } from '../protocol/frames.js';
import { ABOUT, type Bundle, Kind, kindOf } from '../protocol/messages.js';

/** Characters and bytes that may be held. */
const MOST_HELD_BYTES = 64 * 1024 * 1024;

/** How often it is looked for calls that are too late. */
const LOOK_MS = 1000;

export class Held {
  #bundles: Bundle[] = [];
  #bytes = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** @param mostBytes that may be held */
  constructor(private readonly mostBytes = MOST_HELD_BYTES) {}

  get length(): number {
    return this.#bundles.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns the calls and subscriptions in it, where there is no room for them; all else is held in any case */
  add(bundle: Bundle, now: number): Bundle | undefined {
    let bytes = bytesOf(bundle);
    if (this.#bytes + bytes > this.mostBytes) this.#dropLate(now);
    let rest: Bundle | undefined = bundle;
    let refused: Bundle | undefined;
    if (this.#bytes > 0 && this.#bytes + bytes > this.mostBytes) {
      refused = pickFrames(bundle, isAsked);
      rest = pickFrames(bundle, kind => !isAsked(kind));
      bytes = rest ? bytesOf(rest) : 0;
    }
    if (rest) this.#bundles.push(ownBundle(rest));
    this.#bytes += bytes;
    return refused;
  }

  /** All of it, which isn't held any more. */
  take(): Bundle[] {
    const bundles = this.#bundles;
    this.#bundles = [];
    this.#bytes = 0;
    return bundles;
  }

  /** Nobody waits for them any more. One that takes something back still does so. */
  #dropLate(now: number): void {
    if (now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    for (const bundle of this.take()) {
      const rest = hasLate(bundle, now) ? pickFrames(bundle, (_kind, _id, i) => !isLate(bundle, i, now)) : bundle;
      if (!rest) continue;
      this.#bundles.push(rest);
      this.#bytes += bytesOf(rest);
    }
  }
}

const isAsked = (kind: number): boolean => classOf(kind) === 'call' || classOf(kind) === 'subscription';

const hasLate = (bundle: Bundle, now: number): boolean => {
  for (let i = 0; i < bundle.h.length / 4; i++) if (isLate(bundle, i, now)) return true;
  return false;
};

function isLate({ h, m }: Bundle, index: number, now: number): boolean {
  const kind = h[4 * index]!;
  const plain = kindOf(kind);
  if (classOf(plain) !== 'call' || plain === Kind.UNPUBLISH) return false;
  const deadline = m?.[2 * Math.floor(kind / ABOUT) - 1];
  return typeof deadline === 'number' && deadline < now;
}
