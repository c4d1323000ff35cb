// Shows where an error was waited for, below where it came from.

import { SharedClientError } from '../errors/errors.js';

const remote = new WeakSet<object>();

/** Marks an error that came from another process: its own stack says nothing of this one. */
export function markRemote<E extends Error>(error: E): E {
  remote.add(error);
  return error;
}

/**
 * A promise that rejects with `error`, for a promise that was given out long ago to be resolved with.
 *
 * V8 adds the frames of whoever awaits a promise to an error that is made in a reaction which that promise follows; so
 * the local stack costs nothing until a call fails, where one taken at each call would cost more than the rest of it.
 * The reaction must run after the promise has begun to follow this one, hence the step between.
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

/** Made here, but by a timer or a message: its own stack helps nobody. The reason of a signal is left as it is. */
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
