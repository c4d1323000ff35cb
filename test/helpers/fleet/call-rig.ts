// Hosts of a fleet in memory, each with workers that share one client, on time that the test owns.

import { EventEmitter } from 'node:events';
import type { ExecutionContext } from 'ava';
import { FleetOnEngine } from '../../../lib/fleet/fleet.js';
import { type ClientOptions, callContext, type ResyncEvent, type SharedClient } from '../../../lib/index.js';
import { resolveFleetOptions } from '../../../lib/options/options.js';
import { createMemoryCluster, type MemoryCluster, type TestWorker } from '../../../lib/testing.js';
import type { Clock } from '../../../lib/utils/clock.js';
import { type Deferred, defer } from '../../../lib/utils/deferred.js';
import { VirtualTime } from '../clocks/virtual-time.js';
import { HEARTBEAT_MS, LEADER_TIMEOUT_MS } from '../system/rig.js';
import { MemoryEngine, MemoryStore } from './memory-engine.js';
import { LEASE_MS } from './rig.js';

/** What the servers of the real clients see. */
export class Seen {
  readonly log: string[] = [];
  readonly live = new Set<Server>();
  readonly held = new Map<unknown, Deferred<unknown>>();
  readonly signals = new Map<unknown, AbortSignal>();
  readonly refuses = new Set<unknown>();
  mostLive = 0;
  opened = 0;
  /** Called by each attempt to open. */
  onOpen: () => unknown = () => {};
}

/** A real client. */
export class Server extends EventEmitter {
  readonly listeners_ = new Map<unknown, (value: unknown) => void>();

  constructor(
    private readonly seen: Seen,
    /** Whether its process is there. */
    private readonly isAlive: () => boolean,
  ) {
    super();
    this.#clean();
    seen.live.add(this);
    seen.opened++;
    seen.mostLive = Math.max(seen.mostLive, seen.live.size);
  }

  #clean(): void {
    for (const server of this.seen.live) if (!server.isAlive()) this.seen.live.delete(server);
  }

  ready(): unknown {
    return this.seen.onOpen();
  }

  async echo<T>(value: T): Promise<T> {
    return value;
  }

  async where(): Promise<{ term: number; name: string; left: number }> {
    const { term, name, deadline } = callContext()!;
    return { term, name, left: deadline };
  }

  made: () => unknown = () => 1;

  async make(): Promise<unknown> {
    return this.made();
  }

  async fails(): Promise<never> {
    throw Object.assign(new RangeError('too far'), { code: 'E_FAR' });
  }

  hold(name: unknown, signal = callContext()!.signal): Promise<unknown> {
    const held = defer<unknown>();
    this.seen.held.set(name, held);
    this.seen.signals.set(name, signal);
    this.seen.log.push(`hold ${String(name)}`);
    return held.promise;
  }

  async *count(to: number): AsyncGenerator<number> {
    for (let i = 1; i <= to; i++) yield i;
  }

  async size(blob: Blob, signal: AbortSignal): Promise<number> {
    this.seen.signals.set('blob', signal);
    return blob.size;
  }

  subscribe(topic: unknown, listener: (value: unknown) => void): void {
    if (topic === 'refused' || this.seen.refuses.has(topic)) throw new Error('not that one');
    this.seen.log.push(`subscribe ${String(topic)}`);
    this.listeners_.set(topic, listener);
  }

  unsubscribe(topic: unknown): void {
    this.seen.log.push(`unsubscribe ${String(topic)}`);
    this.listeners_.delete(topic);
  }

  publish(...args: unknown[]): void {
    this.seen.log.push(`publish ${args.join(' ')}`);
    if (args[0] === 'refused' || this.seen.refuses.has(args[0])) throw new Error('not that');
  }

  unpublish(...args: unknown[]): void {
    this.seen.log.push(`unpublish ${args.join(' ')}`);
  }

  close(): void {
    this.seen.live.delete(this);
    this.seen.log.push('close');
  }
}

export interface CallWorker {
  readonly host: CallHost;
  readonly worker: TestWorker;
  readonly engine: MemoryEngine;
  readonly fleet: FleetOnEngine;
  readonly client: SharedClient<Server>;
  readonly resyncs: ResyncEvent[];
  readonly errors: string[];
  readonly warnings: string[];
}

