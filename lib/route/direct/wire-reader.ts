// Parses the bytes of a connection, which arrive in arbitrary chunks, into the messages that the peer wrote.

import { brokenFrame } from '../../errors/value-errors.js';
import { ABOUT, type Abouts, type Bundle } from '../../protocol/bundle.js';
import { FRAME_BYTES, readHead } from '../../protocol/head.js';
import { areAbouts } from '../../protocol/parse.js';
import type { Part } from '../../protocol/payload.js';
import { acquireBuffer, releaseBuffer } from '../../utils/buffers.js';
import { readLatin1 } from '../../utils/long-strings.js';
import { BUNDLE_BYTES, LENGTH_BYTES, PART_BYTES, PartKind, What } from './wire.js';

/** A parsed bundle, without the fields that the connection itself implies. */
export type ReadBundle = Pick<Bundle, 'h' | 'x' | 'm' | 'p'>;

/** Receives the parsed messages. */
export interface WireHandlers {
  /** A handshake message, `CLOCK` or `GONE`, unchecked. */
  fields(what: number, fields: unknown): void;
  ack(received: number): void;
  /** The peer accepts nothing more. */
  final(received: number): void;
  bundle(number: number, received: number, bundle: ReadBundle): void;
}

/** Limit before the peer has proved its identity. Group names have at most 512 characters. */
const MOST_AT_FIRST = 8 * 1024;

/** The largest buffer size that every Node version supports. */
const MOST_BYTES = 2 ** 31 - 1;

export class WireReader {
  /** An incomplete message: a buffer for all of it, once its length is known. */
  #partial: Buffer | undefined;
  #filled = 0;
  #most = MOST_AT_FIRST;
  #isTrusted = false;
  #isStopped = false;

  constructor(private readonly handlers: WireHandlers) {}

  /** The peer has proved its identity: data is accepted from now on. */
  trust(): void {
    this.#isTrusted = true;
    this.#most = MOST_BYTES;
  }

  /** Stops reading, even within the current chunk. */
  stop(): void {
    this.#isStopped = true;
  }

  /** @throws SharedClientError if the bytes are not valid messages; the rest is then unreadable */
  push(chunk: Uint8Array): void {
    let bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#partial) bytes = this.#fill(this.#partial, bytes);
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES && !this.#isStopped) {
      const size = this.#sizeAt(bytes, at);
      if (bytes.length - at < size) break;
      this.#read(size === bytes.length ? bytes : bytes.subarray(at, at + size), false);
      at += size;
    }
    if (at < bytes.length && !this.#isStopped) this.#keep(bytes.subarray(at));
  }

