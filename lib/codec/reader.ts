// The state of one decoding: the remaining parts and the objects created so far. Knows nothing about kinds of values.

import { types } from 'node:util';
import { brokenFrame, unknownOwnType } from '../errors/value-errors.js';
import type { Part } from '../protocol/payload.js';
import type { Json, JsonObject } from './json.js';
import { MAX_DEPTH, MAX_HOLES, MAX_SIGNALS } from './limits.js';
import type { OwnTypes } from './own-types.js';

/** Finds the signals and streams of a call. */
export interface SignalReader {
  /** The signal with this number. In the leader it aborts when the caller's does. */
  get(number: number): AbortSignal;
  /** The stream with this id, as what the caller passed: see `StreamForm`. */
  stream(id: number, form: unknown): object;
}

/** The input of a reader. */
export interface ReaderOptions {
  readonly parts: readonly Part[];
  readonly signals: SignalReader | undefined;
  /** The bytes of the parts belong to this decoding and need not be copied. */
  readonly owned: boolean;
  /** The application's own types, if values of them may occur. */
  readonly own?: OwnTypes | undefined;
  /** Decodes one value, and calls the reader back for its content. */
  readonly read: (reader: Reader, json: Json[] | JsonObject) => unknown;
}

const isSignalNumber = (number: unknown): boolean =>
  Number.isSafeInteger(number) && (number as number) >= 1 && (number as number) <= MAX_SIGNALS;

export class Reader {
  readonly #options: ReaderOptions;
  readonly #met: object[] = [];
  #nextPart = 0;
  #depth = 0;
  #holes = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Decodes one value. */
  read(json: Json | undefined): unknown {
    if (json === undefined) return this.refuse('complete');
    if (typeof json !== 'object' || json === null) return json;
    // An encoded leaf, such as a date, is one level deeper than the encoder counted.
    if (++this.#depth > MAX_DEPTH + 1) return this.refuse('less deep');
    const value = this.#options.read(this, json);
    this.#depth--;
    return value;
  }

  /** Numbers an object. Must be called before its content is read, in the order in which the encoder met the objects. */
  meet<T extends object>(object: T): T {
    this.#met.push(object);
    return object;
  }

  seen(number: unknown): object {
    const object = Number.isInteger(number) ? this.#met[number as number] : undefined;
    return object ?? this.refuse('one that refers only to what came before');
  }

  signal(number: unknown): AbortSignal {
    if (!this.#options.signals || !isSignalNumber(number))
      return this.refuse('one with signals only where a call has them');
    return this.#options.signals.get(number as number);
  }

  stream(id: unknown, form: unknown): object {
    if (!this.#options.signals || !Number.isSafeInteger(id))
      return this.refuse('one with streams only where a call has them');
    return this.meet(this.#options.signals.stream(id as number, form));
  }

  /** A value of a type of the application. */
  own(name: unknown, json: Json | undefined): unknown {
    if (typeof name !== 'string') return this.refuse('one with the names of its types');
    const plain = this.read(json);
    if (!this.#options.own) throw unknownOwnType(name);
    return this.#options.own.decode(name, plain);
  }

  /** Restores the class of an error, if the application lists it. */
  restore(error: Error, name: unknown): void {
    if (typeof name === 'string') this.#options.own?.restore(error, name);
  }

  /** The next part, a long string. */
  string(): string {
    const part = this.#options.parts[this.#nextPart++];
    return typeof part === 'string' ? part : this.refuse('one with all its strings');
  }

  /** The next part, as bytes in memory of their own. */
  copyBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes());
  }

  /** The next part, as a Buffer. */
  buffer(): Buffer {
    const bytes = this.#bytes();
    // A view on a small piece of a large chunk would keep the whole chunk in memory.
    if (!this.#options.owned || bytes.byteLength * 2 < bytes.buffer.byteLength) return Buffer.from(bytes);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Counts holes. */
  growHoles(count: number): void {
    this.#holes += count;
    if (!(this.#holes <= MAX_HOLES)) this.refuse('one with fewer holes in its arrays');
  }

  /** Ends the decoding: the payload was not made by a known encoder. */
  refuse(expected: string): never {
    throw brokenFrame('the payload', expected);
  }

  #bytes(): Uint8Array {
    const part = this.#options.parts[this.#nextPart++];
    return types.isUint8Array(part) ? part : this.refuse('one with all its bytes');
  }
}
