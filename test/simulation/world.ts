// One simulation: a cluster in memory, the servers of its groups, and all that is done in it and to it.

import type { Primary, PrimaryStatus } from '../../lib/index.js';
import { Random } from '../helpers/unit/random.js';
import { burst, chatter, torrent, usePoison } from './bulk.js';
import { CallAccount } from './calls.js';
import { SimCluster, type SimProcess } from './cluster.js';
import { LeaderAccount } from './leaders.js';
import { leadershipOf, type SeenService, watchLeaders } from './peephole.js';
import {
  type Action,
  type GroupPlan,
  HEARTBEAT_MS,
  LEADER_TIMEOUT_MS,
  type Plan,
  type Poison,
  type WorkerPlan,
} from './plan.js';
import { checkQueues } from './queues.js';
import { SimTime } from './time.js';
import { breakClient, emitEvent, innerOf, type SimClient, SimUpstream, termNow } from './upstream.js';
import { ValueAccount } from './values.js';
import { mostLosses, type SimHandle, SimWorker } from './worker.js';

/** How often the slower checks are made, and what may happen in between: nothing turns in circles. */
const SWEEP_MS = 25;
const MOST_EVENTS = 2500;

export interface Violation {
  /** Which promise was broken, in a word or two. */
  readonly promise: string;
  readonly text: string;
}

/** `isInOrder`: by the leader's own wish, and nothing hindered it. */
interface EndedTerm {
  readonly term: number;
  readonly isInOrder: boolean;
  /** It died, or was silent. */
  readonly isLost: boolean;
  readonly leader: SimWorker | undefined;
}

export class SimGroup {
  readonly upstream: SimUpstream;
  /** The last term that was given out, and the last in which a leader began something. */
  lastTerm = 0;
  actedTerm = 0;
  appointedAt = 0;
  /** When nobody who served it had a lease, last. */
  idleAt = 0;
  readonly ended: EndedTerm[] = [];
  readonly #terms: number[] = [];

  constructor(
    world: World,
    readonly plan: GroupPlan,
  ) {
    this.upstream = new SimUpstream(world, this);
  }

  get name(): string {
    return this.plan.name;
  }

  /** A term as a small number, for whoever reads. */
  short(term: number): string {
    if (term === 0) return 'none';
    if (!this.#terms.includes(term)) this.#terms.push(term);
    return `#${this.#terms.indexOf(term) + 1}`;
  }

  toString(): string {
    return this.plan.name;
  }
}

export interface WorldOptions {
  /** Gets each line of the trace. */
  readonly trace?: (line: string) => void;
}

export class World {
  readonly time: SimTime;
  readonly groups: SimGroup[];
  /** All that ever were. */
  readonly workers: SimWorker[] = [];
  readonly handles: SimHandle[] = [];
  readonly calls: CallAccount;
  readonly values: ValueAccount;
  readonly leaders: LeaderAccount;
  violation: Violation | undefined;
  isStalled = false;
  /** No fault happens any more. */
  isHealed = false;
  /** It was closed, and not yet set up again. */
  isShut = false;
  /** Beside each value. */
  readonly padding: string;
  /** When the primary, or all of the machine, last began to run again. */
  disturbedAt = 0;
  /** What was promised to the code of a worker and has not settled. */
  readonly pending = new Map<string, SimWorker | undefined>();
  readonly #cluster: SimCluster;
  #primary!: Primary;
  readonly #byId = new Map<number, SimWorker>();
  readonly #places: (SimWorker | undefined)[] = [];
  readonly #trace: WorldOptions['trace'];
  readonly #services: ReadonlyMap<unknown, SeenService>;
  #promises = 0;
  #poisons = 0;
  /** Topics that end or block whoever subscribes to them. */
  readonly poisons = new Map<number, Poison>();
  /** The terms in which something ended or hung the leader. */
  readonly #costs = new Map<string, number[]>();
  #lastSweep = 0;
  readonly #mostEvents: number;
  #sinceSweep = 0;
  #idleAt = 0;
  #stall = 0;
  #shut = 0;
  #stalledAt = 0;
  #stalledMs = 0;
  /** Until then code in the primary takes its time. */
  #blockedUntil = 0;

