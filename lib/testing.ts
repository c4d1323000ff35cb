// For tests of the library and of its users: a cluster in this process, with simulated faults.

import { createLeaderTask } from './client/leader-task.js';
import type { CreateSharedClient } from './client/types.js';
import type { PrimaryOptions } from './options/options.js';
import type { Primary } from './router/primary-types.js';
import { Runtime } from './runtime/runtime.js';
import {
  type ChannelOptions,
  MemoryNetwork,
  type MemoryNetworkOptions,
  type MemoryWorker,
} from './transport/memory.js';
import type { Clock } from './utils/clock.js';
import type { whileLeader } from './while-leader.js';

export type { ChannelOptions, MemoryNetworkOptions } from './transport/memory.js';
export type { Clock, Timer } from './utils/clock.js';

/** A worker of a {@link MemoryCluster}. `kill`, `freeze` and the like act as on a process. */
export interface TestWorker
  extends Pick<
    MemoryWorker,
    | 'workerId'
    | 'pid'
    | 'isAlive'
    | 'kill'
    | 'freeze'
    | 'thaw'
    | 'disconnect'
    | 'exit'
    | 'delay'
    | 'stopReading'
    | 'startReading'
    | 'breakConnections'
    | 'refuseConnections'
    | 'run'
  > {
  /** Like the library's function, for the code of this worker. */
  readonly createSharedClient: CreateSharedClient;
  /** Like the library's function, for the code of this worker. */
  readonly whileLeader: typeof whileLeader;
  /** The worker's own clock. Its timers do not fire while the worker is frozen. */
  readonly clock: Clock;
}

/** A primary and its workers in this process: the real library over channels in memory. */
export interface MemoryCluster extends AsyncDisposable {
  /** Like the library's function, for this cluster. */
  setupPrimary(options?: PrimaryOptions): Primary;
  /** Like the library's function, for the code of the primary. */
  readonly createSharedClient: CreateSharedClient;
  fork(options?: ChannelOptions): TestWorker;
  /** Stops the primary, like SIGSTOP or a blocked event loop. */
  freezePrimary(): void;
  thawPrimary(): void;
  /** Ends the primary, like SIGKILL. */
  killPrimary(): void;
  /** Ends all processes without notice. Nothing remains. */
  close(): void;
}

/**
 * A cluster in memory, to test code that shares a client, including failovers, without child processes. `freeze` stops
 * only the library's timers and messages of a worker, not the worker's own code.
 */
export function createMemoryCluster(options: MemoryNetworkOptions = {}): MemoryCluster {
  const network = new MemoryNetwork(options);
  const primaryHost = new Runtime({
    where: 'primary',
    clock: network.primaryClock,
    createPrimaryEnd: () => network.primaryEnd,
    setSerialization() {},
    leftovers: { note() {}, forget() {}, remove: address => network.remove(address) },
  });
  const cluster: MemoryCluster = {
    setupPrimary: given => primaryHost.setupPrimary(given),
    createSharedClient: clientsOf(primaryHost),
    fork: given => forkWorker(network, given),
    freezePrimary: () => network.freezePrimary(),
    thawPrimary: () => network.thawPrimary(),
    killPrimary: () => network.killPrimary(),
    close: () => network.close(),
    async [Symbol.asyncDispose]() {
      network.close();
    },
  };
  return cluster;
}

function forkWorker(network: MemoryNetwork, options: ChannelOptions | undefined): TestWorker {
  const worker = network.fork(options);
  const host = new Runtime({
    where: 'worker',
    clock: worker.clock,
    createWorkerEnd: () => worker.end,
    createDirect: () => worker.direct,
  });
  const createSharedClient = clientsOf(host);
  const whileLeader: TestWorker['whileLeader'] = (...args) => createLeaderTask(createSharedClient, ...args);
  return Object.assign(worker, { createSharedClient, whileLeader });
}

const clientsOf = (host: Runtime): CreateSharedClient => {
  return (first: unknown, second?: unknown) => host.createSharedClient(first, second) as never;
};
