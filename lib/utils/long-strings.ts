// Fast conversions for long strings: from Latin-1 bytes, and to UTF-8.

/** From this length on, Node creates a string outside V8's heap (EXTERN_APEX in its src/string_bytes.cc). */
const OUTSIDE = 0xfbee9;

/** From this length on, it is faster to create a longer string there and to cut it. Measured on Node 20. */
const WORTH_CUTTING = 256 * 1024;

/** The number of bytes that {@link writeUtf8} needs after the text. */
export const SLACK = 4;

/** Created when it is first needed, then kept. */
let scratch: Buffer | undefined;

/**
 * Reads Latin-1, which includes ASCII.
 *
 * V8 creates a string of more than 128 KiB in new memory pages, which takes longer than copying it. Outside V8's heap,
 * `malloc` reuses the same memory. A string that was cut from a longer one keeps that one, about 1 MiB, in memory.
 */
export function readLatin1(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length < WORTH_CUTTING || length >= OUTSIDE) return bytes.toString('latin1', start, end);
  scratch ??= Buffer.alloc(OUTSIDE);
  bytes.copy(scratch, 0, start, end);
  return scratch.toString('latin1').slice(0, length);
}

/**
 * Writes a text that is assumed to have `length` bytes in UTF-8. The buffer must have {@link SLACK} more bytes after it.
 *
 * @returns whether it has that length; otherwise the output is unusable. So ASCII texts need not be measured first
 */
export function writeUtf8(bytes: Buffer, text: string, at: number, length: number): boolean {
  return bytes.write(text, at, length + SLACK, 'utf8') === length;
}
