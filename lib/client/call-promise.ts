// What a call returns: a promise that can also be iterated, where the result is a stream.

import { notAStream } from '../errors/errors.js';
import { RemoteStream } from '../streams/remote-stream.js';

type Result = IteratorResult<unknown, undefined>;

export class CallPromise extends Promise<unknown> {
  /** Iterates over the stream that the call resolves with. */
  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined> {
    const stream = this.then(value => {
      if (value instanceof RemoteStream) return value;
      throw notAStream(value);
    });
    return {
      next: async (): Promise<Result> => (await stream).next(),
      return: async (): Promise<Result> => (await stream).return(),
      throw: async (error): Promise<Result> => (await stream).throw(error),
    };
  }
}

// Its promises count as those of the class Promise, whose `then()` and `await` are faster than those of a subclass.
Reflect.deleteProperty(CallPromise.prototype, 'constructor');
