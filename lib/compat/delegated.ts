// The functions of a client that call the real client's methods: with a callback, for a promise, or as a generator.

import { rejectWhereAwaited } from '../codec/local-stack.js';
import { isGeneratorFunction } from './run-generator.js';

/** Calls the real client. Calls one of the two functions, once. It may modify the arguments. */
export type Invoke = (
  args: unknown[],
  succeed: (results: readonly unknown[]) => void,
  fail: (error: unknown) => void,
) => void;

/** The same with a callback, which receives all results. */
export type AskBack = (args: unknown[], callback: (...results: unknown[]) => void) => void;

type Method = (...args: unknown[]) => unknown;

/** @param method the real client's own method; its kind decides how it is called */
export function createDelegated(method: unknown, ask: Invoke, askBack: AskBack): Method {
  return isGeneratorFunction(method) ? generatorMethod(ask, askBack) : plainMethod(ask, askBack);
}

function plainMethod(ask: Invoke, askBack: AskBack): Method {
  return (...args) => {
    const callback = takeCallback(args);
    return callback ? askBack(args, callback) : promiseOf(ask, args);
  };
}

/**
 * A function that looks like a generator function, because `co` and similar libraries check that. Its result can also be
 * awaited. As with any generator, nothing happens until the result is requested.
 */
function generatorMethod(ask: Invoke, askBack: AskBack): Method {
  return new Proxy(waitFor as unknown as Method, {
    apply(_target, _self, args: unknown[]) {
      const callback = takeCallback(args);
      return callback ? askBack(args, callback) : createGeneratorCall(() => promiseOf(ask, args));
    },
  });
}

function createGeneratorCall(start: () => Promise<unknown>): PromiseLike<unknown> & Generator {
  let promise: Promise<unknown> | undefined;
  const started = () => {
    promise ??= start();
    return promise;
  };
  const awaitable: Pick<Promise<unknown>, 'then' | 'catch' | 'finally'> = {
    // biome-ignore lint/suspicious/noThenProperty: the object is meant to be awaited.
    then: (...handlers) => started().then(...handlers),
    catch: handler => started().catch(handler),
    finally: handler => started().finally(handler),
  };
  return Object.assign(waitFor(started), awaitable);
}

function* waitFor(start: () => Promise<unknown>): Generator {
  return yield start();
}

function takeCallback(args: unknown[]): ((...results: unknown[]) => void) | undefined {
  return typeof args.at(-1) === 'function' ? (args.pop() as () => void) : undefined;
}

/** A promise of the first result. */
function promiseOf(ask: Invoke, args: unknown[]): Promise<unknown> {
  return new Promise(resolve => {
    ask(
      args,
      results => resolve(results[0]),
      error => resolve(rejectWhereAwaited(error)),
    );
  });
}
