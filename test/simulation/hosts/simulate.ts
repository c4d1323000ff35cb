// Shared clients of a fleet on two levels: hosts, workers, a register and messages, all on simulated time, and mishaps by a seed.

import { FleetOnEngine } from '../../../lib/fleet/fleet.js';
import type { SharedClient, SharedClientError } from '../../../lib/index.js';
import { resolveFleetOptions } from '../../../lib/options/options.js';
import { createMemoryCluster, type MemoryCluster, type TestWorker } from '../../../lib/testing.js';
import type { Clock } from '../../../lib/utils/clock.js';
import { VirtualTime } from '../../helpers/clocks/virtual-time.js';
import { MemoryEngine, MemoryStore } from '../../helpers/fleet/memory-engine.js';
import { Random } from '../../helpers/unit/random.js';
import { Broken, type Violation } from '../fleet/promises.js';
import { broken, Servers, SimServer } from './server.js';

const LEASE_MS = 3000;
const TOPICS = ['a', 'b'];
/** After the mishaps everything must be well again within this time. */
const CALM_MS = 40_000;

interface SimWorker {
  readonly id: string;
  readonly host: SimHost;
  readonly worker: TestWorker;
  readonly engine: MemoryEngine;
  readonly fleet: FleetOnEngine;
  readonly client: SharedClient<SimServer>;
  isFrozen: boolean;
  isClosing: boolean;
  /** By topic, what the listener got. */
  readonly subscriptions: Map<string, { last: number; resyncs: number; at: number }>;
  readonly resyncs: Map<string, number>;
  /** Keys of its sticky publications. */
  readonly sticky: Map<string, string>;
}

interface SimHost {
  readonly name: string;
  readonly cluster: MemoryCluster;
  readonly clock: Clock;
  readonly workers: SimWorker[];
  isDead: boolean;
}

interface SimCall {
  readonly id: number;
  readonly isIdempotent: boolean;
  readonly by: SimWorker;
  ends: string[];
}

export interface HostsResult {
  readonly seed: number;
  readonly violation?: Violation;
  readonly calls: number;
  readonly values: number;
  readonly terms: number;
  readonly ends: ReadonlyMap<string, number>;
}

export async function simulateHosts(seed: number, trace: (text: string) => void = () => {}): Promise<HostsResult> {
  const { random } = Math;
  const choices = new Random(seed);
  // Also where the library chooses.
  Math.random = () => choices.next();
  const world = new HostsWorld(seed, choices, trace);
  try {
    await world.run();
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { ...world.result(), violation: error.violation };
  } finally {
    Math.random = random;
  }
  return world.result();
}

class HostsWorld {
  readonly #time: VirtualTime;
  readonly #store = new MemoryStore();
  readonly #servers = new Servers();
  readonly #hosts: SimHost[] = [];
  readonly #calls = new Map<number, SimCall>();
  #values = 0;
  #failure: Broken | undefined;
  #count = 0;

  constructor(
    private readonly seed: number,
    private readonly random: Random,
    private readonly trace: (text: string) => void,
  ) {
    this.#time = new VirtualTime(length => (length > 1 && random.chance(0.3) ? random.below(length) : 0));
  }

