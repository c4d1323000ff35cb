// What one encoding remembers while it walks a value: where it is, what it met, what goes beside the text. Knows no kinds of values.

import { handleNotSerializable, notSerializable, tooLarge } from '../errors/errors.js';
import type { Part, Payload } from '../protocol/payload.js';
import type { Json } from './json.js';
import { LONG_STRING, MAX_DEPTH, MAX_ERROR_TEXT, MAX_HOLES, MAX_WASTE } from './limits.js';
import type { OwnTypes } from './own-types.js';
import { UnreadBlob } from './unread-blobs.js';
import { ValuePath } from './value-path.js';
import { withCause } from './with-cause.js';

/** Numbers the signals of a call. */
export interface SignalWriter {
  /** The signal's number within this call, from 1. */
  add(signal: AbortSignal): number;
}

/** How to walk. */
export interface WriterOptions {
  /** What the outermost value is called in the text of an error. */
  readonly path: string;
  /** Encodes one value, and calls back for what is in it. */
  readonly write: (writer: Writer, value: unknown) => Json;
  /** Equal values give equal text: keys are sorted, nothing goes beside the text, shared references are written out. */
  readonly canonical?: boolean;
  /** About how many characters and bytes there may be. */
  readonly limit: number;
  readonly signals?: SignalWriter;
  /** Instances of classes are sent as the data in them, as in results; else they are refused, as in arguments. */
  readonly asData?: boolean;
  readonly own?: OwnTypes;
}

export class Writer {
  readonly canonical: boolean;
  readonly parts: Part[] = [];
  /** About how many characters each text of an error may have. */
  readonly errorText: number;
  readonly asData: boolean;
  readonly own: OwnTypes | undefined;
  /** Whether what can't travel is left behind here, and not refused. */
  isLenient = false;
  /** Within an instance that is sent as data: its functions stay behind. */
  isInInstance = false;
  /** Undefined where a signal can't travel. */
  signals: SignalWriter | undefined;

  readonly #path: ValuePath;
  readonly #write: (writer: Writer, value: unknown) => Json;
  readonly #numbers = new Map<object, number>();
  readonly #met: object[] = [];
  #size = 0;
  #holes = 0;
  /** Objects that we are in and for which another value is sent. */
  #replaced = 0;
  #limit: number;
  #refusal: unknown;
  /** How many attempts we are in. */
  #attempts = 0;
  /** Characters and bytes of attempts that failed. */
  #wasted = 0;

  constructor(options: WriterOptions) {
    this.#path = new ValuePath(options.path, options.canonical ?? false);
    this.#write = options.write;
    this.canonical = options.canonical ?? false;
    this.#limit = options.limit;
    this.errorText = Math.min(MAX_ERROR_TEXT, options.limit / 8);
    this.signals = options.signals;
    this.asData = options.asData ?? false;
    this.own = options.own;
  }

