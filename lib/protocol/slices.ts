// A bundle too large to be handed to a channel at once travels in slices, so that control frames find room between them.
// Cut are the bytes of V8's serialization on each kind of channel: no string is made of the whole, which could become too long.

import { deserialize, serialize } from 'node:v8';
import { brokenFrame } from '../errors.js';
import { ownPart } from './frames.js';
import type { Bundle, Slice } from './messages.js';
import { packForBytes } from './travelling-parts.js';

/** Bytes of a slice. */
export const SLICE_BYTES = 512 * 1024;

/**
 * Slices that make no end are no bundle of ours: of the characters that a value may have (`MAX_VALUE` of the codec) each
 * takes at most three bytes here.
 */
export const MOST_SLICED_BYTES = 1024 * 1024 * 1024;

/** What is left of a bundle that has begun to leave. */
export class SliceWriter {
  readonly #bytes: Buffer;
  #at = 0;

  /** @param carriesBytes whether the channel carries bytes as they are, or only JSON */
  constructor(
    bundle: Bundle,
    private readonly carriesBytes: boolean,
  ) {
    this.#bytes = serialize(packForBytes(bundle));
  }

  get bytesLeft(): number {
    return this.#bytes.length - this.#at;
  }

  next(): Slice {
    const bytes = this.#bytes.subarray(this.#at, this.#at + SLICE_BYTES);
    this.#at += bytes.length;
    return { piece: this.carriesBytes ? bytes : bytes.toString('base64'), isLast: this.bytesLeft === 0 };
  }
}

/** Puts the slices that come over one channel together again. */
export class SliceReader {
  #pieces: Uint8Array[] = [];
  /** Bytes that came of a bundle that isn't whole yet. */
  bytes = 0;

  /** @param mostBytes of one bundle */
  constructor(private readonly mostBytes = MOST_SLICED_BYTES) {}

  /**
   * @returns with the last slice what was cut, unchecked; else `undefined`
   * @throws SharedClientError `ERR_PROTOCOL` where the slices make nothing whole; they are forgotten
   */
  add({ piece, isLast }: Slice): unknown {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'base64') : (ownPart(piece) as Uint8Array);
    this.#pieces.push(bytes);
    this.bytes += bytes.length;
    const isTooMuch = this.bytes > this.mostBytes;
    if (!isLast && !isTooMuch) return undefined;
    const pieces = this.#pieces;
    this.clear();
    if (isTooMuch) throw brokenFrame('s', `slices of at most ${this.mostBytes} bytes in all`);
    try {
      return deserialize(Buffer.concat(pieces));
    } catch (error) {
      throw brokenFrame('s', `slices of a bundle, but ${(error as Error).message}`);
    }
  }

  /** Nothing more comes of what has begun. */
  clear(): void {
    this.#pieces = [];
    this.bytes = 0;
  }
}