  result(): HostsResult {
    const ends = new Map<string, number>();
    for (const { ends: all } of this.#calls.values()) for (const end of all) ends.set(end, (ends.get(end) ?? 0) + 1);
    return { seed: this.seed, calls: this.#calls.size, values: this.#values, terms: this.#servers.opened, ends };
  }

  async run(): Promise<void> {
    const { random } = this;
    const hosts = 2 + random.below(2);
    for (let i = 0; i < hosts; i++) this.#startHost();
    await this.#advance(random.below(2000));
    const steps = 40 + random.below(60);
    for (let i = 0; i < steps; i++) {
      await this.#step();
      await this.#advance(random.chance(0.7) ? random.below(60) : random.below(1500));
    }
    await this.#calm();
    await this.#end();
  }

  // ------------------------------------------------------------------------------------------------------- parts

  #startHost(): SimHost {
    const { random } = this;
    const name = `h${++this.#count}`;
    // Clocks of hosts differ.
    const ahead = random.chance(0.5) ? 0 : random.below(10_000_000);
    const clock: Clock = Object.assign(Object.create(this.#time), { now: () => this.#time.now() + ahead });
    const cluster = createMemoryCluster({ clock, schedule: this.#time.schedule });
    cluster.setupPrimary({ heartbeatMs: 100, leaderTimeoutMs: 400, route: random.chance(0.5) ? 'relay' : 'direct' });
    const host: SimHost = { name, cluster, clock, workers: [], isDead: false };
    this.#hosts.push(host);
    const workers = 1 + random.below(3);
    for (let i = 0; i < workers; i++) this.#fork(host);
    return host;
  }

  #fork(host: SimHost): void {
    const worker = host.cluster.fork();
    const latencyMs = 1 + this.random.below(5);
    const engine = new MemoryEngine({
      store: this.#store,
      clock: worker.clock,
      latencyMs,
      isAlive: () => worker.isAlive,
    });
    const { common } = resolveFleetOptions({ name: 'sim', leaseMs: LEASE_MS, hostName: host.name }, {});
    const fleet = new FleetOnEngine(engine, common, worker.clock);
    const home = {
      name: `${host.name}.${worker.workerId}`,
      clock: worker.clock,
      isRunning: () => worker.isAlive && !forked.isFrozen,
      isAlive: () => worker.isAlive,
      run: (task: () => void) => worker.run(task),
    };
    const client = worker.createSharedClient<SimServer>({
      name: 'up',
      open: ({ term, fail }) => this.#guard(() => new SimServer(this.#servers, home, term, fail)),
      across: fleet,
      timeoutMs: 20_000,
      readyTimeoutMs: 60_000,
      maxLeadersLost: Number.POSITIVE_INFINITY,
      drainTimeoutMs: 1000,
    });
    const forked: SimWorker = {
      id: home.name,
      host,
      worker,
      engine,
      fleet,
      client,
      isFrozen: false,
      isClosing: false,
      subscriptions: new Map(),
      resyncs: new Map(),
      sticky: new Map(),
    };
    client.on('error', () => {});
    client.on('resync', ({ topic }) => {
      const key = topic as string;
      forked.resyncs.set(key, (forked.resyncs.get(key) ?? 0) + 1);
    });
    client.ready().catch(() => {});
    host.workers.push(forked);
    this.trace(`${this.#at} ${home.name} starts`);
  }

  get #at(): string {
    return this.#time.now().toFixed(0);
  }

  /** The library catches what a real client throws. */
  #guard<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof Broken) this.#failure ??= error;
      throw error;
    }
  }

  #broke(promise: string, text: string): void {
    this.#failure ??= broken(promise, text);
  }

  async #advance(ms: number): Promise<void> {
    await this.#time.advance(ms);
    if (this.#failure) throw this.#failure;
  }

