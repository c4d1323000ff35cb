// The messages between the two ends of a stream over an engine. Numbers are big-endian:
//
//   0   u8    version
//   1   u8    type
//   2   u32   number of this `data` or `end` among those of its direction, from 0
//   6   f64   grant: how many bytes the receiver of this message may send, counted from the start of the connection
//   14  u8    length of the address
//   15  text  address of the sender: <place>.<connection>
//   …   body  of `open` the StreamPeer as JSON, of `data` the bytes, of `reset` a short reason as text
//
// A `data` without bytes carries a grant only. A `reset` has the same type in every version and is never answered, so two
// versions do not answer each other forever.

import { isRecord } from '../utils/is-record.js';

const VERSION = 1;

/** Types of messages. */
export const OPEN = 1;
export const DATA = 2;
export const END = 3;
export const RESET = 4;
/** Not a type: read for those that are not known here. */
export const UNKNOWN = 0;

/** Bytes before the address. */
const FIXED_BYTES = 15;
/** The longest head. */
export const MOST_HEAD_BYTES = FIXED_BYTES + 255;
/** A longer reason is cut. */
const MOST_REASON_BYTES = 200;

/** Who connects. */
export interface StreamPeer {
  /** Identifies the process. */
  readonly process: string;
  /** The id of the host, and the term in which the process leads the group of its host. */
  readonly host: string;
  readonly hostTerm: number;
  /** The number of the member. */
  readonly member: number;
}

export interface StreamMessage {
  readonly type: number;
  readonly number: number;
  readonly grant: number;
  readonly from: string;
  /** A part of the received memory. */
  readonly body: Buffer;
}

/** Bytes before the body. */
export const headBytes = (from: string): number => FIXED_BYTES + from.length;

/** Writes what comes before the body. @returns its length */
export function writeHead(room: Buffer, { type, number, grant, from }: Omit<StreamMessage, 'body'>): number {
  room.writeUInt8(VERSION, 0);
  room.writeUInt8(type, 1);
  room.writeUInt32BE(number, 2);
  room.writeDoubleBE(grant, 6);
  room.writeUInt8(from.length, 14);
  room.write(from, FIXED_BYTES, 'latin1');
  return headBytes(from);
}

/** @returns `undefined` if it cannot even be answered */
export function readMessage(content: Uint8Array): StreamMessage | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.length < FIXED_BYTES) return undefined;
  const end = FIXED_BYTES + bytes[14]!;
  const from = bytes.toString('latin1', FIXED_BYTES, end);
  if (bytes.length < end || !isAddress(from)) return undefined;
  const type = bytes[1]!;
  return {
    type: bytes[0] === VERSION || type === RESET ? type : UNKNOWN,
    number: bytes.readUInt32BE(2),
    grant: Math.floor(bytes.readDoubleBE(6)) || 0,
    from,
    body: bytes.subarray(end),
  };
}

/** Whether it is `<place>.<id>`. Engines give a meaning to other characters. An address fits into a head. */
export const isAddress = (text: string): boolean => /^[\w-]{1,64}\.[\w-]{1,64}$/.test(text);

export const readReason = (body: Buffer): string => body.toString('utf8', 0, MOST_REASON_BYTES);

/** Reads the body of `open`. @returns `undefined` if it is malformed */
export function readPeer(body: Buffer): StreamPeer | undefined {
  const value = parseJson(body.toString());
  if (!isRecord(value)) return undefined;
  const { process, host, hostTerm, member } = value;
  if (typeof process !== 'string' || typeof host !== 'string' || !isInteger(hostTerm) || !isInteger(member))
    return undefined;
  return { process, host, hostTerm, member };
}

const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