  constructor(
    readonly plan: Plan,
    { trace }: WorldOptions = {},
  ) {
    this.#trace = trace;
    this.time = new SimTime(new Random(plan.seed * 31 + 7), plan.jitterMs);
    const isMuch = plan.actions.some(action => MUCH.has(action.do));
    this.#mostEvents = isMuch ? 8 * MOST_EVENTS : MOST_EVENTS;
    this.calls = new CallAccount(this);
    this.values = new ValueAccount(this);
    this.leaders = new LeaderAccount(this);
    this.groups = plan.groups.map(group => new SimGroup(this, group));
    this.padding = 'x'.repeat(plan.load?.padding ?? 0);
    this.#cluster = new SimCluster(this.time, plan.cost?.readMs ?? 0, id => this.#chatters(id));
    this.#setUp();
    this.#services = watchLeaders({
      emits: sender => this.leaders.emits(sender),
      subscribes: (group, workerId) => this.calls.begun(group, workerId),
    });
    if (plan.primary) this.#begin(plan.workers.length, plan.primary, this.#cluster.primary);
    for (const action of plan.actions) this.time.setTimer(() => this.#act(action), action.at);
  }

  get primary(): Primary {
    return this.#primary;
  }

  status(): PrimaryStatus {
    return this.#primary.status();
  }

