// Delays the exit that Node does in a cluster worker whose primary died, and does it then in Node's place.

import { type Clock, MAX_TIMER_MS } from '../utils/clock.js';

type Hold = (until: Promise<unknown>) => void;

// On the worker object itself, so that two copies of the library in one process wait for each other's promises.
const HOLD: unique symbol = Symbol.for('cluster-shared-client.exit-hold') as typeof HOLD;
/** What is to run once all other listeners of `disconnect` have run. */
const LAST: unique symbol = Symbol.for('cluster-shared-client.exit-last') as typeof LAST;

type ExitListener = () => void;

/** What is needed of `cluster.worker`. */
export interface ExitingWorker {
  exitedAfterDisconnect?: boolean;
  readonly process: {
    prependListener?(event: 'disconnect', listener: ExitListener): unknown;
    off?(event: 'disconnect', listener: ExitListener): unknown;
  };
  once(event: 'disconnect', listener: ExitListener): unknown;
  [HOLD]?: Hold;
  [LAST]?: ExitListener[];
}

/** True where the app closed the channel, on either side: Node will not exit for it. */
export function isIntended(worker: ExitingWorker): boolean {
  return worker[HOLD] === undefined && worker.exitedAfterDisconnect === true;
}

/**
 * Makes sure that the app's own listeners of `disconnect` see the worker as they would without the library.
 *
 * Node's listener on the process emits `disconnect` on the worker and then asks `exitedAfterDisconnect`, all in one turn
 * (`_setupWorker` in its lib/internal/cluster/child.js). One that comes before it can add the last listener on the worker.
 */
export class DisconnectWatch {
  constructor(private readonly worker: ExitingWorker) {}

  start(): void {
    this.worker.process.prependListener?.('disconnect', this.#first);
  }

  stop(): void {
    this.worker.process.off?.('disconnect', this.#first);
  }

  readonly #first = (): void => {
    const { worker } = this;
    if (worker[LAST]) return;
    const last: ExitListener[] = [];
    worker[LAST] = last;
    worker.once('disconnect', () => {
      delete worker[LAST];
      for (const listener of last) listener();
    });
  };
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

function startHold(worker: ExitingWorker, exit: (code: number) => void, clock: Clock): Hold {
  let isHeld = false;
  const answerNode = () => {
    // The app may have said so itself, in a listener of its own: then it goes on living.
    isHeld = worker.exitedAfterDisconnect !== true;
    if (isHeld) answerOnce(worker, clock);
  };
  if (worker[LAST]) worker[LAST].push(answerNode);
  else answerNode();
  // The closed channel doesn't keep the process alive any more, and what is waited for may not either.
  const awake = clock.setTimer(() => {}, MAX_TIMER_MS);
  awake.ref();
  const release = () => {
    awake.clear();
    if (isHeld) exit(0);
  };
  return holdUntilSettled(callback => clock.yield(callback), release);
}

/** Node, which asks next, hears that the exit is not its affair. Whoever asks after it sees what was there before. */
function answerOnce(worker: ExitingWorker, clock: Clock): void {
  const { exitedAfterDisconnect: value } = worker;
  const restore = () => {
    Object.defineProperty(worker, 'exitedAfterDisconnect', {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  };
  Object.defineProperty(worker, 'exitedAfterDisconnect', {
    get() {
      restore();
      return true;
    },
    enumerable: true,
    configurable: true,
  });
  clock.defer(() => {
    if (Object.getOwnPropertyDescriptor(worker, 'exitedAfterDisconnect')!.get) restore();
  });
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
