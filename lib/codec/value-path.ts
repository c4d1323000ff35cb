// The position of a walk in a value, and its text: `args[0].socket`, `result.items[3]["odd key"]`.

import { types } from 'node:util';
import { cut } from '../errors/show.js';

/** The path from the outermost value to the current one. The keys in a Map are counted as key, value, key, value. */
export class ValuePath {
  /** The number of objects that were entered. */
  depth = 0;

  readonly #base: string;
  readonly #holders: object[] = [];
  readonly #keys: (string | number)[] = [];
  /** The depth at which each object was entered. */
  readonly #levels: Map<object, number> | undefined;

  /** @param tells whether {@link levelOf} will be called */
  constructor(base: string, tells: boolean) {
    this.#base = base;
    if (tells) this.#levels = new Map();
  }

  /** Enters an object; `setKey` then sets the position in it. */
  enter(holder: object): void {
    this.#levels?.set(holder, this.depth);
    this.#holders[this.depth++] = holder;
  }

  /** Leaves all objects from this depth on. */
  leave(depth: number): void {
    for (; this.depth > depth; this.depth--) this.#levels?.delete(this.#holders[this.depth - 1]!);
  }

  setKey(key: string | number): void {
    this.#keys[this.depth - 1] = key;
  }

  /** The current object. */
  get holder(): object {
    return this.#holders[this.depth - 1]!;
  }

  /** The depth at which `object` was entered, if the walk is inside it. */
  levelOf(object: object): number | undefined {
    return this.#levels!.get(object);
  }

  /** The path as text. The middle of a very long one is left out. */
  toString(): string {
    const shown: string[] = [];
    for (let i = 0; i < this.depth; i++) {
      if (i < MOST_STEPS / 2 || i >= this.depth - MOST_STEPS / 2)
        shown.push(segment(this.#holders[i]!, this.#keys[i]!));
      else if (i === MOST_STEPS / 2) shown.push('…');
    }
    return this.#base + shown.join('');
  }
}

const MOST_STEPS = 20;

/** Longer names are cut. */
const MOST_KEY = 60;

function segment(holder: object, key: string | number): string {
  if (types.isMap(holder)) return mapSegment(holder, Number(key));
  if (types.isSet(holder)) return `.values[${key}]`;
  if (typeof key === 'number') return `[${key}]`;
  if (key.length > MOST_KEY) return `[${JSON.stringify(cut(key))}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function mapSegment(map: ReadonlyMap<unknown, unknown>, place: number): string {
  const entry = Math.floor(place / 2);
  if (place % 2 === 0) return `.entries[${entry}].key`;
  const key = [...map.keys()][entry];
  return typeof key === 'string' || typeof key === 'number'
    ? `.get(${JSON.stringify(typeof key === 'string' ? cut(key) : key)})`
    : `.entries[${entry}].value`;
}
