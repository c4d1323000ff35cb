// The processor of one process of a simulation: what its code costs, it pays in virtual time. While it is busy nothing else
// of it runs: it reads nothing and fires no timer, and what it sends leaves once it is done.

import type { Connection, ConnectionHandlers, DirectTransport } from '../../lib/transport/direct.js';
import type { PrimaryEnd, WorkerEnd } from '../../lib/transport/transport.js';
import type { SimTime } from './time.js';

/** What stands still and goes on. */
interface Machine {
  freeze(): void;
  thaw(): void;
}

export class SimCpu {
  #isStopped = false;
  #isBusy = false;
  #busyUntil = 0;

  constructor(
    private readonly time: SimTime,
    private readonly machine: Machine,
  ) {}

  /** Until {@link go}, whatever else it has to do. */
  stop(): void {
    this.#isStopped = true;
    this.machine.freeze();
  }

  go(): void {
    this.#isStopped = false;
    if (!this.#isBusy) this.machine.thaw();
  }

  /** The code that runs now takes so long: for it the time has passed at once. */
  spend(ms: number): void {
    if (ms === 0) return;
    this.time.pass(ms);
    this.#busyUntil = this.time.now();
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.time.afterEvent(() => {
      this.machine.freeze();
      this.#wait();
    });
  }

  #wait(): void {
    const end = this.#busyUntil;
    this.time.setTimer(() => {
      if (this.#busyUntil > end) return this.#wait();
      this.#isBusy = false;
      if (!this.#isStopped) this.machine.thaw();
    }, end - this.time.now());
  }
}

/** A worker's end, of which reading a message costs something. */
export const costlyEnd = (end: WorkerEnd, spend: (message: unknown) => void): WorkerEnd => ({
  ...end,
  listen: handlers =>
    end.listen({
      ...handlers,
      message(message, via) {
        spend(message);
        handlers.message(message, via);
      },
    }),
});

/** The same for the primary's. */
export const costlyPrimaryEnd = (end: PrimaryEnd, spend: (message: unknown) => void): PrimaryEnd => ({
  get count() {
    return end.count;
  },
  listen: handlers =>
    end.listen({
      message(peer, message, via) {
        spend(message);
        handlers.message(peer, message, via);
      },
      closed: workerId => handlers.closed(workerId),
      exited: workerId => handlers.exited(workerId),
    }),
  send: (...args) => end.send(...args),
  kill: workerId => end.kill(workerId),
  close: () => end.close(),
});

/** The same for direct connections. */
export function costlyDirect(direct: DirectTransport, spend: () => void): DirectTransport {
  const costly = (handlers: ConnectionHandlers): ConnectionHandlers => ({
    data(chunk) {
      spend();
      handlers.data(chunk);
    },
    drained: () => handlers.drained(),
    closed: problem => handlers.closed(problem),
  });
  return {
    listen: handlers =>
      direct.listen({
        ...handlers,
        accept: (connection: Connection) => costly(handlers.accept(connection)),
      }),
    connect: (address, handlers) => direct.connect(address, costly(handlers)),
    remove: address => direct.remove(address),
  };
}
