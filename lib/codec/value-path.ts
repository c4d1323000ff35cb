// Where in a value a walk is, and how a reader would write that: `args[0].socket`, `result.items[3]["odd key"]`.

import { types } from 'node:util';
import { cut } from '../errors/errors.js';

/** The way from the outermost value to the one that is looked at. A step in a Map counts key, value, key, value. */
export class ValuePath {
  /** How many objects we are in. */
  depth = 0;

  readonly #base: string;
  readonly #holders: object[] = [];
  readonly #keys: (string | number)[] = [];
  /** At which depth an object was entered. */
  readonly #levels: Map<object, number> | undefined;

  /** @param tells whether {@link levelOf} will be asked */
  constructor(base: string, tells: boolean) {
    this.#base = base;
    if (tells) this.#levels = new Map();
  }

  /** Goes into an object; `setKey` then says where in it. */
  enter(holder: object): void {
    this.#levels?.set(holder, this.depth);
    this.#holders[this.depth++] = holder;
  }

  /** Goes out of all objects from this depth on. */
  leave(depth: number): void {
    for (; this.depth > depth; this.depth--) this.#levels?.delete(this.#holders[this.depth - 1]!);
  }

  setKey(key: string | number): void {
    this.#keys[this.depth - 1] = key;
  }

  /** The object we are in. */
  get holder(): object {
    return this.#holders[this.depth - 1]!;
  }

  /** The depth at which `object` was entered, if we are in it. */
  levelOf(object: object): number | undefined {
    return this.#levels!.get(object);
  }

  /** The way as text; the middle of a very long one is left out. */
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

/** Characters of a name that is shown whole. */
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
