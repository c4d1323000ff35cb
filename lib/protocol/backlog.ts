// Keeps values for a receiver that reads too slowly: the newest value of each topic, and a note that older ones were
// dropped. A topic can have any number of replays (last values for new subscriptions); these are kept while there is space.

import { type Bundle, Kind, kindOf } from './bundle.js';
import { bytesOf } from './frames.js';

interface Kept {
  readonly group: string;
  readonly term: number;
  /** Id of a topic, or of a subscription. */
  readonly id: number;
  readonly kind: number;
  readonly envelope: Pick<Bundle, 'g' | 't' | 'to' | 'but'>;
  /** `undefined` if it was dropped for lack of space. */
  frame: Bundle | undefined;
  bytes: number;
  readonly hasGap: boolean;
}

/**
 * Bytes of values that a leader lets wait on the way to the primary, or to one member on the direct route; beyond them the
 * newest of each topic are kept. Results wait behind them: on the relay 0.9 s with an upstream of 1 GB a second on two
 * cores, 1.8 s with 8 MiB.
 */
export const MOST_VALUE_BYTES = 2 * 1024 * 1024;

/** Approximate size of an entry without its frame: key, two objects and the map slots. Measured on Node 20. */
const ENTRY_BYTES = 450;

export class Backlog {
  /** Ordered by the arrival of the newest value. */
  readonly #kept = new Map<string, Kept>();
  /** Keys of replays that still have their frame, in the same order. */
  readonly #replays = new Set<string>();
  #bytes = 0;

  get size(): number {
    return this.#kept.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Stores a bundle of one frame and replaces the previous value under the same key; see {@link trim}. */
  keep(frame: Bundle, room = Number.POSITIVE_INFINITY): void {
    const { g: group, t: term, to, but, h } = frame;
    const [head = 0, id = 0] = h;
    const kind = kindOf(head);
    const key = `${term}|${kind}|${id}|${to ?? ''}|${but ?? ''}|${group}`;
    const hasGap = this.#delete(key);
    const bytes = bytesOf(frame) + ENTRY_BYTES;
    const envelope = { g: group, t: term, ...(to !== undefined && { to }), ...(but !== undefined && { but }) };
    this.#kept.set(key, { group, term, id, kind, envelope, frame, bytes, hasGap });
    this.#bytes += bytes;
    if (kind === Kind.REPLAY) this.#replays.add(key);
    this.trim(room);
  }

  /** Drops the oldest replays until at most `room` bytes are kept. The newest replay always stays. */
  trim(room: number): void {
    for (const oldest of this.#replays) {
      if (this.#bytes <= room || this.#replays.size === 1) return;
      this.#drop(oldest);
    }
  }

  /** Releases the kept values as bundles, oldest first, while there is space. */
  release(take: (bundle: Bundle) => void, hasRoom: () => boolean = () => true): void {
    for (const [key, kept] of this.#kept) {
      if (!hasRoom()) return;
      this.#delete(key);
      const gap = gapOf(kept);
      if (gap) take(gap);
      if (kept.frame) take(kept.frame);
    }
  }

  /** Values of an ended term are useless. */
  forget(group: string, term: number): void {
    for (const [key, kept] of this.#kept) if (kept.group === group && kept.term === term) this.#delete(key);
  }

  clear(): void {
    this.#kept.clear();
    this.#replays.clear();
    this.#bytes = 0;
  }

  /** @returns whether the key existed */
  #delete(key: string): boolean {
    const kept = this.#kept.get(key);
    if (!kept) return false;
    this.#bytes -= kept.bytes;
    this.#kept.delete(key);
    this.#replays.delete(key);
    return true;
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key)!;
    this.#bytes -= kept.bytes - ENTRY_BYTES;
    kept.bytes = ENTRY_BYTES;
    kept.frame = undefined;
    this.#replays.delete(key);
  }
}

/** A GAP frame for dropped values: of a topic, or of a subscription whose replay was dropped. */
function gapOf({ envelope, id, kind, frame, hasGap }: Kept): Bundle | undefined {
  if (hasGap && kind === Kind.VALUE) return { ...envelope, h: [Kind.GAP, id, 1, 0], x: '[0]' };
  return frame ? undefined : { ...envelope, h: [Kind.GAP, id, 1, 0], x: '[1]' };
}
