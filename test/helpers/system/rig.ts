// The whole library on a cluster in memory, on time that the test owns, and the check that nothing is left of it.

import type { ExecutionContext } from 'ava';
import type {
  ClientOptions,
  Primary,
  PrimaryOptions,
  ResyncEvent,
  SharedClient,
  SharedClientError,
  ValueInfo,
} from '../../../lib/index.js';
import { INVITE_AFTER_MS } from '../../../lib/member/leader-routes.js';
import type { Packet } from '../../../lib/protocol/messages.js';
import { createMemoryCluster, type MemoryCluster, type TestWorker } from '../../../lib/testing.js';
import type { MemoryWorker } from '../../../lib/transport/memory.js';
import { type Pick, VirtualTime } from '../clocks/virtual-time.js';
import { Forger } from '../unit/forger.js';
import { FakeClient, type Home, Upstream } from './client.js';
import { RigHosts } from './hosts.js';

export type Client = SharedClient<FakeClient>;

/**
 * `'mixed'`: every second worker's channel carries JSON. `'direct'`: as advanced, and the direct route. `'fleet'`: each worker is on a
 * host of its own.
 */
export type Channels = 'advanced' | 'json' | 'mixed' | 'direct' | 'fleet';

export interface RigOptions {
  readonly channels?: Channels;
  /** `false`: the test sets it up itself. */
  readonly primary?: PrimaryOptions | false;
  readonly pick?: Pick;
  readonly latencyMs?: number;
}

/** Short, so that tests are easy to read. */
export const HEARTBEAT_MS = 100;
export const LEADER_TIMEOUT_MS = 400;

export class Rig {
  readonly time: VirtualTime;
  readonly cluster: MemoryCluster;
  readonly workers: TestWorker[] = [];
  readonly #channels: Channels;
  readonly #primaryHome: Home;
  readonly #upstreams = new Map<string, Upstream>();
  readonly #classes = new Map<string, new () => FakeClient>();
  readonly #forgers = new Map<object, { up(message: unknown): void; down(message: unknown): void }>();
  readonly #handles: { readonly client: Client; readonly home: Home }[] = [];
  #primary: Primary | undefined;
  /** Events of the primary, in order, as text. */
  readonly events: string[] = [];
  readonly warnings: string[] = [];
  /** Only of `'fleet'`. */
  readonly #hosts?: RigHosts;

  constructor({ channels = 'advanced', primary = {}, pick, latencyMs }: RigOptions = {}) {
    this.#channels = channels;
    this.time = new VirtualTime(pick);
    this.#primaryHome = { workerId: 0, isAlive: true, clock: this.time, run: this.time.schedule };
    this.cluster = createMemoryCluster({
      clock: this.time,
      schedule: this.time.schedule,
      ...(latencyMs && { latencyMs }),
    });
    if (channels === 'fleet') this.#hosts = new RigHosts(this.time);
    else if (primary) this.setup(primary);
  }

  /** The route that the primary asks for. */
  get route(): 'relay' | 'direct' {
    return this.#channels === 'direct' ? 'direct' : 'relay';
  }

  get primary(): Primary {
    return this.#primary!;
  }

  killPrimary(): void {
    this.cluster.killPrimary();
    // A dead one closes nothing.
    this.#primary = undefined;
  }

  setup(options: PrimaryOptions = {}): Primary {
    const primary = this.cluster.setupPrimary({
      route: this.route,
      heartbeatMs: HEARTBEAT_MS,
      leaderTimeoutMs: LEADER_TIMEOUT_MS,
      ...options,
    });
    this.#primary = primary;
    primary
      .on('appointed', ({ name, workerId }) => this.events.push(`${name}: ${workerId} appointed`))
      .on('ready', ({ name, workerId }) => this.events.push(`${name}: ${workerId} ready`))
      .on('deposed', ({ name, workerId, cause }) => this.events.push(`${name}: ${workerId} ${cause}`))
      .on('join', ({ name, workerId }) => this.events.push(`${name}: ${workerId} joined`))
      .on('leave', ({ name, workerId }) => this.events.push(`${name}: ${workerId} left`))
      .on('vacant', ({ name }) => this.events.push(`${name}: vacant`))
      .on('warning', ({ message }) => this.warnings.push(message));
    return primary;
  }

