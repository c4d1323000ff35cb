// A bundle too large to be handed to a channel at once travels in slices, so that control frames find room between them.

import { deserialize, serialize } from 'node:v8';
import { brokenFrame } from '../errors.js';
import type { Bundle, Slice } from './messages.js';
import { packForBytes, packForJson } from './travelling-parts.js';

/** Characters or bytes of a slice. */
export const SLICE_BYTES = 512 * 1024;

/** Slices that make no end are no bundle of ours: V8 holds no string longer than this. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Cuts a bundle for a channel that carries bytes as they are, or only JSON. */
export function cutBundle(bundle: Bundle, carriesBytes: boolean): Slice[] {
  const whole = carriesBytes ? serialize(packForBytes(bundle)) : JSON.stringify(packForJson(bundle));
  const slices: Slice[] = [];
  for (let at = 0; at < whole.length; at += SLICE_BYTES) {
    const end = Math.min(at + SLICE_BYTES, whole.length);
    const piece = typeof whole === 'string' ? whole.slice(at, end) : whole.subarray(at, end);
    slices.push({ piece, isLast: end === whole.length });
  }
  return slices;
}

/** Puts the slices that come over one channel together again. */
export class SliceReader {
  #pieces: (string | Uint8Array)[] = [];
  #bytes = 0;

  /**
   * @returns with the last slice what was cut, unchecked; else `undefined`
   * @throws SharedClientError `ERR_PROTOCOL` where the slices make nothing whole; they are forgotten
   */
  add({ piece, isLast }: Slice): unknown {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (!isLast && this.#bytes <= MOST_BYTES) return undefined;
    const [pieces, bytes] = [this.#pieces, this.#bytes];
    this.#pieces = [];
    this.#bytes = 0;
    if (bytes > MOST_BYTES) throw brokenFrame('s', `slices of at most ${MOST_BYTES} bytes in all`);
    try {
      return join(pieces);
    } catch (error) {
      throw brokenFrame('s', `slices of a bundle, but ${(error as Error).message}`);
    }
  }
}

function join(pieces: readonly (string | Uint8Array)[]): unknown {
  if (pieces.every(piece => typeof piece === 'string')) return JSON.parse(pieces.join(''));
  return deserialize(Buffer.concat(pieces as Uint8Array[]));
}
