// Delays the exit that Node does in a cluster worker whose primary died, and does it then in Node's place.

import { type Clock, MAX_TIMER_MS } from '../utils/clock.js';

type Hold = (until: Promise<unknown>) => void;

// On the worker object itself, so that two copies of the library in one process wait for each other's promises.
const HOLD: unique symbol = Symbol.for('cluster-shared-client.exit-hold') as typeof HOLD;

/** What is needed of `cluster.worker`. */
export interface ExitingWorker {
  exitedAfterDisconnect?: boolean;
  [HOLD]?: Hold;
}

/** True where the app closed the channel, on either side: Node will not exit for it. */
export function isIntended(worker: ExitingWorker): boolean {
  return worker.exitedAfterDisconnect === true && worker[HOLD] === undefined;
}

/**
 * Delays Node's exit until `until` and all other promises given so have settled.
 * To be called from a listener of the worker's `disconnect`, or later while another promise still holds.
 */
export function delayExit(
  worker: ExitingWorker,
  until: Promise<unknown>,
  exit: (code: number) => void,
  clock: Clock,
): void {
  worker[HOLD] ??= startHold(worker, exit, clock);
  worker[HOLD](until);
}

/**
 * Node's own listener emits `disconnect` on the worker and then asks `exitedAfterDisconnect`, all in one turn
 * (`_setupWorker` in its lib/internal/cluster/child.js).
 */
function startHold(worker: ExitingWorker, exit: (code: number) => void, clock: Clock): Hold {
  const before = worker.exitedAfterDisconnect;
  worker.exitedAfterDisconnect = true;
  clock.defer(() => {
    worker.exitedAfterDisconnect = before;
  });
  // The closed channel doesn't keep the process alive any more, and what is waited for may not either.
  const awake = clock.setTimer(() => {}, MAX_TIMER_MS);
  awake.ref();
  const release = () => {
    awake.clear();
    exit(0);
  };
  return holdUntilSettled(callback => clock.yield(callback), release);
}

/** Calls `release` in a turn of its own once every promise given has settled, so that their handlers have run. */
export function holdUntilSettled(later: (callback: () => void) => void, release: () => void): Hold {
  let waiting = 0;
  const settled = () => {
    if (--waiting > 0) return;
    later(() => {
      if (waiting === 0) release();
    });
  };
  return until => {
    waiting++;
    until.then(settled, settled);
  };
}
