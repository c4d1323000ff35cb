// Hosts of a fleet in memory: each a primary with workers, all on one store and on time that the test owns.

import type { ExecutionContext } from 'ava';
import { FleetOnEngine } from '../../../lib/fleet/fleet.js';
import type { LeaderTask, LeaderTaskOptions } from '../../../lib/index.js';
import { resolveFleetOptions } from '../../../lib/options/options.js';
import { createMemoryCluster, type MemoryCluster, type TestWorker } from '../../../lib/testing.js';
import { type Deferred, defer } from '../../../lib/utils/deferred.js';
import { VirtualTime } from '../clocks/virtual-time.js';
import { HEARTBEAT_MS, LEADER_TIMEOUT_MS } from '../system/rig.js';
import { MemoryEngine, MemoryStore } from './memory-engine.js';

export const LEASE_MS = 6000;
export const ACT_MS = 4000;
export const RENEW_MS = 750;

export interface Run {
  readonly host: string;
  readonly workerId: number;
  readonly term: number;
  readonly signal: AbortSignal;
  readonly startedAt: number;
  readonly end: Deferred<void>;
  endedAt: number | undefined;
}

export interface FleetWorker {
  readonly host: Host;
  readonly worker: TestWorker;
  readonly engine: MemoryEngine;
  readonly fleet: FleetOnEngine;
  readonly task: LeaderTask;
}

export interface Host {
  readonly name: string;
  readonly cluster: MemoryCluster;
  readonly workers: FleetWorker[];
}

export interface TaskOptions extends LeaderTaskOptions {
  /** Doesn't end when its signal aborts. */
  readonly ignores?: boolean;
}

export class FleetRig {
  readonly time = new VirtualTime();
  readonly store: MemoryStore;
  readonly hosts: Host[] = [];
  readonly runs: Run[] = [];
  readonly events: string[] = [];
  /** Of the fleets, and of their tasks. */
  readonly warnings: string[] = [];
  readonly taskWarnings: string[] = [];
  readonly errors: string[] = [];

  constructor(options: { readonly announces?: boolean } = {}) {
    this.store = new MemoryStore(options);
  }

  /** A host with workers, each of which has the task. */
  host(name: string, workers = 2, given: object = {}, options: TaskOptions = {}): Host {
    const { time } = this;
    const cluster = createMemoryCluster({ clock: time, schedule: time.schedule });
    cluster.setupPrimary({ heartbeatMs: HEARTBEAT_MS, leaderTimeoutMs: LEADER_TIMEOUT_MS });
    const host: Host = { name, cluster, workers: [] };
    this.hosts.push(host);
    for (let i = 0; i < workers; i++) this.fork(host, given, options);
    return host;
  }

  fork(host: Host, given: object = {}, { ignores, ...options }: TaskOptions = {}): FleetWorker {
    const worker = host.cluster.fork();
    const engine = new MemoryEngine({ store: this.store, clock: worker.clock });
    const { common } = resolveFleetOptions({ name: 'shop', leaseMs: LEASE_MS, hostName: host.name, ...given }, {});
    const fleet = new FleetOnEngine(engine, common, worker.clock);
    const id = `${host.name}${worker.workerId}`;
    fleet.on('leader', event => this.events.push(`${id}: ${event.host} leads`));
    fleet.on('lost', event => this.events.push(`${id}: ${event.host} lost, ${event.cause}`));
    fleet.on('warning', ({ message }) => this.warnings.push(`${id}: ${message}`));
    const run = async (signal: AbortSignal, term: number): Promise<void> => {
      const begun: Run = {
        host: host.name,
        workerId: worker.workerId,
        term,
        signal,
        startedAt: this.time.now(),
        end: defer(),
        endedAt: undefined,
      };
      this.runs.push(begun);
      if (!ignores) signal.addEventListener('abort', () => begun.end.reject(signal.reason));
      await begun.end.promise.finally(() => {
        begun.endedAt = this.time.now();
      });
    };
    const task = worker.whileLeader('report', (signal, { term }) => run(signal, term), { ...options, across: fleet });
    task.on('error', error => this.errors.push(`${id}: ${error}`));
    task.on('warning', ({ message }) => this.taskWarnings.push(`${id}: ${message}`));
    const forked: FleetWorker = { host, worker, engine, fleet, task };
    host.workers.push(forked);
    return forked;
  }

  async until(count: number): Promise<Run> {
    await this.time.reached(() => this.runs.length >= count);
    return this.runs.at(-1)!;
  }

  get where(): string[] {
    return this.runs.map(({ host, workerId }) => `${host}${workerId}`);
  }

  /** The worker of the last run. */
  get leading(): FleetWorker {
    const { host, workerId } = this.runs.at(-1)!;
    const { workers } = this.hosts.find(({ name }) => name === host)!;
    return workers.find(({ worker }) => worker.workerId === workerId)!;
  }

  kill(host: Host): void {
    for (const { worker } of host.workers) worker.kill();
    host.cluster.killPrimary();
  }

  cut(host: Host, isReachable = false): void {
    for (const { engine } of host.workers) engine.isReachable = isReachable;
  }

  freeze(host: Host): void {
    host.cluster.freezePrimary();
    for (const { worker } of host.workers) worker.freeze();
  }

  thaw(host: Host): void {
    host.cluster.thawPrimary();
    for (const { worker } of host.workers) worker.thaw();
  }

  async finish(t: ExecutionContext): Promise<void> {
    const alive = this.hosts.flatMap(({ workers }) => workers).filter(({ worker }) => worker.isAlive);
    await this.time.until(Promise.all(alive.map(({ task }) => task.close())));
    await this.time.until(Promise.all(alive.map(({ fleet }) => fleet.close())));
    const left = alive.reduce((count, { engine }) => count + engine.wires.size, 0);
    t.is(left, 0, 'a connection is left');
    for (const { cluster } of this.hosts) cluster.close();
  }
}
