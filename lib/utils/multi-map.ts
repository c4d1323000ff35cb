// A map with several values for each key.

export class MultiMap<K, V> implements Iterable<V> {
  readonly #sets = new Map<K, Set<V>>();

  add(key: K, value: V): void {
    const set = this.#sets.get(key);
    if (set) set.add(value);
    else this.#sets.set(key, new Set([value]));
  }

  has(key: K, value: V): boolean {
    return this.#sets.get(key)?.has(value) === true;
  }

  /** @returns whether it was there */
  delete(key: K, value: V): boolean {
    const set = this.#sets.get(key);
    if (!set?.delete(value)) return false;
    if (set.size === 0) this.#sets.delete(key);
    return true;
  }

  deleteAll(key: K): void {
    this.#sets.delete(key);
  }

  /** A copy of the values for a key, so the map may change while they are read. */
  of(key: K): V[] {
    return [...(this.#sets.get(key) ?? [])];
  }

  clear(): void {
    this.#sets.clear();
  }

  *[Symbol.iterator](): Iterator<V> {
    for (const set of this.#sets.values()) yield* set;
  }
}
