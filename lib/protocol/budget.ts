// How much of one message may be looked at. V8's serialization carries an object once and refers to it as often as the
// sender likes: a message of a few kilobytes can say gigabytes. An honest message needs a small part of this.

import { MOST_SLICED_BYTES } from './slices.js';

/** Names, ids and other elements of the lists in control frames. */
const MOST_ELEMENTS = 12_000_000;

/** Characters, bytes and numbers of the bundles in a message; what is larger comes in slices. */
export const MOST_DATA = 64 * 1024 * 1024;

let elements = 0;
let data = 0;

/** A message is read from here on. */
export function beginMessage(isSliced: boolean): void {
  elements = MOST_ELEMENTS;
  data = isSliced ? 2 * MOST_SLICED_BYTES : MOST_DATA;
}

/** @returns false where there are too many: then they aren't to be looked at */
export function spendElements(count: number): boolean {
  if (count > elements) return false;
  elements -= count;
  return true;
}

/** As {@link spendElements}. */
export function spendData(size: number): boolean {
  if (size > data) return false;
  data -= size;
  return true;
}
