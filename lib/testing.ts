// For tests, the library's own and those of its users: a cluster in this process, with faults.

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

/** A worker of a {@link MemoryCluster}. `kill`, `freeze` and the like are those of a process. */
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
  /** As the library's, for the code of this worker. */
  readonly createSharedClient: CreateSharedClient;
  /** As the library's, for the code of this worker. */
  readonly whileLeader: typeof whileLeader;
  /** The worker's own time: stands still, for its timers, while it is frozen. */
  readonly clock: Clock;
}

/** A primary and its workers in this process: the real library over channels in memory. */
export interface MemoryCluster extends AsyncDisposable {
  /** As the library's, for this cluster. */
  setupPrimary(options?: PrimaryOptions): Primary;
  /** As the library's, for the code of the primary. */
  readonly createSharedClient: CreateSharedClient;
  fork(options?: ChannelOptions): TestWorker;
  /** Stalls the primary, as SIGSTOP or a blocked event loop does. */
  freezePrimary(): void;
  thawPrimary(): void;
  /** SIGKILL of the primary. */
  killPrimary(): void;
  /** Ends all processes without a word; nothing is left. */
  close(): void;
}

/**
 * A cluster in memory, to test code that shares a client, failovers included, without a child process.
 * What a frozen worker's own code does by itself isn't frozen: only the library's timers and messages are.
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
