// The binary format of the direct route: written here, read in wire-reader.ts.
//
//   message   u32 bytes that follow | u8 type | ...
//   HELLO, CHALLENGE, PROOF, WELCOME   a JSON object; see handshake.ts
//   CLOCK     a JSON object: asks for a reading of the clock, or answers
//   GONE      a JSON object, instead of WELCOME: the stream is over
//   ACK       f64 number of the last received bundle;   FINAL: the same, and no more bundles are accepted
//   BUNDLE    f64 number | f64 as ACK | u8 text is ASCII | u32 frames | u32 bytes of text | u32 parts
//             u32 bytes of the call headers
//             the head, as in protocol/head.ts;   per part: u8 type, u32 bytes
//             the call headers, as JSON; the text; then the parts, large ones last

import type { BundleBuilder } from '../../protocol/frames.js';
import { FRAME_BYTES, writeHead, writeUInt32 } from '../../protocol/head.js';
import type { Part } from '../../protocol/payload.js';
import { HEAD_BYTES } from '../../transport/direct.js';
import { SLACK, writeUtf8 } from '../../utils/long-strings.js';

export const What = {
  HELLO: 1,
  WELCOME: 2,
  ACK: 3,
  FINAL: 4,
  BUNDLE: 5,
  CHALLENGE: 6,
  PROOF: 7,
  CLOCK: 8,
  GONE: 9,
} as const;

export const PartKind = { BYTES: 0, ASCII: 1, UTF8: 2, LARGE_BYTES: 4 } as const;

export const LENGTH_BYTES = 4;
export const BUNDLE_BYTES = LENGTH_BYTES + 1 + 8 + 8 + 1 + 4 + 4 + 4 + 4;
export const PART_BYTES = 1 + 4;

/** Copying more bytes than this costs more than writing them separately. */
const LARGE = 16 * 1024;

/** The follower's first message. */
export interface DirectHello {
  readonly group: string;
  readonly term: number;
  /** Random, so that a proof from another handshake does not fit. */
  readonly nonce: string;
  /** The follower's worker id. */
  readonly from: number;
  /** The stream that starts or continues; unique in its process. */
  readonly stream: number;
  /** The stream continues. */
  readonly goesOn: boolean;
  /** The number of the last bundle received on it. */
  readonly received: number;
  /** This member never uses the relay, so there is nothing to wait for. */
  readonly hasNoRelay: boolean;
}

/** The leader's answer, if it leads the term in the hello. */
export interface Challenge {
  readonly nonce: string;
  readonly proof: string;
}

/** The follower's answer, if the leader's proof is valid. */
export interface Proof {
  readonly proof: string;
  /** The follower's clock, if it is on another machine. */
  readonly now?: number;
}

export interface ClockReading {
  /** Absent in the question. */
  readonly now?: number;
}

/** The leader's answer to a valid proof: data may follow. */
export interface DirectWelcome {
  readonly received: number;
}

/** The handshake messages, sent before any data. */
interface HandshakeFields {
  readonly [What.HELLO]: DirectHello;
  readonly [What.CHALLENGE]: Challenge;
  readonly [What.PROOF]: Proof;
  readonly [What.WELCOME]: DirectWelcome;
  readonly [What.CLOCK]: ClockReading;
  readonly [What.GONE]: object;
}

export function encodeHandshake<What extends keyof HandshakeFields>(
  what: What,
  fields: HandshakeFields[What],
): Uint8Array {
  const text = Buffer.from(JSON.stringify(fields));
  const bytes = behindHead(Buffer.allocUnsafe, LENGTH_BYTES + 1 + text.length);
  bytes.writeUInt32LE(1 + text.length, 0);
  bytes[LENGTH_BYTES] = what;
  bytes.set(text, LENGTH_BYTES + 1);
  return bytes;
}

