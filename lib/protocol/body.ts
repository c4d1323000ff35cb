// The bytes of a bundle that is sent in slices: its text, then its parts. The head holds their lengths, so a process that
// relays the bundle creates no strings and copies nothing.

import { isRecord } from '../utils/is-record.js';
import type { Bundle, SlicedBundle } from './bundle.js';
import { lengthInBlock, packForBytes, textOf, view } from './pack-parts.js';
import type { TravellingPart } from './payload.js';

export interface Body {
  readonly head: SlicedBundle;
  readonly pieces: readonly Uint8Array[];
}

/** Copies the text, and the parts that would go into the block; large parts are not copied. */
export function toBody(bundle: Bundle): Body {
  const { x, p, q, y, ...envelope } = bundle;
  if (y !== undefined) return { head: { ...envelope, x, y, ...(p && { p }) }, pieces: [q!] };
  const text = Buffer.from(x);
  const head = { ...envelope, x: '', y: text.length };
  if (!p) return { head, pieces: [text] };
  const parts = partsToBody(packForBytes(bundle));
  return { head: { ...head, p: parts.lengths }, pieces: [text, ...parts.pieces] };
}

function partsToBody({ p, q }: Bundle): { lengths: number[]; pieces: Uint8Array[] } {
  const lengths: number[] = [];
  const pieces: Uint8Array[] = [];
  let [from, at] = [0, 0];
  const cut = () => {
    if (at > from) pieces.push(q!.subarray(from, at));
    from = at;
  };
  for (const part of p!) {
    if (typeof part === 'number') {
      lengths.push(part);
      at += lengthInBlock(part);
    } else {
      cut();
      const bytes = toBytes(part);
      lengths.push(typeof part === 'string' ? bytes.length : -1 - bytes.length);
      pieces.push(bytes);
    }
  }
  cut();
  return { lengths, pieces };
}

function toBytes(part: Exclude<TravellingPart, number>): Uint8Array {
  if (typeof part === 'string') return Buffer.from(part);
  return part instanceof Uint8Array ? part : Buffer.from(part.b, 'base64');
}

/** The number of bytes that follow a head; `undefined` if it is not the head of a sliced bundle. */
export function bytesOfBody(head: unknown): number | undefined {
  if (!isRecord(head) || !Number.isSafeInteger(head.y) || (head.y as number) < 0) return undefined;
  let bytes = head.y as number;
  if (head.p === undefined) return bytes;
  if (!Array.isArray(head.p)) return undefined;
  for (const part of head.p as unknown[]) {
    if (!Number.isSafeInteger(part)) return undefined;
    bytes += lengthInBlock(part as number);
  }
  return bytes;
}

/** Restores the bundle from its slices. */
export function openBody({ y, q, x: _, ...rest }: SlicedBundle & { readonly q: Uint8Array }): Bundle {
  const block = view(q);
  return { ...rest, x: textOf(block.subarray(0, y)), ...(rest.p && { q: block.subarray(y) }) };
}
