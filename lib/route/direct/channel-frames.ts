// What a shared connection carries: frames, each of one channel. Little-endian.
//
//   u32 channel, u24 bytes of data, u8 what it is; then the data
//
//   DATA    bytes of a channel, at most MOST_DATA of them. The first frame with a new number opens the channel
//   END     nothing more follows; the other end says what it has to say, then END too
//   CLOSE   nothing more follows, and nothing more is read

import { brokenFrame } from '../../errors/errors.js';
import { HEAD_BYTES } from '../../transport/direct.js';

export const FrameKind = { DATA: 0, END: 1, CLOSE: 2 } as const;

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** The same as what each write leaves free for it. */
export const HEADER_BYTES = HEAD_BYTES;

/** Data of one frame. Nothing of it is kept until it is complete, so that it needs no room. */
export const MOST_DATA = 2 ** 24 - 1;

/** Who hears what was read. */
export interface FrameHandlers {
  /** A part of a frame, cut anywhere: nothing is kept until the frame is complete. */
  data(channel: number, bytes: Uint8Array): void;
  /** An END or a CLOSE. */
  over(channel: number, kind: typeof FrameKind.END | typeof FrameKind.CLOSE): void;
}

/** Writes a header at the beginning of `bytes`. */
export function writeHeader(bytes: Buffer, channel: number, kind: FrameKind, length: number): Buffer {
  bytes.writeUInt32LE(channel, 0);
  bytes.writeUInt32LE(length + kind * 2 ** 24, 4);
  return bytes;
}

export const encodeHeader = (channel: number, kind: FrameKind, length = 0): Buffer =>
  writeHeader(Buffer.allocUnsafe(HEADER_BYTES), channel, kind, length);

export class FrameReader {
  /** A header that came in part. */
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #filled = 0;
  #channel = 0;
  /** Bytes of the frame that haven't come. */
  #missing = 0;
  #isStopped = false;

  constructor(private readonly handlers: FrameHandlers) {}

  /** Nothing more is read, not even of what was pushed. */
  stop(): void {
    this.#isStopped = true;
  }

  /** @throws SharedClientError where it isn't what we write: the rest can't be made sense of */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#isStopped)
      at = this.#missing > 0 ? this.#pass(chunk, at) : this.#head(chunk, at);
  }

  /** @returns where the rest begins */
  #pass(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#missing);
    this.#missing -= end - at;
    this.handlers.data(this.#channel, at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    return end;
  }

  /** @returns where the rest begins */
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
