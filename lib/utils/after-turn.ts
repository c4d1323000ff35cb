// Errors that are known immediately are delivered after a turn of the event loop. Otherwise a caller that retries in a
// loop would block the message, timer or exit that ends the loop.
//
// This is always the event loop of the process, whichever clock the library uses. The turn keeps the process alive, so
// that a promise that was returned is settled before the process ends.

import { systemClock } from './clock.js';

export const afterTurn: (callback: () => void) => void = systemClock.yield;

/** Settles like `promise`, but rejects only after a turn of the event loop. */
export async function rejectAfterTurn<T>(promise: Promise<T>): Promise<T> {
  const turn = nextTurn();
  try {
    return await promise;
  } catch (error) {
    await turn;
    throw error;
  }
}

let next: Promise<void> | undefined;

/** All callers in the same turn share one promise. */
function nextTurn(): Promise<void> {
  next ??= new Promise(resolve =>
    afterTurn(() => {
      next = undefined;
      resolve();
    }),
  );
  return next;
}
