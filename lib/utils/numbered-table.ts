// A table of short-lived entries, by number.

/** An entry. Its number is unique within its table, and it can be in only one table at a time. */
export interface Numbered<T> {
  readonly id: number;
  /** The next entry in the same slot. Set only by the table. */
  behind: T | undefined;
}

const FEWEST_SLOTS = 16;

/** The most slots that an empty table keeps. */
const MOST_IDLE_SLOTS = 4096;

/**
 * Used instead of a `Map` where thousands of entries are added and removed. V8 replaces the store of such a Map again and
 * again, and each old store refers to the next. Once one of them is promoted to the old generation, all entries that were
 * ever in the later ones stay in memory until the next full collection, and every minor collection copies them (measured
 * on Node 20 with 1,024 entries: everything takes 2.5 times as long).
 */
export class NumberedTable<T extends Numbered<T>> {
  /** The first entry of each chain. The number of slots is a power of two. */
  #slots: (T | undefined)[] = newSlots(FEWEST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    let item = this.#slots[id & (this.#slots.length - 1)];
    while (item && item.id !== id) item = item.behind;
    return item;
  }

  add(item: T): void {
    if (this.#size === this.#slots.length) this.#grow();
    this.#put(item);
    this.#size++;
  }

  /** @returns whether it was there */
  delete(item: T): boolean {
    const slots = this.#slots;
    const slot = item.id & (slots.length - 1);
    const first = slots[slot];
    if (first === item) slots[slot] = item.behind;
    else if (!unchain(first, item)) return false;
    // A removed entry that is still referenced must not keep others in memory.
    item.behind = undefined;
    if (--this.#size === 0 && slots.length > MOST_IDLE_SLOTS) this.#slots = newSlots(FEWEST_SLOTS);
    return true;
  }

  /** In no particular order. The table must not change during the iteration. */
  *[Symbol.iterator](): Iterator<T> {
    for (let item of this.#slots) for (; item; item = item.behind) yield item;
  }

  /** A list of the current entries, sorted by number. */
  inOrder(): T[] {
    return [...this].sort((a, b) => a.id - b.id);
  }

  #put(item: T): void {
    const slot = item.id & (this.#slots.length - 1);
    item.behind = this.#slots[slot];
    this.#slots[slot] = item;
  }

  #grow(): void {
    const items = [...this];
    this.#slots = newSlots(this.#slots.length * 2);
    for (const item of items) this.#put(item);
  }
}

function unchain<T extends Numbered<T>>(first: T | undefined, item: T): boolean {
  let before = first;
  while (before && before.behind !== item) before = before.behind;
  if (before) before.behind = item.behind;
  return before !== undefined;
}

// V8 treats an array that is created in another way as one with holes.
function newSlots<T>(count: number): (T | undefined)[] {
  const slots: (T | undefined)[] = [];
  for (let i = 0; i < count; i++) slots.push(undefined);
  return slots;
}