  /** Events of the primary that tell who leads. */
  get story(): string[] {
    return this.events.filter(event => !/joined|left/.test(event));
  }

  fork(): TestWorker {
    if (this.#hosts) return this.#added(this.#hosts.fork());
    const isJson = this.#channels === 'json' || (this.#channels === 'mixed' && this.workers.length % 2 === 1);
    const worker = this.cluster.fork({ serialization: isJson ? 'json' : 'advanced' });
    return this.#added(worker);
  }

  #added(worker: TestWorker): TestWorker {
    this.workers.push(worker);
    this.#forge(worker as unknown as MemoryWorker);
    return worker;
  }

  #forge(worker: MemoryWorker): void {
    const up = new Forger('up');
    const down = new Forger('down');
    const { end } = worker;
    const send = end.send.bind(end);
    const receive = worker.receive.bind(worker);
    end.send = (message, written, via) => send(up.own(message), written, via);
    worker.receive = (message, written) => receive(down.own(message as object), written);
    this.#forgers.set(worker, {
      up: message => send(up.forged(message) as object, () => {}),
      down: message => receive(down.forged(message), () => {}),
    });
  }

  upstream(name = 'g'): Upstream {
    let upstream = this.#upstreams.get(name);
    if (!upstream) {
      upstream = new Upstream();
      upstream.newestTerm = () => this.#primary?.status().groups.find(group => group.name === name)?.term ?? 0;
      this.#upstreams.set(name, upstream);
    }
    return upstream;
  }

  /** The class that the code of a worker, or of the primary, would have. */
  classFor(worker: TestWorker | undefined, name = 'g'): new () => FakeClient {
    const upstream = this.upstream(name);
    const home = this.#homeOf(worker);
    const key = `${home.workerId} ${name}`;
    let Class = this.#classes.get(key);
    if (!Class) {
      Class = class Registry extends FakeClient {
        constructor() {
          super(upstream, home);
        }
      };
      this.#classes.set(key, Class);
    }
    return Class;
  }

  /** A handle in a worker; in the primary where there is none. */
  client(worker: TestWorker | undefined, options: Partial<ClientOptions<FakeClient>> = {}): Client {
    const { name = 'g' } = options;
    const create = worker ? worker.createSharedClient : this.cluster.createSharedClient;
    const across = worker && this.#hosts?.fleetOf(worker);
    const client = create(this.classFor(worker, name), { name, ...options, ...(across && { across }) });
    return this.adopt(client, worker);
  }

  #homeOf(worker: TestWorker | undefined): Home {
    return (worker && this.#hosts?.homeOf(worker)) ?? worker ?? this.#primaryHome;
  }

  /** Watches a handle that the test made itself. */
  adopt<C extends SharedClient<object>>(client: C, worker: TestWorker | undefined): C {
    this.#handles.push({ client: client as unknown as Client, home: this.#homeOf(worker) });
    return client;
  }

  /** Workers with a handle each, which are ready; the first one leads, because it was there before the others. */
  async clients(
    count: number,
    options: Partial<ClientOptions<FakeClient>> | ((index: number) => Partial<ClientOptions<FakeClient>>) = {},
  ): Promise<Client[]> {
    const clients: Client[] = [];
    for (let i = 0; i < count; i++) {
      clients.push(this.client(this.fork(), typeof options === 'function' ? options(i) : options));
    }
    await this.time.until(Promise.all(clients.map(client => client.ready())));
    return clients;
  }

  /** Where data is to go by the direct route, waits until connections are there. */
  async connect(): Promise<void> {
    if (this.#channels === 'direct') await this.time.advance(INVITE_AFTER_MS);
    await this.time.settle();
  }

  /** The worker that leads, as the primary sees it. */
  leader(name = 'g'): TestWorker {
    if (this.#hosts) return this.#hosts.leader(name)!;
    const id = this.primary.status().groups.find(group => group.name === name)?.leader?.workerId;
    return this.workers.find(({ workerId }) => workerId === id)!;
  }

  /** A worker that doesn't lead. */
  follower(name = 'g'): TestWorker {
    const leader = this.leader(name);
    return this.workers.find(worker => worker !== leader && worker.isAlive)!;
  }

  freeze(worker: TestWorker): void {
    worker.freeze();
    for (const upstream of this.#upstreams.values()) upstream.frozen.add(worker.workerId);
  }

  /** Its real client counts again once it has read what came meanwhile. */
  async thaw(worker: TestWorker): Promise<void> {
    worker.thaw();
    await this.time.settle();
    for (const upstream of this.#upstreams.values()) upstream.frozen.delete(worker.workerId);
  }

  /** Puts something on a channel as if a neighbour, or a broken copy of the library, had sent it. */
  sendUp(worker: TestWorker, message: unknown): void {
    this.#forgers.get(worker)!.up(message);
  }

  /** What goes over a worker's channel from now on. */
  spy(worker: TestWorker): { readonly up: Packet[]; readonly down: Packet[] } {
    const up: Packet[] = [];
    const down: Packet[] = [];
    const target = worker as unknown as MemoryWorker;
    const { end } = target;
    const send = end.send.bind(end);
    const receive = target.receive.bind(target);
    end.send = (message, written, via) => {
      up.push(message as Packet);
      send(message, written, via);
    };
    target.receive = (message, written) => {
      down.push(message as Packet);
      receive(message, written);
    };
    return { up, down };
  }

  sendDown(worker: TestWorker, message: unknown): void {
    this.#forgers.get(worker)!.down(message);
  }

  /** Ends all in good order, and looks for what is left. */
  async finish(t: ExecutionContext): Promise<void> {
    this.cluster.thawPrimary();
    for (const worker of this.workers) {
      worker.startReading();
      await this.thaw(worker);
    }
    const alive = this.#handles.filter(({ home }) => home.isAlive);
    await this.time.until(Promise.all(alive.map(({ client }) => client.close())));
    if (this.#primary) await this.time.until(this.#primary.close());
    if (this.#hosts) await this.time.until(this.#hosts.finish());
    await this.time.settle();
    for (const { client } of alive) {
      const { calls, subscriptions, sticky } = client.status();
      t.deepEqual([calls.waiting, calls.inFlight, subscriptions, sticky], [0, 0, 0, 0]);
    }
    for (const upstream of this.#upstreams.values()) {
      t.deepEqual(upstream.violations, []);
      t.deepEqual(upstream.live.length, 0, 'a real client is left');
      for (const client of upstream.clients.filter(client => FakeClient.home(client).isAlive)) {
        const { error: _, ...listeners } = FakeClient.listeners(client);
        t.deepEqual(listeners, {}, 'a listener is left on a real client');
      }
    }
    t.deepEqual(this.time.waiting, [], 'a timer is left');
    this.cluster.close();
  }
}

/** How something ended, as text: `'ok'`, a code of ours with its outcome, or the message of an error. */
export async function endOf(promise: PromiseLike<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    const { code, outcome, message } = error as SharedClientError;
    if (code === undefined) return message ?? String(error);
    return outcome ? `${code} ${outcome}` : code;
  }
}

/** Tells how a promise ended without waiting for it. */
export function watch(promise: PromiseLike<unknown>): { end: string | undefined } {
  const watched: { end: string | undefined } = { end: undefined };
  void endOf(promise).then(end => {
    watched.end = end;
  });
  return watched;
}

/** Records what a listener gets. */
export function recorder(): {
  listener: (value: unknown, info: ValueInfo) => void;
  values: unknown[];
  infos: ValueInfo[];
} {
  const values: unknown[] = [];
  const infos: ValueInfo[] = [];
  const listener = (value: unknown, info: ValueInfo) => {
    values.push(value);
    infos.push(info);
  };
  return { listener, values, infos };
}

/** Records the events of a handle, in order, as text. */
export function eventsOf(client: SharedClient<object>): string[] {
  const events: string[] = [];
  client
    .on('leader', () => events.push('leader'))
    .on('follower', () => events.push('follower'))
    .on('resync', ({ key, reason }: ResyncEvent) => events.push(`resync ${key} ${reason}`))
    .on('error', error => events.push(`error ${error instanceof Error ? error.message : String(error)}`))
    .on('warning', ({ message }) => events.push(`warning ${message}`))
    .on('close', () => events.push('close'));
  return events;
}
