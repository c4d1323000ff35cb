// A stream as a method returns it, or as a caller passes it: how it is read, and how it is ended.

import { types } from 'node:util';
import { isNodeStream, methodOf } from '../codec/handles.js';

type Method = (...args: unknown[]) => unknown;

/** Ways to end a source whose iterator has no `return()`, or one that waits. */
const WAYS = ['cancel', 'unsubscribe', 'stop', Symbol.asyncDispose, Symbol.dispose] as const;

export class StreamSource {
  readonly #source: object;
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  #hasBegun = false;
  #isPending = false;
  #isOver = false;

  constructor(source: object) {
    this.#source = source;
    // It may fail before it is read. An error without a listener would end the process.
    if (isNodeStream(source)) source.on('error', () => {});
    else this.#listen();
  }

  /**
   * What the iterator returns for the next item, perhaps a promise. Hot: a promise of its own would double the time for an
   * item. Then {@link arrived} has to be called, or {@link failed}.
   */
  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>> {
    this.#hasBegun = true;
    this.#isPending = true;
    this.#iterator ??= iteratorOf(this.#source);
    return this.#iterator.next();
  }

  arrived({ done }: IteratorResult<unknown>): void {
    this.#isPending = false;
    if (done) this.#isOver = true;
  }

  /** Something threw. If that was the iterator, it has ended. */
  failed(): void {
    if (this.#isPending) this.#isOver = true;
    this.#isPending = false;
  }

  /** Ends the source, once, unless it has ended by itself. Resolves when the source has. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#end();
  }

  /** The lines of a file or the events of an emitter come from now on, and its iterator keeps them. Nothing is read yet. */
  #listen(): void {
    try {
      this.#iterator = iteratorOf(this.#source);
    } catch {
      // Thrown again when it is read.
    }
  }

  #end(): unknown {
    const source = this.#source;
    // `return()` of the iterator of a stream of Node calls `destroy()`, after the item that it waits for.
    if (isNodeStream(source)) return call(source, ['return', 'cancel', 'destroy']);
    this.#iterator ??= iteratorOf(source);
    const iterator = this.#iterator;
    // The code of a generator cannot end its source before it begins, or while it waits for an item.
    const isDeaf =
      types.isGeneratorObject(iterator) && (iterator as object) !== source && (!this.#hasBegun || this.#isPending);
    const ended = isDeaf || !iterator.return ? call(source, WAYS) : undefined;
    return iterator.return ? iterator.return() : ended;
  }
}

/** Calls the first of these methods that an object has. */
function call(object: object, names: readonly (string | symbol)[]): unknown {
  const name = names.find(way => methodOf(object, way));
  return name === undefined ? undefined : (object as Record<string | symbol, Method>)[name]!();
}

function iteratorOf(source: object): Iterator<unknown> | AsyncIterator<unknown> {
  // The iterator of a web stream can be ended only between two chunks.
  if (source instanceof ReadableStream) return readerOf(source);
  const iterate = methodOf(source, Symbol.asyncIterator);
  return iterate ? (Reflect.apply(iterate, source, []) as AsyncIterator<unknown>) : (source as Iterator<unknown>);
}

function readerOf(stream: ReadableStream<unknown>): AsyncIterator<unknown> {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}
