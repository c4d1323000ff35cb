// Adds the stack of the code that awaited a call below the stack of its error.

import { SharedClientError } from '../errors/shared-client-error.js';

const remote = new WeakSet<object>();

/** Marks an error that came from another process: its stack contains nothing of this one. */
export function markRemote<E extends Error>(error: E): E {
  remote.add(error);
  return error;
}

/**
 * A promise that rejects with `error`. An earlier promise is resolved with it.
 *
 * V8 adds the frames of the code that awaits a promise to an error that is created in a reaction which that promise follows.
 * So the local stack costs nothing until a call fails. Capturing one for each call would cost more than the rest of the
 * call. The reaction must run after the earlier promise has begun to follow this one, hence the intermediate step.
 */
export function rejectWhereAwaited(error: unknown): Promise<never> {
  return Promise.reject(error).then(undefined, rethrow).then(undefined, rethrowHere);
}

function rethrow(error: unknown): never {
  throw error;
}

function rethrowHere(error: unknown): never {
  if (typeof error === 'object' && error !== null && (remote.delete(error) || isOurs(error))) addLocalStack(error);
  throw error;
}

/** Created here, but in a timer or a message handler, so its own stack does not help. A signal's reason is not changed. */
const isOurs = (error: object): error is Error => error instanceof SharedClientError;

function addLocalStack(error: object): void {
  const stack = String((error as Error).stack);
  const here = String(new Error('').stack);
  const start = here.indexOf('\n    at async ');
  if (start === -1 || stack.includes(SEPARATOR)) return;
  const value = `${stack}\n${SEPARATOR}${here.slice(start)}`;
  Object.defineProperty(error, 'stack', { value, writable: true, configurable: true });
}

const SEPARATOR = '    --- awaited at ---';
