// How much of a stream may be on its way or wait for its reader. Both ends count the same: the sender stops at the limit, and
// the reader reports what was taken before that limit can be reached.

/** Items that may wait, unless `with({ maxQueued })` sets another number. */
export const DEFAULT_WINDOW = 16;

/** Characters and bytes of items that may wait. One item may have any size. */
export const MOST_ITEM_BYTES = 1024 * 1024;

/** What an item takes beside its content. */
const ITEM_OVERHEAD = 64;

/** The size of an item, with its text and its parts. */
export function sizeOfItem(textLength: number, parts: readonly { readonly length: number }[] | undefined): number {
  let size = ITEM_OVERHEAD + textLength;
  if (parts) for (const part of parts) size += part.length;
  return size;
}