  /** Workers whose code runs. */
  get #running(): SimWorker[] {
    return this.#hosts
      .filter(({ isDead }) => !isDead)
      .flatMap(({ workers }) => workers)
      .filter(({ worker, isFrozen, isClosing }) => worker.isAlive && !isFrozen && !isClosing);
  }

  get #liveHosts(): SimHost[] {
    return this.#hosts.filter(({ isDead }) => !isDead);
  }

  // ------------------------------------------------------------------------------------------------------- steps

  async #step(): Promise<void> {
    const { random } = this;
    const workers = this.#running;
    if (workers.length === 0) return void this.#startHost();
    const by = random.pick(workers);
    const kind = random.below(100);
    if (kind < 35) for (let i = 1 + random.below(5); i > 0; i--) this.#call(by);
    else if (kind < 45) this.#subscribe(by);
    else if (kind < 60) for (const topic of TOPICS) this.#servers.emit(topic);
    else if (kind < 70) this.#publish(by);
    else await this.#mishap(by);
  }

  #call(by: SimWorker, isPlain = false): void {
    const { random } = this;
    const id = ++this.#count;
    const isIdempotent = random.chance(0.5);
    const timeoutMs = !isPlain && random.chance(0.2) ? 1 + random.below(300) : 20_000;
    const signal = !isPlain && random.chance(0.1) ? abortAfter(this.#time, random.below(200)) : undefined;
    const call: SimCall = { id, isIdempotent, by, ends: [] };
    this.#calls.set(id, call);
    this.trace(`${this.#at} ${by.id} calls ${id}${isIdempotent ? ', idempotent' : ''}, for ${timeoutMs} ms`);
    const ended = (end: string) => {
      this.trace(`${this.#at} call ${id}: ${end}`);
      if (call.ends.push(end) > 1) this.#broke('once', `call ${id} ended twice: ${call.ends}`);
    };
    by.worker.run(() => {
      by.client
        .with({ idempotent: isIdempotent, timeoutMs, ...(signal && { signal }) })
        .invoke('work', id, random.below(40))
        .then(
          () => ended('ok'),
          (error: SharedClientError) => {
            if ((error as unknown) instanceof Broken) this.#failure ??= error as never;
            ended(error.code ? `${error.code} ${error.outcome}` : error.message);
          },
        );
    });
  }

  #subscribe(by: SimWorker): void {
    const topic = this.random.pick(TOPICS);
    if (by.subscriptions.has(topic)) {
      by.subscriptions.delete(topic);
      return void by.client.unsubscribe(topic);
    }
    const own = { last: 0, resyncs: 0, at: this.#time.now() };
    by.subscriptions.set(topic, own);
    this.trace(`${this.#at} ${by.id} subscribes to ${topic}`);
    by.client.subscribe(topic, given => {
      if (by.subscriptions.get(topic) !== own) return;
      const value = given as number;
      this.#values++;
      this.trace(`${this.#at} ${by.id} has ${topic} ${value}`);
      const resyncs = by.resyncs.get(topic) ?? 0;
      if (value < own.last) this.#broke('order', `${by.id} got ${topic} ${value} after ${own.last}`);
      if (own.last > 0 && value > own.last + 1 && resyncs === own.resyncs)
        this.#broke('resync', `${by.id} got ${topic} ${value} after ${own.last}, and no resync`);
      own.last = value;
      own.resyncs = resyncs;
    });
  }

  #publish(by: SimWorker): void {
    const { random } = this;
    const key = `k${random.below(2)}`;
    if (by.sticky.has(key) && random.chance(0.5)) {
      by.sticky.delete(key);
      this.trace(`${this.#at} ${by.id} unpublishes ${key}`);
      return void by.client.unpublish(key).catch(() => {});
    }
    // A newer one replaces the older at the real client too, which knows them by their arguments.
    const value = `${by.id} ${key}`;
    by.sticky.set(key, value);
    this.trace(`${this.#at} ${by.id} publishes ${value}`);
    by.client
      .with({ sticky: key })
      .publish(value)
      .catch(() => {});
  }

  async #mishap(by: SimWorker): Promise<void> {
    const { random } = this;
    const leading = this.#running.find(({ fleet }) => fleet.status().groups.some(group => group.isHere)) ?? by;
    const on = random.chance(0.5) ? leading : by;
    const { host } = on;
    const what = random.below(11);
    const told = (text: string) => this.trace(`${this.#at} ${text}`);
    if (what === 0) {
      told(`${on.id} is killed`);
      on.worker.kill();
      if (random.chance(0.8)) this.#fork(host);
    } else if (what === 1) {
      told(`host ${host.name} is killed`);
      this.#kill(host);
      if (random.chance(0.8)) this.#startHost();
    } else if (what <= 3) {
      const ms = random.chance(0.5) ? random.below(1500) : random.below(14_000);
      told(`host ${host.name} is cut off for ${ms} ms`);
      for (const { engine } of host.workers) engine.isReachable = false;
      this.#time.setTimer(() => this.#restore(host), ms);
    } else if (what === 4) {
      const ms = random.below(6000);
      told(`${on.id} stands still for ${ms} ms`);
      on.isFrozen = true;
      on.worker.freeze();
      this.#time.setTimer(() => this.#thaw(on), ms);
    } else if (what === 5) {
      const ms = random.below(6000);
      told(`host ${host.name} stands still for ${ms} ms`);
      host.cluster.freezePrimary();
      const frozen = host.workers.filter(({ worker, isFrozen }) => worker.isAlive && !isFrozen);
      for (const one of frozen) {
        one.isFrozen = true;
        one.worker.freeze();
      }
      this.#time.setTimer(() => {
        if (host.isDead) return;
        host.cluster.thawPrimary();
        for (const one of frozen) this.#thaw(one);
      }, ms);
    } else if (what === 6) {
      told(`${on.id} resigns`);
      void on.client.resign().catch(() => {});
    } else if (what === 7) {
      told(`${on.id} asks for a hand-over`);
      void on.fleet.transfer('up').catch(() => {});
    } else if (what === 8) {
      told(`${on.id} closes`);
      on.isClosing = true;
      void on.client.close();
      if (random.chance(0.8)) this.#fork(host);
    } else if (what === 9) {
      told('the real client is lost');
      this.#servers.current?.fail(new Error('lost'));
    } else if (this.#liveHosts.length < 5) this.#startHost();
  }

  #kill(host: SimHost): void {
    host.isDead = true;
    for (const { worker } of host.workers) worker.kill();
    host.cluster.killPrimary();
  }

  #restore(host: SimHost): void {
    for (const { engine, worker } of host.workers) if (worker.isAlive) engine.isReachable = true;
  }

  #thaw(on: SimWorker): void {
    if (!on.worker.isAlive) return;
    this.trace(`${this.#at} ${on.id} goes on`);
    on.isFrozen = false;
    on.worker.thaw();
  }

  // --------------------------------------------------------------------------------------------------------- end

  async #calm(): Promise<void> {
    await this.#advance(15_000);
    if (this.#running.length === 0) this.#startHost();
    for (const topic of TOPICS) this.#servers.emit(topic);
    await this.#advance(CALM_MS);
    for (const topic of TOPICS) this.#servers.emit(topic);
    for (const by of this.#running) this.#call(by, true);
    await this.#advance(25_000);
    this.#judgeCalls();
    this.#judgeSubscriptions();
    this.#judgePublications();
  }

  #judgeCalls(): void {
    for (const { id, ends, by, isIdempotent } of this.#calls.values()) {
      const [end] = ends;
      const runs = this.#servers.runs.get(id) ?? 0;
      if (end === undefined && by.worker.isAlive) this.#broke('ended', `call ${id} of ${by.id} never ended`);
      if (end === 'ok' && runs === 0) this.#broke('ran', `call ${id} is ok and never ran`);
      if (end === 'ok' && !isIdempotent && runs > 1) this.#broke('ran once', `call ${id} is ok and ran ${runs} times`);
      if (isIdempotent && end === 'ERR_LEADER_LOST unknown')
        this.#broke('sent again', `call ${id} is idempotent and ended with ${end}`);
      if (end?.endsWith('not-started') && runs > 0) this.#broke('outcome', `call ${id}: ${end}, and it ran`);
    }
    const last = [...this.#calls.values()].slice(-this.#running.length);
    for (const { id, by, ends } of last)
      if (by.worker.isAlive && !by.isClosing && ends[0] !== 'ok')
        this.#broke('recovery', `call ${id} of ${by.id} ended with ${ends[0]}, long after the last mishap`);
    if (this.#failure) throw this.#failure;
  }

  #judgeSubscriptions(): void {
    for (const { id, subscriptions } of this.#running)
      for (const [topic, { last }] of subscriptions)
        if (last !== this.#servers.values.get(topic))
          throw broken('newest', `${id} has ${topic} ${last}, the newest is ${this.#servers.values.get(topic)}`);
  }

  #judgePublications(): void {
    const expected = new Set(this.#running.flatMap(({ sticky }) => [...sticky.values()]));
    const there = new Set(this.#servers.current?.published.keys() ?? []);
    for (const one of expected) if (!there.has(one)) throw broken('sticky', `${one} is not published`);
    for (const one of there) if (!expected.has(one)) throw broken('sticky', `${one} is still published`);
  }

  async #end(): Promise<void> {
    const alive = this.#hosts.flatMap(({ workers }) => workers).filter(({ worker }) => worker.isAlive);
    const closed = Promise.all(alive.map(({ client }) => client.close())).then(() =>
      Promise.all(alive.map(({ fleet }) => fleet.close())),
    );
    let isClosed = false;
    void closed.then(() => {
      isClosed = true;
    });
    await this.#advance(60_000);
    if (!isClosed) throw broken('close', 'a client or a fleet does not close');
    const left = alive.reduce((count, { engine }) => count + engine.wires.size, 0);
    if (left > 0) throw broken('close', `${left} connections are left`);
    if (this.#servers.current) throw broken('close', 'a real client is left');
    for (const { cluster } of this.#hosts) cluster.close();
  }
}

function abortAfter(clock: Clock, ms: number): AbortSignal {
  const controller = new AbortController();
  clock.setTimer(() => controller.abort(new Error('enough')), ms);
  return controller.signal;
}
