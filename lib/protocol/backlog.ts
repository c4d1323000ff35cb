// What is kept of a flood for who doesn't read as fast: the newest value of each topic, and that others were dropped. Of last
// values for new subscriptions, of which there may be any number for one topic, as many as there is room for.

import { type Bundle, Kind, kindOf } from './bundle.js';
import { bytesOf } from './frames.js';

interface Kept {
  readonly group: string;
  readonly term: number;
  /** Of a topic, or of a subscription. */
  readonly id: number;
  readonly kind: number;
  readonly envelope: Pick<Bundle, 'g' | 't' | 'to' | 'but'>;
  /** Nothing where there was no room for it. */
  frame: Bundle | undefined;
  bytes: number;
  readonly hasGap: boolean;
}

/** What an entry takes beside its frame, about: its key, two objects and its places in the tables. Measured on Node 20. */
const ENTRY_BYTES = 450;

export class Backlog {
  /** In the order of the newest value of each. */
  readonly #kept = new Map<string, Kept>();
  /** Keys of last values with a frame, in the same order. */
  readonly #replays = new Set<string>();
  #bytes = 0;

  get size(): number {
    return this.#kept.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a bundle of one frame, in place of the one before it; see {@link trim}. */
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

  /** Beyond `room` bytes the oldest last values are dropped, but for the newest. */
  trim(room: number): void {
    for (const oldest of this.#replays) {
      if (this.#bytes <= room || this.#replays.size === 1) return;
      this.#drop(oldest);
    }
  }

  /** Hands out what was kept as bundles, oldest first, as long as there is room. */
  release(take: (bundle: Bundle) => void, hasRoom: () => boolean = () => true): void {
    for (const [key, kept] of this.#kept) {
      if (!hasRoom()) return;
      this.#delete(key);
      const gap = gapOf(kept);
      if (gap) take(gap);
      if (kept.frame) take(kept.frame);
    }
  }

  /** The values of a term that is over are worth nothing. */
  forget(group: string, term: number): void {
    for (const [key, kept] of this.#kept) if (kept.group === group && kept.term === term) this.#delete(key);
  }

  clear(): void {
    this.#kept.clear();
    this.#replays.clear();
    this.#bytes = 0;
  }

  /** @returns whether there was one */
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

/** What says that values are missing: of a topic, or of a subscription whose last value was dropped. */
function gapOf({ envelope, id, kind, frame, hasGap }: Kept): Bundle | undefined {
  if (hasGap && kind === Kind.VALUE) return { ...envelope, h: [Kind.GAP, id, 1, 0], x: '[0]' };
  return frame ? undefined : { ...envelope, h: [Kind.GAP, id, 1, 0], x: '[1]' };
}
