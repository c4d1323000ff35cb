// The cluster of a simulation: as `createMemoryCluster` makes it, and the primary as one more process that shares clients.

import type { CreateSharedClient } from '../../lib/client/types.js';
import type { Primary, PrimaryOptions } from '../../lib/index.js';
import { Runtime } from '../../lib/runtime/runtime.js';
import type { TestWorker } from '../../lib/testing.js';
import { MemoryNetwork } from '../../lib/transport/memory.js';
import type { PrimarySide } from '../../lib/transport/memory-worker.js';
import { costlyDirect, costlyEnd, costlyPrimaryEnd, SimCpu } from './cpu.js';
import { type Chatter, Inflow, isChatter } from './inflow.js';
import { LeaseWitness } from './leases.js';
import type { WorkerPlan } from './plan.js';
import { SimSockets } from './sockets.js';
import type { SimTime } from './time.js';
import { ofLaterRelease } from './versions.js';

/** A process, as far as the simulation needs one. */
export type SimProcess = Omit<TestWorker, 'whileLeader' | 'freeze' | 'thaw'> & {
  /** It runs, and has read all that came. */
  readonly isIdle: boolean;
  /** Also what freezes and thaws it. */
  readonly cpu: SimCpu;
  /** None of the primary, which is no further from itself than a call. */
  readonly leases?: LeaseWitness;
  readonly sockets?: SimSockets;
  /** A message of the app's to the primary. */
  send(message: Chatter): void;
};

const hasData = (message: unknown) => 'd' in (message as object);

interface ClusterWatcher {
  /** A worker sends what its app says to the primary, or the primary reads it. */
  chatters(workerId: number): void;
  /** A message of a worker's channel is in another version than the common one. */
  speaksUnknown(workerId: number, version: number): void;
}

export class SimCluster {
  /** The primary, as far as it is a member: nothing but the end of the cluster ends it. */
  readonly primary: SimProcess;
  /** What it costs the primary beside that to read a message with data, and until when. */
  dataCost = { ms: 0, until: 0 };
  readonly inflow: Inflow;
  readonly #network: MemoryNetwork;
  readonly #host: Runtime;
  /** Addresses whose sockets somebody removed. */
  readonly #removed = new Set<string>();
  readonly #cpu: SimCpu;
  #isAlive = true;

  /** @param readMs what it costs each process to read a message */
  constructor(
    private readonly time: SimTime,
    private readonly readMs: number,
    private readonly watcher: ClusterWatcher,
  ) {
    this.#network = new MemoryNetwork({ clock: time, schedule: time.schedule });
    this.inflow = new Inflow(time.now, workerId => watcher.chatters(workerId));
    // It is both.
    this.inflow.watch(this.#network.primaryEnd as unknown as PrimarySide);
    const { primaryClock: clock } = this.#network;
    this.#cpu = new SimCpu(time, {
      freeze: () => this.#network.freezePrimary(),
      thaw: () => this.#network.thawPrimary(),
    });
    const primaryEnd = costlyPrimaryEnd(this.#network.primaryEnd, message =>
      this.#cpu.spend(isChatter(message) ? message.readMs : readMs + this.#dataMs(message)),
    );
    this.#host = new Runtime({
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

  fork({ serialization, isLater }: Pick<WorkerPlan, 'serialization' | 'isLater'>): SimProcess {
    const worker = this.#network.fork({ serialization });
    const cpu = new SimCpu(this.time, worker);
    const read = () => cpu.spend(this.readMs);
    const leases = new LeaseWitness(worker.workerId);
    const sockets = new SimSockets(worker.direct, worker.clock, this.#removed);
    const host = new Runtime({
      where: 'worker',
      clock: worker.clock,
      createWorkerEnd: () => leases.watch(costlyEnd(isLater ? later() : worker.end, read)),
      createDirect: () => costlyDirect(sockets, read),
    });
    const later = () => ofLaterRelease(worker.end, version => this.watcher.speaksUnknown(worker.workerId, version));
    const send = (message: Chatter) => {
      this.inflow.sent(worker.workerId);
      worker.end.send(message, () => {});
    };
    return Object.assign(worker, { cpu, leases, sockets, send, createSharedClient: clientsOf(host) });
  }

  #dataMs(message: unknown): number {
    const { ms, until } = this.dataCost;
    return hasData(message) && this.time.now() < until ? ms : 0;
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
    const isIdle = () => this.#network.isPrimaryIdle;
    const nothing = () => {};
    return {
      workerId: 0,
      pid: process.pid,
      get isAlive() {
        return isAlive();
      },
      get isIdle() {
        return isIdle();
      },
      cpu: this.#cpu,
      send: nothing,
      kill: nothing,
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
  (host: Runtime): CreateSharedClient =>
  (first: unknown, second?: unknown) =>
    host.createSharedClient(first, second) as never;
