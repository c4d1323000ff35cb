// Bytes to strings of one byte a character, and strings to UTF-8, in the ways that are fastest for long ones.

/** From this length on Node makes a string outside of V8's heap (EXTERN_APEX in its src/string_bytes.cc). */
const OUTSIDE = 0xfbee9;

/** From this length on it pays to make a longer one there and to cut it. Measured on Node 20. */
const WORTH_CUTTING = 256 * 1024;

/** What {@link writeUtf8} needs behind the text that it writes. */
export const SLACK = 4;

/** Made once it is needed, and then kept. */
let scratch: Buffer | undefined;

/**
 * Reads Latin-1, of which ASCII is a part.
 *
 * V8 makes a string of more than 128 KiB in pages that are new to the process, which takes longer than to copy it; outside
 * of its heap `malloc` gives the same memory again. What is cut from a longer string keeps that one, about 1 MiB, alive.
 */
export function readLatin1(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length < WORTH_CUTTING || length >= OUTSIDE) return bytes.toString('latin1', start, end);
  scratch ??= Buffer.alloc(OUTSIDE);
  bytes.copy(scratch, 0, start, end);
  return scratch.toString('latin1').slice(0, length);
}

/**
 * Writes a text that is thought to have `length` bytes in UTF-8; there must be {@link SLACK} bytes more behind `at`.
 *
 * @returns whether it has; else what was written is of no use. So nobody has to measure a text that is ASCII.
 */
export function writeUtf8(bytes: Buffer, text: string, at: number, length: number): boolean {
  return bytes.write(text, at, length + SLACK, 'utf8') === length;
}
