// Delays the exit of a cluster worker whose primary died: prevents Node's exit, and exits later in its place.

import { type Clock, MAX_TIMER_MS } from '../utils/clock.js';

type Hold = (until: Promise<unknown>) => void;

// Stored on the worker object, so that two copies of the library in one process wait for each other's promises.
const HOLD: unique symbol = Symbol.for('cluster-shared-client.exit-hold') as typeof HOLD;
/** Callbacks that run after all other listeners of `disconnect`. */
const LAST: unique symbol = Symbol.for('cluster-shared-client.exit-last') as typeof LAST;

type ExitListener = () => void;

/** The used part of `cluster.worker`. */
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

/** Whether the app closed the channel, on either side. Node does not exit then. */
export function isIntended(worker: ExitingWorker): boolean {
  return worker[HOLD] === undefined && worker.exitedAfterDisconnect === true;
}

/**
 * Ensures that the app's own `disconnect` listeners see the worker as they would without this library.
 *
 * Node's listener on the process emits `disconnect` on the worker and then reads `exitedAfterDisconnect`, in the same turn
 * (`_setupWorker` in its lib/internal/cluster/child.js). A listener that runs before it can add the last listener on the
 * worker.
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
 * Delays Node's exit until `until` and all other promises passed here have settled. Must be called from a listener of the
 * worker's `disconnect`, or later while another promise still holds the exit.
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
    // The app may have set this itself, in its own listener. The process then keeps running.
    isHeld = worker.exitedAfterDisconnect !== true;
    if (isHeld) answerOnce(worker, clock);
  };
  if (worker[LAST]) worker[LAST].push(answerNode);
  else answerNode();
  // The closed channel no longer keeps the process alive, and the awaited promises may not either.
  const awake = clock.setTimer(() => {}, MAX_TIMER_MS);
  awake.ref();
  const release = () => {
    awake.clear();
    if (isHeld) exit(0);
  };
  return holdUntilSettled(callback => clock.yield(callback), release);
}

/** Node reads the property next and gets `true`, so it does not exit. Later readers get the original value. */
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

/** Calls `release` in its own turn once all promises have settled, so that their handlers have run. */
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
