// The state of one encoding: the position, the objects met, the parts beside the text. Knows nothing about kinds of values.

import { handleNotSerializable, nestedStream, notSerializable, tooLarge } from '../errors/value-errors.js';
import type { Part, Payload } from '../protocol/payload.js';
import type { Json } from './json.js';
import { LONG_STRING, MAX_DEPTH, MAX_ERROR_TEXT, MAX_HOLES, MAX_WASTE } from './limits.js';
import type { OwnTypes } from './own-types.js';
import { UnreadBlob } from './unread-blobs.js';
import { ValuePath } from './value-path.js';
import { withCause } from './with-cause.js';

/** Receives what the arguments of a call stay connected with: their signals and streams. */
export interface SignalWriter {
  /** The signal's number within this call, from 1. */
  add(signal: AbortSignal): number;
  /** The id of the stream. */
  addStream(stream: object): number;
  /** The depth of an argument in the value that is encoded: 0, or 1 in a list. Only an argument itself may be a stream. */
  argumentDepth: number;
}

/** The options of a walk. */
export interface WriterOptions {
  /** The name of the outermost value in the text of an error. */
  readonly path: string;
  /** Encodes one value, and calls the writer back for its content. */
  readonly write: (writer: Writer, value: unknown) => Json;
  /** Equal values give equal text: keys are sorted, no parts are used, shared references are written out. */
  readonly canonical?: boolean;
  /** Approximate characters and bytes that the payload may have. */
  readonly limit: number;
  readonly signals?: SignalWriter;
  /** Instances of classes are sent as their data, as in results. Otherwise they are refused, as in arguments. */
  readonly asData?: boolean;
  readonly own?: OwnTypes;
}

export class Writer {
  readonly canonical: boolean;
  readonly parts: Part[] = [];
  /** Approximate characters that each text of an error may have. */
  readonly errorText: number;
  readonly asData: boolean;
  readonly own: OwnTypes | undefined;
  /** Whether values that cannot be sent are replaced here instead of refused. */
  isLenient = false;
  /** Within an instance that is sent as data, whose functions are left out. */
  isInInstance = false;
  /** Undefined where signals are refused. */
  signals: SignalWriter | undefined;

