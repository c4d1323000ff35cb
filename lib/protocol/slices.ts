// A bundle that is too large for one message is sent in slices, so that control frames can be sent in between. The primary
// forwards the bytes without decoding them.

import { brokenFrame } from '../errors/value-errors.js';
import { bytesOfBody, openBody, toBody } from './body.js';
import type { Bundle, SlicedBundle } from './bundle.js';
import type { Slice } from './messages.js';
import { view } from './pack-parts.js';

export const SLICE_BYTES = 512 * 1024;

/**
 * A longer sequence of slices cannot be a valid bundle: each character of the longest value (`MAX_VALUE` of the codec) takes
 * at most three bytes here.
 */
export const MOST_SLICED_BYTES = 1024 * 1024 * 1024;

/** Cuts a bundle into slices. */
export class SliceWriter {
  /** Sent with the first slice, then `undefined`. */
  #head: SlicedBundle | undefined;
  readonly #pieces: readonly Uint8Array[];
  /** Position of the next slice: index of the piece, and offset in it. */
  #index = 0;
  #at = 0;
  bytesLeft: number;

  /** @param carriesBytes whether the channel carries binary data, or only JSON */
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

  /** At most one slice. Copies only if it spans several pieces. */
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
  /**
   * Whether bundles are forwarded. A bundle with one frame, which is the usual case for a large value, is then not decoded.
   */
  readonly isRelay?: boolean;
  /** Maximum bytes of one bundle. */
  readonly mostBytes?: number;
}

/** Assembles the bundles whose slices arrive over one channel. */
export class SliceReader {
  readonly #options: SliceReaderOptions;
  #head: SlicedBundle | undefined;
  #block = NOTHING;
  /** Bytes received of the incomplete bundle. */
  bytes = 0;

  constructor(options: SliceReaderOptions = {}) {
    this.#options = options;
  }

  /**
   * @returns the unchecked bundle with the last slice, otherwise `undefined`
   * @throws SharedClientError `ERR_PROTOCOL` if the slices do not match; they are discarded
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
    // Real memory use grows with the slices: the kernel assigns pages when they are first written.
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

  /** Discards an incomplete bundle. */
  clear(): void {
    this.#head = undefined;
    this.#block = NOTHING;
    this.bytes = 0;
  }
}

const NOTHING = Buffer.alloc(0);
