// Framing of a shared connection. Each frame belongs to one channel. Little-endian.
//
//   u32 channel, u24 bytes of data, u8 kind; then the data
//
//   DATA    bytes of a channel, at most MOST_DATA of them. The first frame with a new number opens the channel
//   END     the sender sends nothing more; the other end sends its remaining data, then END too
//   CLOSE   the sender sends nothing more and reads nothing more

import { brokenFrame } from '../../errors/value-errors.js';
import { HEAD_BYTES } from '../../transport/direct.js';

export const FrameKind = { DATA: 0, END: 1, CLOSE: 2 } as const;

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** Every write leaves this many bytes free for the header. */
export const HEADER_BYTES = HEAD_BYTES;

/** Maximum data of one frame. Frames are not buffered, so a large maximum needs no memory. */
export const MOST_DATA = 2 ** 24 - 1;

/** Receives what the reader has read. */
export interface FrameHandlers {
  /** Part of a frame's data, split anywhere. */
  data(channel: number, bytes: Uint8Array): void;
  /** The channel sent END or CLOSE. */
  over(channel: number, kind: typeof FrameKind.END | typeof FrameKind.CLOSE): void;
}

export function writeHeader(bytes: Buffer, channel: number, kind: FrameKind, length: number): Buffer {
  bytes.writeUInt32LE(channel, 0);
  bytes.writeUInt32LE(length + kind * 2 ** 24, 4);
  return bytes;
}

export const encodeHeader = (channel: number, kind: FrameKind, length = 0): Buffer =>
  writeHeader(Buffer.allocUnsafe(HEADER_BYTES), channel, kind, length);

export class FrameReader {
  /** An incomplete header. */
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #filled = 0;
  #channel = 0;
  /** Bytes of the current frame that have not arrived. */
  #missing = 0;
  #isStopped = false;

  constructor(private readonly handlers: FrameHandlers) {}

  /** Stops reading, even within the current chunk. */
  stop(): void {
    this.#isStopped = true;
  }

  /** @throws SharedClientError if the bytes are not valid frames; the rest is then unreadable */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#isStopped)
      at = this.#missing > 0 ? this.#pass(chunk, at) : this.#head(chunk, at);
  }

  /** @returns the offset of the rest */
  #pass(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#missing);
    this.#missing -= end - at;
    this.handlers.data(this.#channel, at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    return end;
  }

  /** @returns the offset of the rest */
  #head(chunk: Uint8Array, at: number): number {
    if (this.#filled === 0 && chunk.length - at >= HEADER_BYTES) {
      this.#begin(chunk, at);
      return at + HEADER_BYTES;
    }
    const end = Math.min(chunk.length, at + HEADER_BYTES - this.#filled);
    this.#header.set(chunk.subarray(at, end), this.#filled);
    this.#filled += end - at;
    if (this.#filled === HEADER_BYTES) this.#begin(this.#header, 0);
    return end;
  }

  #begin(header: Uint8Array, at: number): void {
    this.#filled = 0;
    const channel = header[at]! + header[at + 1]! * 2 ** 8 + header[at + 2]! * 2 ** 16 + header[at + 3]! * 2 ** 24;
    const length = header[at + 4]! + header[at + 5]! * 2 ** 8 + header[at + 6]! * 2 ** 16;
    const kind = header[at + 7];
    if (kind === FrameKind.DATA) {
      if (length === 0 || length > MOST_DATA) throw brokenFrame('the length of a frame', `1 to ${MOST_DATA}`);
      this.#channel = channel;
      this.#missing = length;
    } else if ((kind === FrameKind.END || kind === FrameKind.CLOSE) && length === 0) {
      this.handlers.over(channel, kind);
    } else {
      throw brokenFrame('a frame', 'one that is known');
    }
  }
}
