// The bytes of a bundle that travels in slices: its text, then its parts. Its head says how long they are, so a process
// that passes the bundle on makes neither a string nor a copy of them.

import { isRecord } from '../utils/is-record.js';
import type { Bundle, SlicedBundle } from './bundle.js';
import { lengthInBlock, packForBytes, textOf, view } from './pack-parts.js';
import type { TravellingPart } from './payload.js';

export interface Body {
  readonly head: SlicedBundle;
  readonly pieces: readonly Uint8Array[];
}

/** Copies the text and what the block of the parts would hold; large parts stay where they are. */
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

/** How many bytes follow a head; `undefined` where it isn't one of a bundle in slices. */
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

/** The same bundle as if it had not been cut. */
export function openBody({ y, q, x: _, ...rest }: SlicedBundle & { readonly q: Uint8Array }): Bundle {
  const block = view(q);
  return { ...rest, x: textOf(block.subarray(0, y)), ...(rest.p && { q: block.subarray(y) }) };
}
