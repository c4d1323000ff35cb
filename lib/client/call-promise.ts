// What a call returns: a promise that can also be iterated, where the result is a stream.

import { notAStream } from '../errors/value-errors.js';
import { RemoteStream } from '../streams/remote-stream.js';
import type { Mutable } from '../utils/mutable.js';

type Result = IteratorResult<unknown, undefined>;

export type CallPromise = Promise<unknown> & AsyncIterable<unknown>;

/** The same promise, which can be iterated. Hot: a subclass of Promise would cost ten times as much. */
export function toCallPromise(promise: Promise<unknown>): CallPromise {
  (promise as Mutable<CallPromise>)[Symbol.asyncIterator] = iterate;
  return promise as CallPromise;
}

/** Iterates over the stream that the call resolves with. */
function iterate(this: Promise<unknown>): AsyncIterator<unknown, undefined> {
  const stream = this.then(value => {
    if (value instanceof RemoteStream) return value;
    throw notAStream(value);
  });
  // An iterator may be read later, or never: `Readable.from(call)`. Only those who read learn that the call failed.
  stream.catch(() => {});
  return {
    next: async (): Promise<Result> => (await stream).next(),
    return: async (): Promise<Result> => (await stream).return(),
    throw: async (error): Promise<Result> => (await stream).throw(error),
  };
}
