// How much of a stream may be on its way or wait for its reader. Both ends count the same: the sender stops at the limit, and
// the reader reports what was taken before that limit can be reached.

/** Items that may wait, unless `with({ maxQueued })` sets another number. */
export const DEFAULT_WINDOW = 16;

/** Characters and bytes of items that may wait in one stream. One item may have any size. */
export const MOST_ITEM_BYTES = 1024 * 1024;

/** What all the streams that a process sends share. It is below what may wait for one process, `maxQueuedBytes`. */
const MOST_BYTES_IN_ALL = 16 * 1024 * 1024;

/** What each stream may have however many there are. */
const LEAST_ITEM_BYTES = 32 * 1024;

/** What a reader that waits for an item reports at once: the sender may be waiting too. */
export const REPORTED_AT_ONCE = LEAST_ITEM_BYTES / 2;

/** Characters and bytes of items that may wait in each of so many streams. */
export function shareOf(streams: number): number {
  return Math.min(MOST_ITEM_BYTES, Math.max(LEAST_ITEM_BYTES, MOST_BYTES_IN_ALL / streams));
}

/** What an item takes beside its content. */
const ITEM_OVERHEAD = 64;

/** The size of an item, with its text and its parts. */
export function sizeOfItem(textLength: number, parts: readonly { readonly length: number }[] | undefined): number {
  let size = ITEM_OVERHEAD + textLength;
  if (parts) for (const part of parts) size += part.length;
  return size;
}