export interface CallHost {
  readonly name: string;
  readonly cluster: MemoryCluster;
  readonly workers: CallWorker[];
}

export class CallRig {
  readonly time = new VirtualTime();
  readonly store = new MemoryStore();
  readonly seen = new Seen();
  readonly hosts: CallHost[] = [];

  /** Hosts that are ready. The first one leads. */
  async start(
    names: readonly string[],
    options: Partial<ClientOptions<Server>> = {},
    clock: (name: string) => Clock = () => this.time,
  ): Promise<CallWorker[]> {
    for (const name of names) {
      const host = this.host(name, options, clock(name));
      await this.ready(host);
    }
    return this.workers;
  }

  host(name: string, options: Partial<ClientOptions<Server>> = {}, clock: Clock = this.time): CallHost {
    const cluster = createMemoryCluster({ clock, schedule: this.time.schedule });
    cluster.setupPrimary({ heartbeatMs: HEARTBEAT_MS, leaderTimeoutMs: LEADER_TIMEOUT_MS });
    const host: CallHost = { name, cluster, workers: [] };
    this.hosts.push(host);
    for (let i = 0; i < 2; i++) this.fork(host, options);
    return host;
  }

  fork(host: CallHost, options: Partial<ClientOptions<Server>> = {}): CallWorker {
    const worker = host.cluster.fork();
    const engine = new MemoryEngine({ store: this.store, clock: worker.clock, isAlive: () => worker.isAlive });
    const { common } = resolveFleetOptions({ name: 'shop', leaseMs: LEASE_MS, hostName: host.name }, {});
    const fleet = new FleetOnEngine(engine, common, worker.clock);
    const { seen } = this;
    class Own extends Server {
      constructor() {
        super(seen, () => worker.isAlive);
      }
    }
    const client = worker.createSharedClient(Own, {
      name: 'up',
      methods: { echo: { idempotent: true } },
      ...options,
      across: fleet,
    } as never) as unknown as SharedClient<Server>;
    const forked: CallWorker = { host, worker, engine, fleet, client, resyncs: [], errors: [], warnings: [] };
    client
      .on('resync', event => forked.resyncs.push(event))
      .on('error', error => forked.errors.push((error as Error).message))
      .on('warning', ({ message }) => forked.warnings.push(message));
    host.workers.push(forked);
    return forked;
  }

  get workers(): CallWorker[] {
    return this.hosts.flatMap(({ workers }) => workers);
  }

  get alive(): CallWorker[] {
    return this.workers.filter(({ worker }) => worker.isAlive);
  }

  /** The real client. */
  get server(): Server {
    const [server] = this.seen.live;
    return server!;
  }

  async ready(host: CallHost): Promise<void> {
    await this.time.until(Promise.all(host.workers.map(({ client }) => client.ready())));
  }

  /** The worker that leads its host. */
  leaderOf(host: CallHost): CallWorker {
    return host.workers.find(({ worker, client }) => worker.isAlive && client.isLeader)!;
  }

  followerOf(host: CallHost): CallWorker {
    return host.workers.find(({ worker, client }) => worker.isAlive && !client.isLeader)!;
  }

  kill(host: CallHost): void {
    for (const { worker } of host.workers) worker.kill();
    host.cluster.killPrimary();
  }

  cut(host: CallHost, isReachable = false): void {
    for (const { engine } of host.workers) engine.isReachable = isReachable;
  }

  /** Emits a value of a topic, and lets it arrive. */
  async emit(topic: unknown, value: unknown): Promise<void> {
    this.server.listeners_.get(topic)?.(value);
    await this.time.advance(10);
  }

  async finish(t: ExecutionContext): Promise<void> {
    await this.time.until(Promise.all(this.alive.map(({ client }) => client.close())));
    await this.time.until(Promise.all(this.alive.map(({ fleet }) => fleet.close())));
    t.is(this.seen.mostLive, 1, 'two real clients at once');
    for (const { client, engine } of this.alive) {
      const { calls, subscriptions, sticky } = client.status();
      t.deepEqual([calls.waiting, calls.inFlight, subscriptions, sticky], [0, 0, 0, 0]);
      t.is(engine.wires.size, 0, 'a connection is left');
    }
    for (const { cluster } of this.hosts) cluster.close();
  }
}
