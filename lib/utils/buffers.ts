// Reusable memory for bundles that are written to or read from a connection. Allocating it for each bundle would cause
// constant garbage collection.

/** Smaller buffers are cheap to allocate and are not reused. */
const LEAST_BYTES = 64 * 1024;

/** Larger buffers are not kept. */
const MOST_BYTES = 2 * 1024 * 1024;

/** One for writing and one for reading. */
const MOST_ROOMS = 2;

/** The unused buffers of this process. */
const free: Buffer[] = [];

/**
 * The buffers in use. Other memory is never reused here, because it has another owner, such as the pool of
 * `Buffer.allocUnsafe`.
 */
const taken = new WeakSet<ArrayBufferLike>();

/** Returns a buffer of at least `size` bytes. Pass it to `releaseBuffer` when it is no longer used. */
export function acquireBuffer(size: number): Buffer {
  if (size < LEAST_BYTES) return Buffer.allocUnsafe(size);
  const index = free.findIndex(({ length }) => length >= size);
  const room = index < 0 ? Buffer.allocUnsafeSlow(size) : free.splice(index, 1)[0]!;
  taken.add(room.buffer);
  return room;
}

/** Makes the memory of these bytes reusable; nothing may read it any more. Memory that was not acquired here is ignored. */
export function releaseBuffer({ buffer }: Uint8Array): void {
  if (!taken.delete(buffer) || buffer.byteLength > MOST_BYTES) return;
  if (free.length === MOST_ROOMS) free.splice(free[0]!.length < free[1]!.length ? 0 : 1, 1);
  free.push(Buffer.from(buffer));
}