  /** @returns the unread rest of `bytes`, or, while the length was incomplete, the partial message and `bytes` joined */
  #fill(partial: Buffer, bytes: Buffer): Buffer {
    if (this.#filled < LENGTH_BYTES) {
      const all = Buffer.concat([partial.subarray(0, this.#filled), bytes]);
      this.#partial = undefined;
      return all;
    }
    const count = Math.min(partial.length - this.#filled, bytes.length);
    bytes.copy(partial, this.#filled, 0, count);
    this.#filled += count;
    if (this.#filled < partial.length) return NOTHING;
    this.#partial = undefined;
    this.#read(partial, true);
    if (isKeptByNobody(partial)) releaseBuffer(partial);
    return bytes.subarray(count);
  }

  #keep(bytes: Buffer): void {
    if (bytes.length < LENGTH_BYTES) this.#partial = Buffer.from(bytes);
    else {
      const size = this.#sizeAt(bytes, 0);
      // Its parts may become views of this memory, so that large ones need not be copied again.
      this.#partial = isKeptByNobody(bytes) ? acquireBuffer(size).subarray(0, size) : Buffer.allocUnsafeSlow(size);
      bytes.copy(this.#partial);
    }
    this.#filled = bytes.length;
  }

  #sizeAt(bytes: Buffer, at: number): number {
    const size = bytes.readUInt32LE(at) + LENGTH_BYTES;
    if (size <= LENGTH_BYTES || size > this.#most) throw brokenFrame('a length', `at most ${this.#most}`);
    return size;
  }

  /** @param isOurs whether the memory belongs to this message alone */
  #read(message: Buffer, isOurs: boolean): void {
    const what = message[LENGTH_BYTES];
    switch (what) {
      case What.HELLO:
      case What.CHALLENGE:
      case What.PROOF:
      case What.WELCOME:
        return this.handlers.fields(what, readJson(message, 'a hello', LENGTH_BYTES + 1));
    }
    // No other message is parsed before the peer is trusted.
    if (!this.#isTrusted) throw brokenFrame('a message', 'one that shows who sends it');
    switch (what) {
      case What.CLOCK:
      case What.GONE:
        return this.handlers.fields(what, readJson(message, 'a reading', LENGTH_BYTES + 1));
      case What.ACK:
        return this.handlers.ack(readNumber(message, LENGTH_BYTES + 1));
      case What.FINAL:
        return this.handlers.final(readNumber(message, LENGTH_BYTES + 1));
      case What.BUNDLE:
        if (message.length < BUNDLE_BYTES) throw brokenFrame('a bundle', 'complete');
        return this.handlers.bundle(readNumber(message, 5), readNumber(message, 13), readBundle(message, isOurs));
      default:
        throw brokenFrame('a message', 'one that is known');
    }
  }
}

const NOTHING = Buffer.alloc(0);

/** Whether all parts of a bundle will be copied out of it, judging by its header. */
function isKeptByNobody(bytes: Buffer): boolean {
  if (bytes[LENGTH_BYTES] !== What.BUNDLE || bytes.length < BUNDLE_BYTES) return false;
  const start = BUNDLE_BYTES + bytes.readUInt32LE(22) * FRAME_BYTES;
  const end = start + bytes.readUInt32LE(30) * PART_BYTES;
  if (end > bytes.length) return false;
  for (let at = start; at < end; at += PART_BYTES) {
    const isString = bytes[at] === PartKind.ASCII || bytes[at] === PartKind.UTF8;
    if (!isString && !isCopied(bytes[at]!, bytes.readUInt32LE(at + 1))) return false;
  }
  return true;
}

/** Bytes of at least this length that are not large are copied out of the message, so its memory can be reused. */
const WORTH_COPYING = 4096;

const isCopied = (kind: number, length: number): boolean => kind === PartKind.BYTES && length >= WORTH_COPYING;

function readJson(message: Buffer, what: string, start: number, end?: number): unknown {
  try {
    return JSON.parse(message.toString('utf8', start, end));
  } catch {
    // V8's own error text would contain the input, possibly a secret.
    throw brokenFrame(what, 'JSON');
  }
}

function readNumber(message: Buffer, at: number): number {
  const number = message.length < at + 8 ? Number.NaN : message.readDoubleLE(at);
  if (!Number.isSafeInteger(number) || number < 0) throw brokenFrame('a number', 'a whole number');
  return number;
}

function readBundle(message: Buffer, isOurs: boolean): ReadBundle {
  const frames = message.readUInt32LE(22);
  const textBytes = message.readUInt32LE(26);
  const partCount = message.readUInt32LE(30);
  const aboutBytes = message.readUInt32LE(34);
  const partsAt = BUNDLE_BYTES + frames * FRAME_BYTES;
  const callHeadersAt = partsAt + partCount * PART_BYTES;
  const textAt = callHeadersAt + aboutBytes;
  const textEnd = textAt + textBytes;
  if (frames === 0 || textEnd > message.length) throw brokenFrame('a bundle', 'as long as it says');
  const text = message[21] === 1 ? readLatin1(message, textAt, textEnd) : message.toString('utf8', textAt, textEnd);
  const m = aboutBytes > 0 ? readAbouts(message, callHeadersAt, textAt) : undefined;
  const h = readHead(message, BUNDLE_BYTES, frames);
  checkHead(h, text.length, partCount, m ? m.length / 2 : 0);
  const x = `[${text}]`;
  if (partCount > 0) return { h, x, ...(m && { m }), p: readParts(message, partCount, partsAt, textEnd, isOurs) };
  if (textEnd !== message.length) throw brokenFrame('a bundle', 'as long as it says');
  return m ? { h, x, m } : { h, x };
}

function readAbouts(message: Buffer, start: number, end: number): Abouts {
  const m = readJson(message, 'what calls are about', start, end);
  if (!areAbouts(m)) throw brokenFrame('what calls are about', 'names and deadlines in turn');
  return m as Abouts;
}

/** The code that cuts bundles relies on a head that accounts for each character and each part. */
function checkHead(h: readonly number[], characters: number, parts: number, callHeaders: number): void {
  let charactersInHead = -1;
  let partsInHead = 0;
  for (let i = 0; i < h.length; i += 4) {
    if (h[i]! >= ABOUT * (callHeaders + 1)) throw brokenFrame('a bundle', 'as its head says');
    charactersInHead += h[i + 2]! + 1;
    partsInHead += h[i + 3]!;
  }
  if (charactersInHead !== characters || partsInHead !== parts) throw brokenFrame('a bundle', 'as its head says');
}

function readParts(message: Buffer, count: number, partsAt: number, textEnd: number, isOurs: boolean): Part[] {
  const parts: Part[] = new Array(count);
  const large: number[] = [];
  let at = textEnd;
  for (let i = 0; i < count; i++) {
    const kind = message[partsAt + i * PART_BYTES]!;
    if (kind === PartKind.LARGE_BYTES) {
      large.push(i);
      continue;
    }
    const end = at + message.readUInt32LE(partsAt + i * PART_BYTES + 1);
    parts[i] = readPart(message, kind, at, end, isOurs);
    at = end;
  }
  for (const i of large) {
    const end = at + message.readUInt32LE(partsAt + i * PART_BYTES + 1);
    parts[i] = isOurs ? message.subarray(at, end) : copyOf(message, at, end);
    at = end;
  }
  if (at !== message.length) throw brokenFrame('a bundle', 'as long as it says');
  return parts;
}

function readPart(message: Buffer, kind: number, start: number, end: number, isOurs: boolean): Part {
  if (end > message.length) throw brokenFrame('a bundle', 'as long as it says');
  if (kind === PartKind.ASCII) return readLatin1(message, start, end);
  if (kind === PartKind.UTF8) return message.toString('utf8', start, end);
  if (isOurs && !isCopied(kind, end - start)) return message.subarray(start, end);
  return copyOf(message, start, end);
}

/** Longer copies get memory of their own, which the codec passes to the user without another copy. */
function copyOf(message: Buffer, start: number, end: number): Buffer {
  const copy = end - start < WORTH_COPYING ? Buffer.allocUnsafe(end - start) : Buffer.allocUnsafeSlow(end - start);
  message.copy(copy, 0, start, end);
  return copy;
}
