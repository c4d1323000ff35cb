// Encodes the head of a bundle as bytes. V8 takes ten times as long to serialize the list of numbers.
//
//   frame: u32 kind, u48 id, u32 characters, u32 parts; little-endian

export const FRAME_BYTES = 4 + 6 + 4 + 4;

/** Writes the head and returns the end offset. The bytes must have enough space. */
export function writeHead(head: readonly number[], bytes: Uint8Array, start: number): number {
  let at = start;
  for (let i = 0; i < head.length; i += 4) {
    const id = head[i + 1]!;
    at = writeUInt32(bytes, head[i]!, at);
    at = writeUInt32(bytes, id % 2 ** 32, at);
    // 48 bits: no process counts further.
    const high = Math.floor(id / 2 ** 32);
    bytes[at++] = high;
    bytes[at++] = high >>> 8;
    at = writeUInt32(bytes, head[i + 2]!, at);
    at = writeUInt32(bytes, head[i + 3]!, at);
  }
  return at;
}

/** Reads the head of this many frames. The bytes must be long enough. */
export function readHead(bytes: Uint8Array, start: number, frames: number): number[] {
  const head: number[] = [];
  for (let i = 0, at = start; i < frames; i++, at += FRAME_BYTES) {
    const high = bytes[at + 8]! + bytes[at + 9]! * 256;
    const id = readUInt32(bytes, at + 4) + high * 2 ** 32;
    head.push(readUInt32(bytes, at), id, readUInt32(bytes, at + 10), readUInt32(bytes, at + 14));
  }
  return head;
}

export function headToBytes(head: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe((head.length / 4) * FRAME_BYTES);
  writeHead(head, bytes, 0);
  return bytes;
}

/** @returns `undefined` if the bytes are not a head */
export function headOfBytes(bytes: Uint8Array): number[] | undefined {
  return bytes.length % FRAME_BYTES === 0 ? readHead(bytes, 0, bytes.length / FRAME_BYTES) : undefined;
}

export function writeUInt32(bytes: Uint8Array, value: number, at: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

const readUInt32 = (bytes: Uint8Array, at: number): number =>
  bytes[at]! + bytes[at + 1]! * 2 ** 8 + bytes[at + 2]! * 2 ** 16 + bytes[at + 3]! * 2 ** 24;
