// The cluster of a simulation: as `createMemoryCluster` makes it, and the primary as one more process that shares clients.

import type { CreateSharedClient } from '../../lib/client/types.js';
import { Host } from '../../lib/host.js';
import type { Primary, PrimaryOptions } from '../../lib/index.js';
import type { ChannelOptions, TestWorker } from '../../lib/testing.js';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../lib/transport/memory.js';

/** A process, as far as the simulation needs one. */
export type SimProcess = Omit<TestWorker, 'whileLeader'>;

export class SimCluster {
  /** The primary, as far as it is a member: nothing but the end of the cluster ends it. */
  readonly primary: SimProcess;
  readonly #network: MemoryNetwork;
  readonly #host: Host;
  #isAlive = true;

  constructor(options: MemoryNetworkOptions) {
    this.#network = new MemoryNetwork(options);
    const { primaryClock: clock, primaryEnd } = this.#network;
    this.#host = new Host({
      where: 'primary',
      clock,
      createPrimaryEnd: () => primaryEnd,
      setSerialization() {},
      leftovers: { note() {}, forget() {}, remove: address => this.#network.remove(address) },
    });
    this.primary = this.#primaryAsWorker();
  }

  setupPrimary(options: PrimaryOptions): Primary {
    return this.#host.setupPrimary(options);
  }

  fork(options: ChannelOptions): SimProcess {
    const worker = this.#network.fork(options);
    const host = new Host({
      where: 'worker',
      clock: worker.clock,
      createWorkerEnd: () => worker.end,
      createDirect: () => worker.direct,
    });
    return Object.assign(worker, { createSharedClient: clientsOf(host) });
  }

  freezePrimary(): void {
    this.#network.freezePrimary();
  }

  thawPrimary(): void {
    this.#network.thawPrimary();
  }

  killPrimary(): void {
    this.#isAlive = false;
    this.#network.killPrimary();
  }

  close(): void {
    this.#isAlive = false;
    this.#network.close();
  }

  #primaryAsWorker(): SimProcess {
    const { primaryClock: clock } = this.#network;
    const isAlive = () => this.#isAlive;
    const nothing = () => {};
    return {
      workerId: 0,
      pid: process.pid,
      get isAlive() {
        return isAlive();
      },
      kill: nothing,
      freeze: nothing,
      thaw: nothing,
      disconnect: nothing,
      exit: nothing,
      delay: nothing,
      stopReading: nothing,
      startReading: nothing,
      breakConnections: nothing,
      refuseConnections: nothing,
      run: task => clock.yield(task),
      clock,
      createSharedClient: clientsOf(this.#host),
    };
  }
}

const clientsOf =
  (host: Host): CreateSharedClient =>
  (first: unknown, second?: unknown) =>
    host.createSharedClient(first, second) as never;
