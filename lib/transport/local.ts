// The transport within one process, for the primary's own member (worker 0). Messages are passed by reference.

import type { Clock } from '../utils/clock.js';
import type { PrimaryEnd, PrimaryEndHandlers, WorkerEnd, WorkerEndHandlers } from './transport.js';

/** Both ends of a channel within this process. It never closes, and its worker never exits. */
export interface LocalPair {
  readonly primaryEnd: PrimaryEnd;
  readonly workerEnd: WorkerEnd;
}

/**
 * Messages are delivered later, in order and by reference: the sender must not change them. Messages sent before the other
 * end listens are lost, as on a real channel.
 */
export function createLocalPair(clock: Clock, pid = process.pid): LocalPair {
  const up = new Way<PrimaryEndHandlers>(clock);
  const down = new Way<WorkerEndHandlers>(clock);
  const self = { workerId: 0, pid };
  return {
    primaryEnd: {
      isByReference: true,
      count: 0,
      listen: handlers => up.listen(handlers),
      send: (workerId, message, written) =>
        down.send(to => workerId === self.workerId && to.message(message, 'public'), written),
      // A process cannot report its own kill.
      kill() {},
      close: () => up.close(down),
    },
    workerEnd: {
      kind: 'local',
      self,
      isByReference: true,
      listen: handlers => down.listen(handlers),
      send: (message, written) => up.send(to => to.message(self, message, 'public'), written),
      close: () => down.close(up),
    },
  };
}

/** One direction. */
class Way<Handlers> {
  readonly #clock: Clock;
  #handlers: Handlers | undefined;
  #isOpen = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  listen(handlers: Handlers): void {
    this.#handlers = handlers;
  }

  send(deliver: (to: Handlers) => void, written: () => void): void {
    const isOpen = this.#isOpen;
    this.#clock.defer(() => {
      if (isOpen && this.#handlers) deliver(this.#handlers);
      written();
    });
  }

  /** Closes the receiving side. It also stops sending in direction `back`. */
  close(back: Way<unknown>): void {
    this.#handlers = undefined;
    back.#isOpen = false;
  }
}
