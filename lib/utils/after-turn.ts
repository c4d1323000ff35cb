// Refusals that come without any waiting are delivered after a turn of the event loop. Otherwise a caller that tries again
// at once, in a loop, would keep out the very news that ends the loop: a message, a timer, the exit.
//
// It is the process's own event loop that has to turn, whatever clock the library was given. The turn keeps the process
// alive, so that a promise that was given out is settled before it ends.

import { systemClock } from './clock.js';

export const afterTurn: (callback: () => void) => void = systemClock.yield;

/** The same promise; where it is rejected without a turn since now, that comes after one. */
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

/** One for all that ask in the same turn. */
function nextTurn(): Promise<void> {
  next ??= new Promise(resolve =>
    afterTurn(() => {
      next = undefined;
      resolve();
    }),
  );
  return next;
}