export function encodeAck(received: number, what: typeof What.ACK | typeof What.FINAL = What.ACK): Uint8Array {
  const bytes = behindHead(Buffer.allocUnsafe, LENGTH_BYTES + 1 + 8);
  bytes.writeUInt32LE(1 + 8, 0);
  bytes[LENGTH_BYTES] = what;
  bytes.writeDoubleLE(received, LENGTH_BYTES + 1);
  return bytes;
}

/**
 * Encodes a bundle with its number. The chunks must be written in this order.
 *
 * @param room allocates the memory, except for large parts
 */
export function encodeBundle(
  bundle: BundleBuilder,
  received: number,
  room: (size: number) => Buffer = Buffer.allocUnsafe,
): Uint8Array[] {
  const { texts, parts = NONE } = bundle;
  // The brackets are implied.
  const text = texts.length === 1 ? texts[0]! : texts.join(',');
  const callHeaders = bundle.callHeaders ? JSON.stringify(bundle.callHeaders) : '';
  // Most texts are ASCII, and writing one shows whether it is. Measuring it first would cost more.
  return (
    encodeMeasured(bundle, received, room, callHeaders, text, text.length, parts.map(lengthOf)) ??
    encodeMeasured(bundle, received, room, callHeaders, text, Buffer.byteLength(text), parts.map(byteLengthOf))!
  );
}

const behindHead = (room: (size: number) => Buffer, size: number): Buffer =>
  room(HEAD_BYTES + size).subarray(HEAD_BYTES);

const lengthOf = (part: Part): number => part.length;
const byteLengthOf = (part: Part): number => (typeof part === 'string' ? Buffer.byteLength(part) : part.length);

/** @returns `undefined` if a text does not have the given length */
function encodeMeasured(
  { number, head, texts, parts = NONE }: BundleBuilder,
  received: number,
  room: (size: number) => Buffer,
  callHeaders: string,
  text: string,
  textBytes: number,
  lengths: readonly number[],
): Uint8Array[] | undefined {
  const large = parts.filter(isLarge);
  const largeBytes = large.reduce((sum, { length }) => sum + length, 0);
  const aboutBytes = Buffer.byteLength(callHeaders);
  const headBytes = BUNDLE_BYTES + texts.length * FRAME_BYTES + parts.length * PART_BYTES + aboutBytes;
  const size = lengths.reduce((sum, length) => sum + length, headBytes + textBytes - largeBytes);
  const bytes = behindHead(room, size + SLACK);
  bytes.writeUInt32LE(size + largeBytes - LENGTH_BYTES, 0);
  bytes[4] = What.BUNDLE;
  bytes.writeDoubleLE(number!, 5);
  bytes.writeDoubleLE(received, 13);
  bytes[21] = textBytes === text.length ? 1 : 0;
  bytes.writeUInt32LE(texts.length, 22);
  bytes.writeUInt32LE(textBytes, 26);
  bytes.writeUInt32LE(parts.length, 30);
  bytes.writeUInt32LE(aboutBytes, 34);
  let at = writeHead(head, bytes, BUNDLE_BYTES);
  for (let i = 0; i < parts.length; i++) {
    bytes[at] = kindOf(parts[i]!, lengths[i]!);
    at = writeUInt32(bytes, lengths[i]!, at + 1);
  }
  at += bytes.write(callHeaders, at);
  if (!writeUtf8(bytes, text, at, textBytes)) return undefined;
  at += textBytes;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (isLarge(part)) continue;
    if (typeof part !== 'string') bytes.set(part, at);
    else if (!writeUtf8(bytes, part, at, lengths[i]!)) return undefined;
    at += lengths[i]!;
  }
  return [bytes.subarray(0, size), ...large];
}

const isLarge = (part: Part): part is Uint8Array => typeof part !== 'string' && part.length > LARGE;

const NONE: readonly never[] = [];

function kindOf(part: Part, length: number): number {
  if (typeof part === 'string') return length === part.length ? PartKind.ASCII : PartKind.UTF8;
  return isLarge(part) ? PartKind.LARGE_BYTES : PartKind.BYTES;
}
