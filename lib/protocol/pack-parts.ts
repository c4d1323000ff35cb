// Encodes parts for a channel. On a binary channel the long strings of a bundle are sent as one block of bytes, so a process
// that relays them creates no strings. On a JSON channel bytes are sent as base64.

import { isAscii } from 'node:buffer';
import { acquireBuffer } from '../utils/buffers.js';
import { readLatin1, SLACK, writeUtf8 } from '../utils/long-strings.js';
import type { Bundle } from './bundle.js';
import type { Part, Payload, PortablePayload, TravellingPart } from './payload.js';

/** Smaller parts cost more as a block than they save. Measured on Node 20, like the next constant. */
const WORTH_A_BLOCK = 4 * 1024;

/** Copying more bytes than this into a block costs more than sending them separately. */
const BY_THEMSELVES = 64 * 1024;

/** For a binary channel. */
export function packForBytes(bundle: Bundle): Bundle {
  const { p, q } = bundle;
  if (!p || q) return bundle;
  // Most strings are ASCII, and writing one shows whether it is. Measuring it first would cost more.
  return pack(bundle, p, p.map(lengthIfAscii)) ?? pack(bundle, p, p.map(byteLengthInBlock))!;
}

/** @returns `undefined` if a string does not have the given length */
function pack(bundle: Bundle, p: readonly TravellingPart[], lengths: readonly number[]): Bundle | undefined {
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  if (bytes < WORTH_A_BLOCK) return bundle;
  const block = acquireBuffer(bytes + SLACK);
  const packed: TravellingPart[] = [];
  let at = 0;
  for (let i = 0; i < p.length; i++) {
    const [part, length] = [p[i]!, lengths[i]!];
    if (typeof part === 'string') {
      if (!writeUtf8(block, part, at, length)) return undefined;
      packed.push(length);
    } else if (part instanceof Uint8Array && length > 0) {
      block.set(part, at);
      packed.push(-1 - length);
    } else packed.push(part);
    at += length;
  }
  return { ...bundle, p: packed, q: block.subarray(0, bytes) };
}

const lengthIfAscii = (part: TravellingPart): number => (typeof part === 'string' ? part.length : bytesInBlock(part));

const byteLengthInBlock = (part: TravellingPart): number =>
  typeof part === 'string' ? Buffer.byteLength(part) : bytesInBlock(part);

const bytesInBlock = (part: TravellingPart): number =>
  part instanceof Uint8Array && part.length <= BY_THEMSELVES ? part.length : 0;

/** For a JSON channel, which would encode each byte as a number. */
export function packForJson(bundle: Bundle): Bundle {
  if (!bundle.p) return bundle;
  const { q: _, ...rest } = bundle;
  return { ...rest, p: unpack(bundle).map(forJson) };
}

export function toPortable({ text, ext, parts }: Payload): PortablePayload {
  return { text, ext, ...(parts && { parts: parts.map(forJson) }) };
}

export function fromPortable({ text, ext, parts }: PortablePayload): Payload {
  return { text, ext, parts: parts && unpack({ p: parts }) };
}

/** The decoded parts. A sliced bundle must be opened first. */
export function unpack({ p, q }: Pick<Bundle, 'p' | 'q'>): readonly Part[] {
  if (!p) return NONE;
  const block = q && view(q);
  let at = 0;
  return p.map(part => {
    if (typeof part !== 'number') return isPart(part) ? part : Buffer.from(part.b, 'base64');
    const bytes = block!.subarray(at, at + lengthInBlock(part));
    at += bytes.length;
    return part < 0 ? bytes : textOf(bytes);
  });
}

/** @throws Error if the text exceeds the maximum length of a string */
export const textOf = (utf8: Buffer): string => (isAscii(utf8) ? readLatin1(utf8, 0, utf8.length) : utf8.toString());

/** Accounted size of the parts, by their actual lengths. */
export function partsBytes({ p, q }: Bundle): number {
  let bytes = q?.length ?? 0;
  for (const part of p ?? NONE) bytes += typeof part === 'number' ? 0 : (isPart(part) ? part : part.b).length;
  return bytes;
}

/**
 * Whether all parts are valid, and the block has the length that they require.
 *
 * @param bytes length of other data at the start of the block
 */
export function areTravellingParts(p: unknown, q: unknown, bytes = 0): boolean {
  if (q !== undefined && !(q instanceof Uint8Array)) return false;
  const length = q?.length ?? 0;
  // An empty block must be absent.
  if (p === undefined) return length === bytes && (q === undefined) === (bytes === 0);
  if (!Array.isArray(p)) return false;
  for (const part of p as unknown[]) {
    // A part of length 0 needs a block, too.
    if (Number.isSafeInteger(part) && q) bytes += lengthInBlock(part as number);
    else if (!isPart(part) && !isBase64(part)) return false;
  }
  return bytes === length;
}

const NONE: readonly never[] = [];

const isPart = (part: unknown): part is Part => typeof part === 'string' || part instanceof Uint8Array;

/** The length of a part in the block. */
export const lengthInBlock = (part: number): number => (part < 0 ? -1 - part : part);

const isBase64 = (part: unknown): boolean =>
  typeof part === 'object' && part !== null && typeof (part as { b?: unknown }).b === 'string';

const forJson = (part: Part): TravellingPart =>
  part instanceof Uint8Array ? { b: view(part).toString('base64') } : part;

/** A Buffer over the same memory. */
export const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
