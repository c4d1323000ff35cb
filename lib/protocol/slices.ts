// A bundle too large to be handed to a channel at once travels in slices, so that control frames find room between them.
// The primary passes the bytes on as they came.

import { brokenFrame } from '../errors/errors.js';
import { bytesOfBody, openBody, toBody } from './body.js';
import type { Bundle, SlicedBundle } from './bundle.js';
import type { Slice } from './messages.js';
import { view } from './pack-parts.js';

/** Bytes of a slice. */
export const SLICE_BYTES = 512 * 1024;

/**
 * Slices that make no end are no bundle of ours: of the characters that a value may have (`MAX_VALUE` of the codec) each
 * takes at most three bytes here.
 */
export const MOST_SLICED_BYTES = 1024 * 1024 * 1024;

/** What is left of a bundle that has begun to leave. */
export class SliceWriter {
  /** Until it has left, with the first slice. */
  #head: SlicedBundle | undefined;
  readonly #pieces: readonly Uint8Array[];
  /** Where the next slice begins: in which piece, and where in it. */
  #index = 0;
  #at = 0;
  bytesLeft: number;

  /** @param carriesBytes whether the channel carries bytes as they are, or only JSON */
  constructor(
    bundle: Bundle,
    private readonly carriesBytes: boolean,
  ) {
    const { head, pieces } = toBody(bundle);
    this.#head = head;
    this.#pieces = pieces;
    this.bytesLeft = pieces.reduce((sum, { length }) => sum + length, 0);
  }

  next(): Slice {
    const head = this.#head;
    this.#head = undefined;
    const bytes = this.#take();
    this.bytesLeft -= bytes.length;
    return { ...(head && { head }), piece: this.carriesBytes ? bytes : view(bytes).toString('base64') };
  }

  /** Up to the bytes of a slice; copied only where pieces are small. */
  #take(): Uint8Array {
    const taken: Uint8Array[] = [];
    let room = SLICE_BYTES;
    while (room > 0 && this.#index < this.#pieces.length) {
      const bytes = this.#pieces[this.#index]!.subarray(this.#at, this.#at + room);
      room -= bytes.length;
      this.#at += bytes.length;
      taken.push(bytes);
      if (this.#at < this.#pieces[this.#index]!.length) break;
      this.#index++;
      this.#at = 0;
    }
    return taken.length === 1 ? taken[0]! : Buffer.concat(taken);
  }
}

export interface SliceReaderOptions {
  /** Whether bundles are passed on: one with a single frame, as a large value is mostly, stays as it came. */
  readonly isRelay?: boolean;
  /** Bytes of one bundle. */
  readonly mostBytes?: number;
}

/** Puts the slices that come over one channel together again. */
export class SliceReader {
  readonly #options: SliceReaderOptions;
  #head: SlicedBundle | undefined;
  #block = NOTHING;
  /** Bytes that came of a bundle that isn't whole yet. */
  bytes = 0;

  constructor(options: SliceReaderOptions = {}) {
    this.#options = options;
  }

  /**
   * @returns with the last slice the bundle, unchecked; else `undefined`
   * @throws SharedClientError `ERR_PROTOCOL` where the slices make nothing whole; they are forgotten
   */
  add({ head, piece }: Slice): Bundle | undefined {
    if (head !== undefined) this.#begin(head);
    if (!this.#head) throw brokenFrame('s', 'a slice after the first of its bundle');
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'base64') : piece;
    if (this.bytes + bytes.length > this.#block.length) {
      this.clear();
      throw brokenFrame('s', 'slices of as many bytes as the first says');
    }
    this.#block.set(bytes, this.bytes);
    this.bytes += bytes.length;
    return this.bytes === this.#block.length ? this.#end(this.#head) : undefined;
  }

  #begin(head: SlicedBundle): void {
    this.clear();
    const { mostBytes = MOST_SLICED_BYTES } = this.#options;
    const bytes = bytesOfBody(head);
    if (bytes === undefined || bytes > mostBytes) throw brokenFrame('s', `slices of at most ${mostBytes} bytes in all`);
    // What it takes of memory grows as the slices come: the kernel gives pages once they are written.
    this.#block = Buffer.allocUnsafeSlow(bytes);
    this.#head = head;
  }

  #end(head: SlicedBundle): Bundle {
    const whole = { ...head, q: this.#block };
    this.clear();
    if (this.#options.isRelay && head.h?.length === 4) return whole;
    try {
      return openBody(whole);
    } catch (error) {
      throw brokenFrame('s', `slices of a bundle, but ${(error as Error).message}`);
    }
  }

  /** Nothing more comes of what has begun. */
  clear(): void {
    this.#head = undefined;
    this.#block = NOTHING;
    this.bytes = 0;
  }
}

const NOTHING = Buffer.alloc(0);
