// Calls a method of the real client, which may answer by a callback, by a promise, or as a generator.

import { unknownMethod } from '../errors/call-errors.js';
import { callContext } from '../leader/call-context.js';
import { isThenable } from '../utils/is-thenable.js';
import { isGeneratorFunction, runGenerator } from './run-generator.js';

type Outcome = readonly [error?: unknown, ...results: unknown[]];

/** Encodes all results for sending. */
type Pack = (results: unknown[]) => unknown;

/**
 * All results, packed: those of the callback, which is passed as the last argument, or the one of a promise. A method that
 * never calls back ends when its caller gives up.
 * @param args modified by this function
 */
export function runMethod(client: object, name: string, args: unknown[], pack: Pack): unknown {
  let called: Outcome | undefined;
  let settle = (outcome: Outcome) => {
    called ??= outcome;
  };
  args.push((...outcome: Outcome) => settle(outcome));
  const returned = call(client, name, args);
  if (!called && isThenable(returned)) return returned.then(result => pack([result]));
  return new Promise<unknown[]>((resolve, reject) => {
    settle = ([error, ...results]) => (error ? reject(error) : resolve(results));
    if (called) settle(called);
    else whenGivenUp(reject);
  }).then(pack);
}

/** Waits for a returned promise and has no results. The method's last argument is undefined, in place of a callback. */
export async function runOneway(client: object, name: string, args: unknown[], pack: Pack): Promise<unknown> {
  args.push(undefined);
  await call(client, name, args);
  return pack([]);
}

/** Calls it with exactly these arguments. */
export function call(client: object, name: string, args: readonly unknown[]): unknown {
  const method = (client as Record<string, unknown>)[name];
  if (typeof method !== 'function') throw unknownMethod(name);
  const returned: unknown = Reflect.apply(method, client, args);
  return isGeneratorFunction(method) ? runGenerator(returned as Generator) : returned;
}

function whenGivenUp(reject: (reason: unknown) => void): void {
  const signal = callContext()?.signal;
  signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
}
