// Parts as a channel carries them best: bytes as base64 where it carries JSON, very long strings as bytes where it
// carries bytes, so that a process that only passes them on never makes a string of them.

import { isAscii } from 'node:buffer';
import type { Part } from './payload.js';

/** A part on its way. */
export type TravellingPart =
  | Part
  /** bytes */
  | { readonly b: string }
  /** a string, in UTF-8 */
  | { readonly s: Uint8Array };

/** From this length on, bytes are cheaper than a string that every process on the way has to make. Measured on Node 20. */
const VERY_LONG = 32 * 1024;

/** For a channel that carries bytes as they are. */
export function forBytes(part: TravellingPart): TravellingPart {
  return typeof part === 'string' && part.length >= VERY_LONG ? { s: toUtf8(part) } : part;
}

/** For a channel that carries JSON, which would write each byte as a number. */
export function forJson(part: TravellingPart): TravellingPart {
  if (part instanceof Uint8Array) return { b: view(part).toString('base64') };
  return typeof part === 'object' && 's' in part ? fromUtf8(part.s) : part;
}

/** The part itself. */
export function arrived(part: TravellingPart): Part {
  if (typeof part === 'string' || part instanceof Uint8Array) return part;
  return 's' in part ? fromUtf8(part.s) : Buffer.from(part.b, 'base64');
}

export function lengthOf(part: TravellingPart): number {
  if (typeof part === 'string' || part instanceof Uint8Array) return part.length;
  return 's' in part ? part.s.length : part.b.length;
}

export function isTravellingPart(value: unknown): value is TravellingPart {
  if (typeof value === 'string' || value instanceof Uint8Array) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { b, s } = value as { b?: unknown; s?: unknown };
  return typeof b === 'string' || s instanceof Uint8Array;
}

function toUtf8(text: string): Uint8Array {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafeSlow(length);
  // Where each character is one byte, Latin-1 says the same and is written three times as fast.
  bytes.write(text, length === text.length ? 'latin1' : 'utf8');
  return bytes;
}

function fromUtf8(bytes: Uint8Array): string {
  return view(bytes).toString(isAscii(bytes) ? 'latin1' : 'utf8');
}

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
