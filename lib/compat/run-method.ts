// One call of a method of the real client, whichever way that answers: by a callback, a promise, or as a generator.

import { unknownMethod } from '../errors.js';
import { callContext } from '../leader/call-context.js';
import { isThenable } from '../utils/is-thenable.js';
import { isGeneratorFunction, runGenerator } from './run-generator.js';

type Outcome = readonly [error?: unknown, ...results: unknown[]];

/**
 * Resolves with all results: those of the callback that comes last, or the one of a promise. A method that never calls
 * back is given up with its caller.
 */
export function runMethod(client: object, name: string, args: readonly unknown[]): PromiseLike<unknown[]> {
  let called: Outcome | undefined;
  let tell = (outcome: Outcome) => {
    called ??= outcome;
  };
  const returned = call(client, name, [...args, (...outcome: Outcome) => tell(outcome)]);
  if (!called && isThenable(returned)) return returned.then(inList);
  return new Promise((resolve, reject) => {
    tell = ([error, ...results]) => (error ? reject(error) : resolve(results));
    if (called) tell(called);
    else whenGivenUp(reject);
  });
}

/** Resolves with nothing, once the promise that the method may have returned does. Its last argument is undefined. */
export async function runOneway(client: object, name: string, args: readonly unknown[]): Promise<unknown[]> {
  await call(client, name, [...args, undefined]);
  return [];
}

/** Calls it with just these. */
export function call(client: object, name: string, args: readonly unknown[]): unknown {
  const method = (client as Record<string, unknown>)[name];
  if (typeof method !== 'function') throw unknownMethod(name);
  const returned: unknown = Reflect.apply(method, client, args);
  return isGeneratorFunction(method) ? runGenerator(returned as Generator) : returned;
}

const inList = (result: unknown): unknown[] => [result];

function whenGivenUp(tell: (reason: unknown) => void): void {
  const signal = callContext()?.signal;
  signal?.addEventListener('abort', () => tell(signal.reason), { once: true });
}
