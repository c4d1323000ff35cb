// Builds bundles from frames, and takes them apart.

import type { Mutable } from '../utils/mutable.js';
import { ABOUT, type Abouts, type Bundle, EXT, Kind, kindOf, MORE, ONE, Overload } from './bundle.js';
import { partsBytes, unpack } from './pack-parts.js';
import type { Part, Payload, TravellingPart } from './payload.js';

/**
 * A bundle of this size takes no more frames and is sent before the end of the tick. Measured with payloads of 10 kB on Node
 * 20: at 64 KiB a message stays below 128 KiB even as base64. From 128 KiB on, V8 and glibc allocate memory pages that are
 * new to the process; below it, JSON channels carry more than twice as many calls. With less than 64 KiB, the size of one
 * read in Node, a socket carries at most half as many.
 */
export const WRITE_BYTES = 64 * 1024;

/** Fewer frames than this do not justify a separate write. */
const BATCH = 32;

/** Accounted size of a bundle without frames. */
export const OVERHEAD_BYTES = 256;

/** Accounted size of a frame without its text and parts: four numbers in a V8 array. */
export const FRAME_BYTES = 32;

/** How many of the latest pairs are searched for that of the next call. */
const NEAR = 8;

/** Method and deadline of a call. */
export interface About {
  readonly method: string;
  /** On the machine's monotonic clock. */
  readonly deadline: number;
}

/** A bundle that still accepts frames. It is sealed when its channel takes it. */
export class BundleBuilder {
  bytes = OVERHEAD_BYTES;
  sealed = false;
  readonly #head: number[];
  readonly #texts: string[];
  #parts: Part[] | undefined;
  #callHeaders: (string | number)[] | undefined;

  constructor(
    readonly group: string,
    readonly term: number,
    readonly to?: readonly number[] | '*',
    readonly number?: number,
    readonly but?: readonly number[],
    like?: BundleBuilder,
  ) {
    this.#head = like ? like.#head : [];
    this.#texts = like ? like.#texts : [];
    if (like) {
      this.#parts = like.#parts;
      this.#callHeaders = like.#callHeaders;
      this.bytes = like.bytes;
    }
  }

  /** The same frames for another destination or route. Nothing may be added to this builder afterwards. */
  readdress(to?: readonly number[]): BundleBuilder {
    return new BundleBuilder(this.group, this.term, to, to ? undefined : this.number, undefined, this);
  }