  leadershipOf({ name }: SimGroup): ReturnType<typeof leadershipOf> {
    return leadershipOf(this.#primary, name);
  }

  groupOf(name: string): SimGroup {
    return this.groups.find(group => group.name === name)!;
  }

  get alive(): SimWorker[] {
    return this.workers.filter(({ process }) => process.isAlive);
  }

  /** Who serves now, in processes that live. */
  services(group?: SimGroup): SeenService[] {
    const seen: SeenService[] = [];
    for (const one of this.#services.values()) {
      if ((!group || one.group === group.name) && this.#byId.get(one.workerId)?.process.isAlive) seen.push(one);
    }
    return seen;
  }

  /** Asked after every event. */
  countLeases(group: SimGroup): number {
    let count = 0;
    for (const { group: name, workerId, service } of this.#services.values()) {
      const worker = this.#byId.get(workerId);
      if (name !== group.name || !service.hasLease() || !worker?.process.isAlive) continue;
      count++;
      if (worker.process.leases?.has(name, service.term) === false)
        this.broken(
          'lease',
          `${worker} takes one for term ${group.short(service.term)} of ${name}, and was given none`,
        );
    }
    return count;
  }

  /** How many leaders were lost. */
  lossesOf({ ended }: SimGroup): number {
    return ended.filter(({ isInOrder }) => !isInOrder).length;
  }

  leaderOf(group: SimGroup): SimWorker | undefined {
    const id = this.leadershipOf(group)?.leader;
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** The real client of its leader. */
  clientOf(group: SimGroup): SimClient | undefined {
    const leader = this.leaderOf(group);
    return group.upstream.live.find(one => innerOf(one).home === leader && innerOf(one).closingSince === undefined);
  }

  log(line: () => string): void {
    this.#trace?.(`${this.time.now().toFixed(2)} ${line()}`);
  }

  /** A promise was broken: the first one counts. */
  broken(promise: string, text: string): void {
    this.log(() => `BROKEN: ${promise}: ${text}`);
    this.violation ??= { promise, text };
  }

  /** Poison takes effect in a leader. @returns what never settles, unless all is well by now */
  poisoned(what: string, group: SimGroup, home: SimWorker, how: Poison): Promise<never> | undefined {
    if (this.isHealed || home.id === 0) return undefined;
    // A leader that hung for a while and then resigned was not lost.
    const isLost = (term: number) => !group.ended.some(ended => ended.term === term && !ended.isLost);
    const terms = [...(this.#costs.get(what) ?? []).filter(isLost), termNow() ?? group.lastTerm];
    this.#costs.set(what, terms);
    if (terms.length > mostLosses(group)) this.broken('cost', `${what} of ${group} cost ${terms.length} leaders`);
    this.log(() => `  ${home}: ${what} ${how} it`);
    if (how === 'hangs') home.block(POISON_MS);
    // Once the code that runs has come to its end.
    else queueMicrotask(() => home.process.kill());
    return new Promise(() => {});
  }

  guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.broken('threw', error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  promised(what: string, worker: SimWorker | undefined, promise: PromiseLike<unknown>): void {
    const name = `${what}, ${++this.#promises}`;
    this.pending.set(name, worker);
    const settled = () => void this.pending.delete(name);
    promise.then(settled, settled);
  }

  /** What others say waits behind it here, though not with Node, which reads all channels in turn. */
  #chatters(workerId: number): void {
    for (const other of this.workers) if (other.id !== workerId) other.wasUnwell();
  }

  /** When the primary last read a message of this worker's. */
  readAt({ id }: SimWorker): number {
    return this.#cluster.inflow.readAt(id);
  }

  /** Nothing that the app said to the primary waits to be read. */
  get isQuiet(): boolean {
    return this.#cluster.inflow.isQuiet;
  }

  /** The time in which the primary ran. */
  get runningMs(): number {
    const now = this.time.now();
    const isYetToCome = Math.max(0, this.#blockedUntil - now);
    return now - this.#stalledMs + isYetToCome - (this.isStalled ? now - this.#stalledAt : 0);
  }

  /** Whether neither this worker nor the primary was hindered for so long. */
  isWell(worker: SimWorker, ms: number): boolean {
    const since = this.time.now() - ms;
    const isRunning = !this.isStalled && !worker.isFrozen && worker.latencyMs === 0;
    return isRunning && this.disturbedAt < since && worker.unwellAt < since;
  }

  /** Whether for so long nothing that it wrote came late. It may be dead, whatever hindered it before. */
  isReadInTime(worker: SimWorker, ms: number): boolean {
    if (worker.process.isAlive) return this.isWell(worker, ms);
    return worker.latencyMs === 0 && worker.lateUntil < this.time.now() - ms;
  }

  /** The primary, or all of the machine, runs again, or will in so long. */
  wasDisturbed(ms = 0): void {
    this.disturbedAt = Math.max(this.disturbedAt, this.time.now() + ms);
  }

  /** Code in the primary has taken so long: as much has passed for it, and for others is yet to come. */
  wasBlocked(ms: number): void {
    this.#stalledMs += ms;
    this.#blockedUntil = this.time.now();
    this.wasDisturbed();
  }

  jump(ms: number): void {
    this.log(() => `  everything stands still for ${ms} ms`);
    this.time.jump(ms);
    this.wasDisturbed();
    for (const worker of this.workers) {
      worker.wasDisturbed();
    }
  }

  /** Lets events run until `isDone` or for `ms`, and checks after each of them. @returns whether it is done */
  async run(ms: number, isDone: () => boolean = () => false): Promise<boolean> {
    let isReached = false;
    let turn = 0;
    await this.time.run(this.time.now() + ms, () => {
      this.#check();
      if (++turn % 8 === 0) isReached = isDone();
      return isReached || this.violation !== undefined;
    });
    return isReached || (this.violation === undefined && isDone());
  }

  /** When the primary and each of these last had read all that had come. */
  idleAt(...workers: readonly SimWorker[]): number {
    return Math.min(this.#idleAt, ...workers.map(({ idleAt }) => idleAt));
  }

  /** No fault any more. */
  heal(): void {
    this.isHealed = true;
    this.log(() => 'all faults end');
    for (const { upstream } of this.groups) upstream.illness = undefined;
    this.#thawPrimary();
    this.#openPrimary();
    for (const worker of this.alive) {
      this.#thaw(worker);
      worker.process.startReading();
      this.#setLatency(worker, 0);
      if (worker.isCut) worker.process.kill();
    }
  }

  killPrimary(): void {
    this.log(() => 'the primary dies');
    this.#cluster.killPrimary();
  }

  /** Ends the cluster without a word. */
  end(): void {
    watchLeaders();
    this.#cluster.close();
  }

  // ----------------------------------------------------------------------------------------------------- checks

  #check(): void {
    this.leaders.check();
    const now = this.time.now();
    if (this.#cluster.primary.isIdle) this.#idleAt = now;
    for (const worker of this.workers) {
      if (worker.process.isIdle) worker.idleAt = now;
      if (!worker.process.isAlive) worker.diedAtMs ??= this.runningMs;
    }
    if (now - this.#lastSweep < SWEEP_MS) {
      if (++this.#sinceSweep > this.#mostEvents)
        this.broken('busy', `${this.#mostEvents} events within ${SWEEP_MS} ms`);
      return;
    }
    this.#lastSweep = now;
    this.#sinceSweep = 0;
    this.calls.lookForLate();
    if (this.workers.some(({ isFrozen }) => isFrozen)) this.leaders.checkHung();
    if (this.plan.load) checkQueues(this, this.plan.load);
  }

  // ---------------------------------------------------------------------------------------------------- actions

  #act(action: Action): void {
    if (this.isHealed) return;
    this.log(() => describe(action));
    this.guard(() => this.#perform(action));
  }

  #perform(action: Action): void {
    switch (action.do) {
      case 'fork':
        return this.#fork(action.w);
      case 'stall':
        return this.#stallPrimary(action.ms);
      case 'jump':
        return this.jump(action.ms);
      case 'wall':
        this.time.wallShift += action.ms;
        return;
      case 'shut':
        return this.#shutPrimary(action.ms);
    }
    const group = this.groups[action.g];
    if (!group) return;
    switch (action.do) {
      case 'push':
        return group.upstream.push(action.topic, action.count);
      case 'break':
        for (const client of group.upstream.live) breakClient(client);
        return;
      case 'event':
        for (const client of group.upstream.live) emitEvent(client);
        return;
      case 'ill':
        return this.#infect(group, action);
      case 'transfer':
        return this.#transfer(group, action.to);
    }
    const worker = action.w === -1 ? this.leaderOf(group) : this.#places[action.w];
    if (!worker?.process.isAlive) return;
    if (worker.id === 0 && HARMS.has(action.do)) return;
    switch (action.do) {
      case 'kill':
        worker.process.kill();
        return;
      case 'freeze':
        return this.#freeze(worker, action.ms);
      case 'slow':
        this.#setLatency(worker, action.latencyMs);
        this.time.setTimer(() => this.#setLatency(worker, 0), action.ms);
        return;
      case 'deaf':
        worker.process.stopReading();
        worker.wasUnwell(action.ms);
        this.time.setTimer(() => worker.process.startReading(), action.ms);
        return;
      case 'disconnect':
        worker.isCut = true;
        worker.process.disconnect();
        this.time.setTimer(() => worker.process.kill(), action.ms);
        return;
      case 'exit':
        return worker.process.exit();
      case 'sever':
        return worker.process.breakConnections();
      case 'refuse':
        worker.process.refuseConnections(true);
        this.time.setTimer(() => worker.process.refuseConnections(false), action.ms);
        return;
      case 'open':
        return worker.run(() => worker.open(group));
      case 'chatter':
        return chatter(worker, action);
      case 'torrent':
        return torrent(worker, group, action, (ms, until) => {
          this.#cluster.dataCost = { ms, until };
        });
    }
    worker.run(() => {
      const handle = worker.handleOf(group);
      if (handle) this.#use(handle, action);
    });
  }

  #use(handle: SimHandle, action: Action): void {
    const { worker } = handle;
    switch (action.do) {
      case 'call':
      case 'publish':
        for (let i = 0; i < action.count; i++) worker.call(handle, action, action.do);
        return;
      case 'poison':
        return usePoison(handle, action, ++this.#poisons);
      case 'burst':
        return burst(handle, action);
      case 'sticky':
        return worker.say(handle, action.key, action.abortMs);
      case 'unpublish':
        return worker.unsay(handle, action.key, action.timeoutMs);
      case 'subscribe':
        return this.values.subscribe(handle, action.topic, action.how);
      case 'unsubscribe': {
        const own = this.values.of(handle);
        if (own.length > 0) this.values.unsubscribe(own[action.which % own.length]!);
        return;
      }
      case 'close':
        return worker.close(handle);
      case 'resign':
        return this.promised(`resign() of ${handle}`, worker, handle.client.resign());
      case 'aside':
        return handle.member.giveWay();
      case 'ready':
        return this.promised(`ready() of ${handle}`, worker, handle.client.ready());
    }
  }

  #fork(place: number): void {
    const plan = this.plan.workers[place];
    if (!plan || this.#places[place]?.process.isAlive) return;
    this.#begin(place, plan, this.#cluster.fork({ serialization: plan.serialization }));
  }

  #begin(place: number, plan: WorkerPlan, process: SimProcess): void {
    const worker = new SimWorker(this, place, plan, process);
    this.#places[place] = worker;
    this.workers.push(worker);
    this.#byId.set(worker.id, worker);
    for (const group of this.groups) worker.run(() => worker.open(group));
  }

  #transfer(group: SimGroup, to: number): void {
    const worker = this.#places[to];
    if (to !== -1 && !worker) return;
    this.promised(`transfer() of ${group}`, undefined, this.#primary.transfer(group.name, worker?.process.workerId));
  }

  #infect(group: SimGroup, { how, delayMs, ms }: Extract<Action, { do: 'ill' }>): void {
    const illness = { how, delayMs };
    group.upstream.illness = illness;
    this.time.setTimer(() => {
      if (group.upstream.illness === illness) group.upstream.illness = undefined;
    }, ms);
  }

  #freeze(worker: SimWorker, ms: number): void {
    if (worker.isFrozen) return;
    worker.isFrozen = true;
    worker.frozenAt = this.time.now();
    worker.process.cpu.stop();
    this.time.setTimer(() => this.#thaw(worker), ms);
  }

  #thaw(worker: SimWorker): void {
    if (!worker.isFrozen) return;
    this.log(() => `${worker} thaws`);
    worker.isFrozen = false;
    worker.wasDisturbed();
    worker.process.cpu.go();
  }

  #setLatency(worker: SimWorker, latencyMs: number): void {
    if (worker.latencyMs > 0) {
      worker.wasUnwell(worker.latencyMs);
      worker.lateUntil = this.time.now() + worker.latencyMs;
    }
    worker.latencyMs = latencyMs;
    worker.process.delay(latencyMs);
  }

  #stallPrimary(ms: number): void {
    if (this.isStalled) return;
    this.isStalled = true;
    this.#stalledAt = this.time.now();
    const own = this.#byId.get(0);
    if (own) own.isFrozen = true;
    this.#cluster.primary.cpu.stop();
    const stall = ++this.#stall;
    this.time.setTimer(() => stall === this.#stall && this.#thawPrimary(), ms);
  }

  #thawPrimary(): void {
    if (!this.isStalled) return;
    this.log(() => 'the primary runs again');
    this.isStalled = false;
    this.#stalledMs += this.time.now() - this.#stalledAt;
    this.wasDisturbed();
    const own = this.#byId.get(0);
    if (own) {
      own.isFrozen = false;
      own.wasDisturbed();
    }
    this.#cluster.primary.cpu.go();
  }

  #setUp(): void {
    this.#primary = this.#cluster.setupPrimary({
      heartbeatMs: HEARTBEAT_MS,
      leaderTimeoutMs: LEADER_TIMEOUT_MS,
      hungLeader: this.plan.hungLeader,
      route: this.plan.route ?? 'relay',
      ...(this.plan.load && {
        maxQueuedBytes: this.plan.load.maxQueuedBytes,
        maxQueuedTotalBytes: this.plan.load.maxQueuedTotalBytes,
      }),
    });
    this.leaders.watch(this.#primary);
  }

  #shutPrimary(ms: number): void {
    if (this.isShut) return;
    this.#cluster.primary.run(() => {
      this.log(() => 'the primary is closed');
      this.isShut = true;
      this.wasDisturbed();
      this.leaders.shut();
      this.calls.forgetSaid();
      this.promised('close() of the primary', undefined, this.#primary.close());
      const shut = ++this.#shut;
      this.time.setTimer(() => shut === this.#shut && this.#cluster.primary.run(() => this.#openPrimary()), ms);
    });
  }

  #openPrimary(): void {
    if (!this.isShut) return;
    this.log(() => 'the primary is set up again');
    this.isShut = false;
    // What had waited for its turn is taken back as well.
    this.calls.forgetSaid();
    this.wasDisturbed();
    this.#setUp();
  }
}

/** What befalls no primary: it has actions of its own. */
const HARMS: ReadonlySet<Action['do']> = new Set(['kill', 'freeze', 'slow', 'deaf', 'disconnect', 'exit']);

/** What many events come of. */
const MUCH: ReadonlySet<Action['do']> = new Set(['burst', 'chatter', 'torrent']);

/** How long poison blocks. */
const POISON_MS = 900;

/** An action on one line. */
export function describe({ at, do: what, ...rest }: Action): string {
  const details = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  return `at ${at}: ${what} ${details.join(' ')}`;
}