  /**
   * Encodes the outermost value, with `write` if it is not to be treated like those in it.
   * Whatever goes wrong on the way is thrown as ERR_NOT_SERIALIZABLE.
   */
  payload<T>(value: T, write: (writer: Writer, value: T) => Json = this.#write): Payload {
    try {
      const text = JSON.stringify(write(this, value));
      // Half of a surrogate pair and control characters take six characters.
      if (sizeOf(text, this.#limit) > this.#limit && !this.canonical) return this.#refuseSize();
      return { text, ext: true, parts: this.parts.length > 0 ? this.parts : undefined };
    } catch (error) {
      if (error === this.#refusal || error instanceof UnreadBlob) throw error;
      if (error instanceof RangeError)
        return /string length/.test(error.message) ? this.#refuseSize() : this.#refuseDepth(error);
      return this.refuse(UNREADABLE, { cause: error });
    }
  }

  /** Ends the encoding, in the name of the value that is looked at just now. */
  refuse(what: string, options?: { cause: unknown }): never {
    // Nobody will see it, and to make it costs more than all the rest of an attempt.
    if (this.#attempts > 0) throw LEFT_OUT;
    const error = notSerializable(String(this.#path), what);
    this.#refusal = options ? withCause(error, options.cause) : error;
    throw this.#refusal;
  }

  /** Ends the encoding, because of something that can be used only beside the real client. */
  refuseHandle(className: string): never {
    if (this.#attempts > 0) throw LEFT_OUT;
    this.#refusal = handleNotSerializable(String(this.#path), className);
    throw this.#refusal;
  }

  /** Encodes another value in place of the object that was met last. */
  instead(value: unknown): Json {
    this.#numbers.delete(this.#met.pop()!);
    if (this.#path.depth + ++this.#replaced > MAX_DEPTH) this.#refuseDepth();
    const json = this.#write(this, value);
    this.#replaced--;
    return json;
  }

  /** The number of an object that was met before; else undefined, and the object has a number from now on. */
  meet(object: object): number | undefined {
    // Two references to one object and two equal objects are equal values: only what we are in can be referred to.
    if (this.canonical) return this.#path.levelOf(object);
    const number = this.#numbers.get(object);
    if (number === undefined) this.#numbers.set(object, this.#met.push(object) - 1);
    return number;
  }

  /** Goes into an object; `property` and `item` are then about what is in it. */
  enter(holder: object): void {
    if (this.#path.depth === MAX_DEPTH) this.#refuseDepth();
    this.#path.enter(holder);
  }

  leave(): void {
    this.#path.leave(this.#path.depth - 1);
  }

  /** Reads and encodes a property of the object that was entered. */
  property(key: string | number): Json {
    this.#step(key);
    return this.#write(this, this.#read(this.#path.holder, key));
  }

  /** Encodes something that is in the object that was entered, but under no property. */
  item(key: string | number, value: unknown): Json {
    this.#step(key);
    return this.#write(this, value);
  }

  /** True if the string is to go beside the text, which is then done. */
  takeString(value: string): boolean {
    this.grow(sizeOf(value, this.#limit));
    if (this.canonical || value.length < LONG_STRING || !isWellFormed(value)) return false;
    this.parts.push(value);
    return true;
  }

  /** Copies bytes, so that they don't change any more, and gives what the text says of them. */
  takeBytes(bytes: ArrayBufferView): string[] {
    this.grow(bytes.byteLength);
    const copy = Buffer.from(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (this.canonical) return [copy.toString('base64')];
    this.parts.push(copy);
    return [];
  }

  /** Refuses an array with holes that has so many, or else so many elements, that nobody needs to look for those. */
  expectHoles(length: number): void {
    if (length - MAX_HOLES > (this.#limit - this.#size) / 2) this.#refuseHoles();
  }

  /** Counts holes. */
  growHoles(count: number): void {
    this.#holes += count;
    if (this.#holes > MAX_HOLES) this.#refuseHoles();
  }

  #refuseHoles(): never {
    return this.refuse(`an array with over ${MAX_HOLES} holes`);
  }

  /** Lets what is encoded from here on, up to the end of the attempt, have no more than `room`. */
  confine(room: number): void {
    this.#limit = Math.min(this.#limit, this.#size + room);
  }

  /** Counts what took its time, though nothing of it travels. */
  waste(size: number): void {
    this.#wasted += size;
  }

  /**
   * Encodes what may be left out: if it can't travel, is too large or has a signal in it, nothing has happened. What is
   * in it may be met again and again, so when too much was in vain all else that may be left out is.
   */
  attempt(run: () => Json): Json | undefined {
    if (this.#wasted > MAX_WASTE) return undefined;
    const [size, depth, met, parts] = [this.#size, this.#path.depth, this.#met.length, this.parts.length];
    const [limit, signals, isLenient, isInInstance] = [this.#limit, this.signals, this.isLenient, this.isInInstance];
    const replaced = this.#replaced;
    let json: Json | undefined;
    this.signals = undefined;
    this.#attempts++;
    try {
      json = run();
    } catch {
      this.#wasted += this.#size - size + LEAST_WASTE;
      this.#size = size;
      this.#path.leave(depth);
      this.parts.length = parts;
      while (this.#met.length > met) this.#numbers.delete(this.#met.pop()!);
    }
    this.#attempts--;
    this.#limit = limit;
    this.signals = signals;
    this.isLenient = isLenient;
    this.isInInstance = isInInstance;
    this.#replaced = replaced;
    return json;
  }

  #step(key: string | number): void {
    this.#path.setKey(key);
    this.grow(typeof key === 'string' ? key.length + 3 : 2);
  }

  #read(holder: object, key: string | number): unknown {
    try {
      return (holder as Record<string | number, unknown>)[key];
    } catch (cause) {
      return this.refuse(UNREADABLE, { cause });
    }
  }

  /** Counts characters and bytes. */
  grow(size: number): void {
    this.#size += size;
    if (this.#size > this.#limit) this.#refuseSize();
  }

  #refuseSize(): never {
    if (this.#attempts > 0) throw LEFT_OUT;
    this.#refusal = tooLarge(String(this.#path), this.#limit);
    throw this.#refusal;
  }

  // The whole way there would be too long to read.
  #refuseDepth(cause?: RangeError): never {
    this.#path.leave(0);
    return this.refuse(TOO_DEEP, cause && { cause });
  }
}

const TOO_DEEP = `nested too deeply (over ${MAX_DEPTH} levels)`;
/** Ends an attempt. */
const LEFT_OUT = new Error('Left out');

/** What an attempt costs beside its characters. */
const LEAST_WASTE = 32;

const UNREADABLE = 'a value that throws when it is read';

// Half a surrogate pair is lost in UTF-8, but not in JSON; so parts can be written as UTF-8.
function isWellFormed(value: string): boolean {
  return (value as string & { isWellFormed(): boolean }).isWellFormed();
}

/** What a text counts: one a character, but bytes where they alone could be more than the limit, since V8 reads no string from more. */
export const sizeOf = (text: string, limit: number): number =>
  text.length > limit / 3 ? Buffer.byteLength(text) : text.length;