  /** The frames whose kind `matches`, for another destination; `undefined` if there are none. */
  pick(matches: (kind: number) => boolean, to: readonly number[]): BundleBuilder | undefined {
    const picked = new BundleBuilder(this.group, this.term, to);
    for (let i = 0, part = 0; i < this.#head.length; i += 4) {
      const [kind, id, count] = [this.#head[i]!, this.#head[i + 1]!, this.#head[i + 3]!];
      const parts = count > 0 ? this.#parts!.slice(part, part + count) : undefined;
      if (matches(kindOf(kind))) picked.add(kind, id, this.#texts[i / 4]!, parts);
      part += count;
    }
    return picked.#head.length > 0 ? picked : undefined;
  }

  /** Four numbers per frame. */
  get head(): readonly number[] {
    return this.#head;
  }

  get texts(): readonly string[] {
    return this.#texts;
  }

  get parts(): readonly Part[] | undefined {
    return this.#parts;
  }

  get callHeaders(): Abouts | undefined {
    return this.#callHeaders;
  }

  get isFull(): boolean {
    return this.sealed || this.bytes >= WRITE_BYTES;
  }

  /** Whether to send before the end of the tick: it is large, or holds a good part of the `inFlight` frames. */
  isWorthAWrite(inFlight: number): boolean {
    const frames = this.#texts.length;
    return this.bytes >= WRITE_BYTES || (frames >= BATCH && frames >= inFlight / 4);
  }

  /** @param about only for a call */
  add(kind: number, id: number, text: string, parts?: readonly Part[], about?: About): void {
    const whole = about ? kind + ABOUT * this.#placeOf(about) : kind;
    this.#head.push(whole, id, text.length, parts ? parts.length : 0);
    this.#texts.push(text);
    this.bytes += text.length + FRAME_BYTES;
    if (parts) {
      this.#parts ??= [];
      for (const part of parts) {
        this.#parts.push(part);
        this.bytes += part.length;
      }
    }
  }

  addPayload(kind: number, id: number, { text, ext, parts }: Payload): void {
    this.add(ext ? kind | EXT : kind, id, text, parts);
  }

  seal(): Bundle {
    this.sealed = true;
    const { group: g, term: t } = this;
    const bundle: Mutable<Bundle> = {
      g,
      t,
      h: this.#head,
      x: `[${this.#texts.join(',')}]`,
    };
    if (this.number !== undefined) bundle.n = this.number;
    if (this.to !== undefined) bundle.to = this.to;
    if (this.but !== undefined) bundle.but = this.but;
    if (this.#callHeaders) bundle.m = this.#callHeaders;
    if (this.#parts) bundle.p = this.#parts;
    return bundle;
  }

  /** The result of {@link seal}, without texts and parts. */
  get envelope(): Omit<Bundle, 'x'> {
    const { group: g, term: t, number: n, to, but } = this;
    return {
      g,
      t,
      h: this.#head,
      ...(n !== undefined && { n }),
      ...(to !== undefined && { to }),
      ...(but !== undefined && { but }),
      ...(this.#callHeaders && { m: this.#callHeaders }),
    };
  }

  /** Index of the pair for this call, from 1. Calls of one tick are similar, so only the latest pairs are searched. */
  #placeOf({ method, deadline }: About): number {
    this.#callHeaders ??= [];
    const callHeaders = this.#callHeaders;
    const last = callHeaders.length - 2;
    for (let i = last; i >= 0 && i > last - 2 * NEAR; i -= 2) {
      if (callHeaders[i + 1] === deadline && callHeaders[i] === method) return i / 2 + 1;
    }
    this.bytes += bytesOfAbout(method);
    return callHeaders.push(method, deadline) / 2;
  }
}

/**
 * Replaces the frames of a bundle that cannot be encoded and may be too large by small ones: calls and results fail with an
 * error, missing values are reported as gaps.
 */
export function unsendable(
  { h, ...envelope }: Omit<Bundle, 'x'>,
  textAt: (index: number, offset: number) => string,
): Bundle {
  const head: number[] = [];
  const texts: string[] = [];
  for (let i = 0, offset = 1; i < h.length; i += 4) {
    const [kind, id, length, count] = [h[i]!, h[i + 1]!, h[i + 2]!, h[i + 3]!];
    const isSmall = count === 0 && length <= WRITE_BYTES;
    const [other, otherId, text] = isSmall ? [kind, id, textAt(i / 4, offset)] : substitute(kind, id);
    head.push(other, otherId, text.length, 0);
    texts.push(text);
    offset += length + 1;
  }
  const { p: _p, q: _q, ...rest } = envelope;
  return { ...rest, h: head, x: `[${texts.join(',')}]` };
}

/** Kind, id and text of the frame that replaces one that cannot be sent. */
function substitute(kind: number, id: number): readonly [kind: number, id: number, text: string] {
  switch (kindOf(kind)) {
    case Kind.RESULT:
    case Kind.ERROR:
      return [Kind.OVERLOADED, id, Overload.RESULT_UNSENDABLE];
    case Kind.VALUE:
      return [Kind.GAP, id, '0'];
    case Kind.VALUE_ONE:
    case Kind.REPLAY:
    case Kind.EVENT:
      // Id 0 belongs to no topic: topic numbers start at 1.
      return [Kind.GAP, 0, '0'];
    default:
      // A call keeps its method and deadline. The receiver finds neither arguments nor a topic, and refuses it.
      return [kind & ~(EXT | ONE | MORE), id, '0'];
  }
}

/** One frame with a number as its text, sent by the primary itself. */
export function signal(group: string, term: number, kind: number, id: number, number = 0): Bundle {
  const text = String(number);
  return { g: group, t: term, h: [kind, id, text.length, 0], x: `[${text}]` };
}

type Matches = (kind: number, id: number, index: number) => boolean;

/** The matching frames of a bundle as a new bundle; `undefined` if there are none. Never reads payloads. */
export function pickFrames(bundle: Bundle, matches: Matches): Bundle | undefined {
  if (bundle.y !== undefined) return matchesOnly(bundle, matches) ? bundle : undefined;
  const { h: _h, x: _x, p: _p, q: _q, ...envelope } = bundle;
  const head: number[] = [];
  const texts: string[] = [];
  const parts: TravellingPart[] = [];
  cutFrames(bundle, matches, (numbers, text, own) => {
    head.push(...numbers);
    texts.push(text);
    for (const part of own) parts.push(part);
  });
  if (head.length === 0) return undefined;
  return { ...envelope, h: head, x: `[${texts.join(',')}]`, ...(parts.length > 0 && { p: parts }) };
}

/** The matching frames, each as its own bundle that keeps nothing of the others in memory. */
export function splitFrames(bundle: Bundle, matches: Matches): Bundle[] {
  if (bundle.y !== undefined) return matchesOnly(bundle, matches) ? [bundle] : [];
  const { h: _h, x: _x, p: _p, q: _q, ...envelope } = bundle;
  const frames: Bundle[] = [];
  cutFrames(bundle, matches, (h, text, parts) => {
    // A substring in V8 keeps the whole string alive. The copy does not.
    const x = Buffer.from(`[${text}]`).toString();
    frames.push({ ...envelope, h, x, ...(parts.length > 0 && { p: parts.map(ownPart) }) });
  });
  return frames;
}

/** A sliced bundle has one frame: nothing is cut, and its bytes stay unread. */
const matchesOnly = ({ h }: Bundle, matches: Matches): boolean => matches(kindOf(h[0]!), h[1]!, 0);

/** The same bundle, without references to the rest of the message that contained it. */
export function ownBundle(bundle: Bundle): Bundle {
  const { p, q } = bundle;
  if (!p?.some(isPiece) && !isPiece(q)) return bundle;
  return { ...bundle, ...(p && { p: p.map(ownPart) }), ...(q && { q: ownPart(q) as Uint8Array }) };
}

/** A small view of a large buffer, which keeps the whole buffer alive. */
const isPiece = (part: unknown): part is Uint8Array =>
  part instanceof Uint8Array && part.byteLength * 2 < part.buffer.byteLength;

function ownPart(part: TravellingPart): TravellingPart {
  if (!isPiece(part)) return part;
  const copy = Buffer.allocUnsafeSlow(part.length);
  copy.set(part);
  return copy;
}

function cutFrames(
  bundle: Bundle,
  matches: Matches,
  take: (head: readonly number[], text: string, parts: readonly TravellingPart[]) => void,
): void {
  const { h, x, p, q } = bundle;
  // In a block, strings can only be located one after the other.
  const all: readonly TravellingPart[] = q ? unpack(bundle) : (p ?? []);
  let offset = 1;
  let part = 0;
  for (let i = 0; i < h.length; i += 4) {
    const [kind, id, length, count] = [h[i]!, h[i + 1]!, h[i + 2]!, h[i + 3]!];
    if (matches(kindOf(kind), id, i / 4)) {
      take([kind, id, length, count], x.slice(offset, offset + length), all.slice(part, part + count));
    }
    offset += length + 1;
    part += count;
  }
}

/** Accounted size of a bundle, measured on its contents rather than on the lengths that the sender gave. */
export function bytesOf(bundle: Bundle): number {
  const { h, x, m } = bundle;
  let bytes = OVERHEAD_BYTES + (h.length / 4) * FRAME_BYTES + x.length + partsBytes(bundle);
  if (m) for (let i = 0; i < m.length; i += 2) bytes += bytesOfAbout(m[i] as string);
  return bytes;
}

/** Accounted size of a call's method and deadline. */
export const bytesOfAbout = (method: string): number => method.length + 16;
