// Memory for bundles on their way through a connection, used again and again: allocated anew for each of them it would
// keep the garbage collector busy with little else.

/** What is smaller is quickly made. */
const LEAST_BYTES = 64 * 1024;

/** What is larger isn't kept. */
const MOST_BYTES = 2 * 1024 * 1024;

/** One for what is written and one for what is read. */
const MOST_ROOMS = 2;

/** Those of the whole process that nobody uses. */
const free: Buffer[] = [];

/** Those that somebody uses. All other memory belongs to somebody else, `Buffer.allocUnsafe`'s own pool above all. */
const taken = new WeakSet<ArrayBufferLike>();

/** At least `size` bytes, which may be given back. */
export function acquireBuffer(size: number): Buffer {
  if (size < LEAST_BYTES) return Buffer.allocUnsafe(size);
  const index = free.findIndex(({ length }) => length >= size);
  const room = index < 0 ? Buffer.allocUnsafeSlow(size) : free.splice(index, 1)[0]!;
  taken.add(room.buffer);
  return room;
}

/** Nobody looks at the memory behind these bytes any more. What wasn't taken here is left alone. */
export function releaseBuffer({ buffer }: Uint8Array): void {
  if (!taken.delete(buffer) || buffer.byteLength > MOST_BYTES) return;
  if (free.length === MOST_ROOMS) free.splice(free[0]!.length < free[1]!.length ? 0 : 1, 1);
  free.push(Buffer.from(buffer));
}
