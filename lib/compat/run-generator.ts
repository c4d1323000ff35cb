// Runs generators as coroutines, as clients written for `co` expect: yielded values are awaited.

import { isThenable } from '../utils/is-thenable.js';

/** Whether it is a generator function. Checked by the name of its class, as cluster-client does. */
export function isGeneratorFunction(value: unknown): value is (...args: unknown[]) => Generator {
  return typeof value === 'function' && value.constructor?.name === 'GeneratorFunction';
}

/**
 * Runs a generator to its end. It may yield promises, thunks, generators and generator functions, and arrays and plain
 * objects of these.
 */
export function runGenerator(generator: Generator): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const step = (resume: () => IteratorResult<unknown>) => {
      try {
        const { done, value } = resume();
        if (done) return resolve(value);
        waitable(value).then(
          result => step(() => generator.next(result)),
          error => step(() => generator.throw(error)),
        );
      } catch (error) {
        reject(error);
      }
    };
    step(() => generator.next());
  });
}

function waitable(yielded: unknown): Promise<unknown> {
  const waited = wait(yielded);
  if (isThenable(waited)) return Promise.resolve(waited);
  return Promise.reject(
    new TypeError('A promise, a thunk, a generator, or an array or object of these can be yielded.'),
  );
}

/** A promise if the value can be awaited. Otherwise the value itself, since arrays may contain such values. */
function wait(yielded: unknown): unknown {
  if (isThenable(yielded)) return yielded;
  if (isGeneratorFunction(yielded)) return runGenerator(yielded());
  if (isGenerator(yielded)) return runGenerator(yielded);
  if (typeof yielded === 'function') return runThunk(yielded as Thunk);
  if (Array.isArray(yielded)) return Promise.all(yielded.map(wait));
  return isObjectLiteral(yielded) ? waitForAll(yielded) : yielded;
}

type Thunk = (callback: (error: unknown, ...results: unknown[]) => void) => void;

function runThunk(thunk: Thunk): Promise<unknown> {
  return new Promise((resolve, reject) => {
    thunk((error, ...results) => {
      if (error) reject(error);
      else resolve(results.length > 1 ? results : results[0]);
    });
  });
}

async function waitForAll(object: object): Promise<object> {
  const entries = Object.entries(object).map(async ([key, value]) => [key, await wait(value)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function isGenerator(value: unknown): value is Generator {
  if (typeof value !== 'object' || value === null) return false;
  const { next, throw: raise } = value as Partial<Generator>;
  return typeof next === 'function' && typeof raise === 'function';
}

function isObjectLiteral(value: unknown): value is object {
  return typeof value === 'object' && value !== null && value.constructor === Object;
}
