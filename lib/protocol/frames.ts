// Frames into bundles and out of them again.

import type { Mutable } from '../utils/mutable.js';
import { ABOUT, type Abouts, type Bundle, EXT, Kind, kindOf, MORE, ONE, Overload } from './bundle.js';
import { partsBytes, unpack } from './pack-parts.js';
import type { Part, Payload, TravellingPart } from './payload.js';

/**
 * Characters and bytes beyond which no further frame joins a bundle, and it leaves before the end of the tick. Measured
 * with payloads of 10 kB on Node 20: with 64 KiB a message stays, as base64 too, below the 128 KiB from which on V8 and
 * glibc take pages that are new to the process; channels that carry JSON then pass more than twice as many calls. With less
 * than Node reads at once, which is 64 KiB, a socket passes half as many or fewer.
 */
export const WRITE_BYTES = 64 * 1024;

/** Fewer frames than this aren't worth a write of their own. */
const BATCH = 32;

/** What a bundle without frames costs, for the accounts of what waits. */
export const OVERHEAD_BYTES = 256;

/** What a frame costs beside its text and parts: four numbers in a list of V8's. */
export const FRAME_BYTES = 32;

/** Pairs of a bundle among which that of the next call is looked for. */
const NEAR = 8;

/** What a call is about. */
export interface About {
  readonly method: string;
  /** On the machine's monotonic clock. */
  readonly deadline: number;
}

/** A bundle that frames can still join. Sealed when its channel takes it. */
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

  /** The same frames for another way; this one is not to be added to any more. */
  readdress(to?: readonly number[]): BundleBuilder {
    return new BundleBuilder(this.group, this.term, to, to ? undefined : this.number, undefined, this);
  }

  /** The frames of which `matches` holds, for another way; `undefined` if there is none. */
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

  /** Four numbers a frame. */
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

  /** Whether it may as well leave before the end of the tick: large, or a good part of the `inFlight` frames under way. */
  isWorthAWrite(inFlight: number): boolean {
    const frames = this.#texts.length;
    return this.bytes >= WRITE_BYTES || (frames >= BATCH && frames >= inFlight / 4);
  }

  /** @param about for a call */
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

  /** What {@link seal} makes, without the texts and parts. */
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

  /** Which of the pairs says it, from 1. Calls of one tick differ little, so few are looked at. */
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
 * A bundle that can't be encoded, with small frames in place of those that may be too large: the calls and results among
 * them end with an error, of values it is known that they are missing.
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

/** A kind, an id and a text that say that the frame isn't what it was. */
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
      // Of no topic: they have numbers from 1.
      return [Kind.GAP, 0, '0'];
    default:
      // Of a call what it is about stays. Whoever reads it finds neither arguments nor a topic, and refuses it.
      return [kind & ~(EXT | ONE | MORE), id, '0'];
  }
}

/** One frame with `0` for a text: the primary's own words. */
export function signal(group: string, term: number, kind: number, id: number): Bundle {
  return { g: group, t: term, h: [kind, id, 1, 0], x: '[0]' };
}

type Matches = (kind: number, id: number, index: number) => boolean;

/** The frames of a bundle that match, as a bundle of its own; `undefined` if none does. Never reads a payload. */
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

/** The frames of a bundle that match, each as a bundle of its own that keeps nothing of the others in memory. */
export function splitFrames(bundle: Bundle, matches: Matches): Bundle[] {
  if (bundle.y !== undefined) return matchesOnly(bundle, matches) ? [bundle] : [];
  const { h: _h, x: _x, p: _p, q: _q, ...envelope } = bundle;
  const frames: Bundle[] = [];
  cutFrames(bundle, matches, (h, text, parts) => {
    // A part of a string is, to V8, the whole of it.
    const x = Buffer.from(`[${text}]`).toString();
    frames.push({ ...envelope, h, x, ...(parts.length > 0 && { p: parts.map(ownPart) }) });
  });
  return frames;
}

/** Of a bundle in slices, which has one frame: nothing has to be cut, and its bytes stay unread. */
const matchesOnly = ({ h }: Bundle, matches: Matches): boolean => matches(kindOf(h[0]!), h[1]!, 0);

/** The same bundle, without the rest of the message that its bytes are views of. */
export function ownBundle(bundle: Bundle): Bundle {
  const { p, q } = bundle;
  if (!p?.some(isPiece) && !isPiece(q)) return bundle;
  return { ...bundle, ...(p && { p: p.map(ownPart) }), ...(q && { q: ownPart(q) as Uint8Array }) };
}

/** A small piece of a large chunk, which it keeps alive. */
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
  // In a block the strings are found only one after the other.
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

/** What a bundle weighs, by its own length and not by what its sender says. */
export function bytesOf(bundle: Bundle): number {
  const { h, x, m } = bundle;
  let bytes = OVERHEAD_BYTES + (h.length / 4) * FRAME_BYTES + x.length + partsBytes(bundle);
  if (m) for (let i = 0; i < m.length; i += 2) bytes += bytesOfAbout(m[i] as string);
  return bytes;
}

/** What is said of a call beside its text. */
export const bytesOfAbout = (method: string): number => method.length + 16;
