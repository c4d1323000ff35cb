// Limits how much of one message is read. V8 serializes an object once and can reference it any number of times, so a
// message of a few kilobytes can expand to gigabytes. A legitimate message needs a small part of this budget.

import { MOST_SLICED_BYTES } from './slices.js';

/** Names, ids and other list elements in control frames. */
const MOST_ELEMENTS = 12_000_000;

/** Characters, bytes and numbers in the bundles of one message. Anything larger is sent in slices. */
export const MOST_DATA = 64 * 1024 * 1024;

let elements = 0;
let data = 0;

/** Resets the budget. Must be called before a message is read. */
export function beginMessage(isSliced: boolean): void {
  elements = MOST_ELEMENTS;
  data = isSliced ? 2 * MOST_SLICED_BYTES : MOST_DATA;
}

/** @returns false if the budget is exceeded; the elements must then not be read */
export function spendElements(count: number): boolean {
  if (count > elements) return false;
  elements -= count;
  return true;
}

/** Like {@link spendElements}. */
export function spendData(size: number): boolean {
  if (size > data) return false;
  data -= size;
  return true;
}