  readonly #path: ValuePath;
  readonly #write: (writer: Writer, value: unknown) => Json;
  readonly #numbers = new Map<object, number>();
  readonly #met: object[] = [];
  #size = 0;
  #holes = 0;
  /** The number of objects on the current path for which another value is sent. */
  #replaced = 0;
  #limit: number;
  #refusal: unknown;
  /** The depth of nested attempts. */
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
   * Encodes the outermost value, with `write` if it is treated differently from its content. Every error on the way is
   * thrown as ERR_NOT_SERIALIZABLE.
   */
  payload<T>(value: T, write: (writer: Writer, value: T) => Json = this.#write): Payload {
    try {
      const text = JSON.stringify(write(this, value));
      // Lone surrogates and control characters take six characters.
      if (sizeOf(text, this.#limit) > this.#limit && !this.canonical) return this.#refuseSize();
      return { text, ext: true, parts: this.parts.length > 0 ? this.parts : undefined };
    } catch (error) {
      if (error === this.#refusal || error instanceof UnreadBlob) throw error;
      if (error instanceof RangeError)
        return /string length/.test(error.message) ? this.#refuseSize() : this.#refuseDepth(error);
      return this.refuse(UNREADABLE, { cause: error });
    }
  }

  /** Ends the encoding with an error about the current value. */
  refuse(what: string, options?: { cause: unknown }): never {
    return this.#refuseWith(path => {
      const error = notSerializable(path, what);
      return options ? withCause(error, options.cause) : error;
    });
  }

  /** Ends the encoding because of an object that is usable only next to the real client. */
  refuseHandle(className: string): never {
    return this.#refuseWith(path => handleNotSerializable(path, className));
  }

  /** Ends the encoding because of a stream within an argument. */
  refuseStream(): never {
    return this.#refuseWith(nestedStream);
  }

  #refuseWith(toError: (path: string) => Error): never {
    // Nobody sees the error of an attempt, and creating it costs more than the rest of the attempt.
    if (this.#attempts > 0) throw LEFT_OUT;
    this.#refusal = toError(String(this.#path));
    throw this.#refusal;
  }

  /** Encodes another value in place of the last object met. */
  instead(value: unknown): Json {
    this.#numbers.delete(this.#met.pop()!);
    if (this.#path.depth + ++this.#replaced > MAX_DEPTH) this.#refuseDepth();
    const json = this.#write(this, value);
    this.#replaced--;
    return json;
  }

  /** Whether the current value is an argument, and not within one. */
  get isAtArgument(): boolean {
    return this.#path.depth === this.signals?.argumentDepth;
  }

  /** The number of an object that was met before. Otherwise undefined, and the object gets a number. */
  meet(object: object): number | undefined {
    // Two references to one object and two equal objects must give equal text, so only enclosing objects can be referred to.
    if (this.canonical) return this.#path.levelOf(object);
    const number = this.#numbers.get(object);
    if (number === undefined) this.#numbers.set(object, this.#met.push(object) - 1);
    return number;
  }

  /** Enters an object; `property` and `item` then encode its content. */
  enter(holder: object): void {
    if (this.#path.depth === MAX_DEPTH) this.#refuseDepth();
    this.#path.enter(holder);
  }

  leave(): void {
    this.#path.leave(this.#path.depth - 1);
  }

  /** Reads and encodes a property of the current object. */
  property(key: string | number): Json {
    this.#step(key);
    return this.#write(this, this.#read(this.#path.holder, key));
  }

  /** Encodes a value in the current object that is not one of its properties. */
  item(key: string | number, value: unknown): Json {
    this.#step(key);
    return this.#write(this, value);
  }

  /** Adds the string to the parts if it is long. @returns whether it did */
  takeString(value: string): boolean {
    this.grow(sizeOf(value, this.#limit));
    if (this.canonical || value.length < LONG_STRING || !isWellFormed(value)) return false;
    this.parts.push(value);
    return true;
  }

  /** Copies bytes, so that later changes do not affect them, and returns what the text contains for them. */
  takeBytes(bytes: ArrayBufferView): string[] {
    this.grow(bytes.byteLength);
    const copy = Buffer.from(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (this.canonical) return [copy.toString('base64')];
    this.parts.push(copy);
    return [];
  }

  /** Refuses an array early that must have too many holes, or else too many elements, so that nothing is searched in it. */
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

  /** Limits what is encoded from here to the end of the attempt to `room` characters and bytes. */
  confine(room: number): void {
    this.#limit = Math.min(this.#limit, this.#size + room);
  }

  /** Counts work that took time although nothing of it is sent. */
  waste(size: number): void {
    this.#wasted += size;
  }

  /**
   * Encodes optional content: if it cannot be sent, is too large or contains a signal, it is left out without an effect. The
   * same objects may be tried again and again, so once too much was encoded in vain, all further optional content is left
   * out.
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
    return this.#refuseWith(path => tooLarge(path, this.#limit));
  }

  // The full path would be too long to read.
  #refuseDepth(cause?: RangeError): never {
    this.#path.leave(0);
    return this.refuse(TOO_DEEP, cause && { cause });
  }
}

const TOO_DEEP = `nested too deeply (over ${MAX_DEPTH} levels)`;
/** Ends an attempt. */
const LEFT_OUT = new Error('Left out');

/** The cost of a failed attempt, beside its characters. */
const LEAST_WASTE = 32;

const UNREADABLE = 'a value that throws when it is read';

// A lone surrogate is lost in UTF-8, but not in JSON. So only well-formed strings become parts.
function isWellFormed(value: string): boolean {
  return (value as string & { isWellFormed(): boolean }).isWellFormed();
}

/**
 * The size of a text: its characters, but its bytes if they alone could exceed the limit, since V8 reads no string from
 * more.
 */
export const sizeOf = (text: string, limit: number): number =>
  text.length > limit / 3 ? Buffer.byteLength(text) : text.length;
