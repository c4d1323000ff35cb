// One simulation: a cluster in memory, the servers of its groups, and all that is done in it and to it.

import type { Primary, PrimaryStatus } from '../../lib/index.js';
import { Random } from '../helpers/unit/random.js';
import { describe, perform, setLatency, starve, thaw } from './actions.js';
import { CallAccount } from './calls.js';
import { SimCluster, type SimProcess } from './cluster.js';
import { SimGroup } from './group.js';
import { LeaderAccount, MARGIN_MS } from './leaders.js';
import { OperationAccount } from './operations.js';
import { leadershipOf, type SeenService, watchLeaders } from './peephole.js';
import { type Action, HEARTBEAT_MS, LEADER_TIMEOUT_MS, type Plan, type Poison, type WorkerPlan } from './plan.js';
import { checkQueues } from './queues.js';
import { SimPrimary } from './sim-primary.js';
import { StreamAccount } from './streams.js';
import { SimTime } from './time.js';
import { innerOf, type SimClient, termNow } from './upstream.js';
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
  readonly streams: StreamAccount;
  readonly operations = new OperationAccount(this);
  readonly leaders: LeaderAccount;
  violation: Violation | undefined;
  /** No fault happens any more. */
  isHealed = false;
  /** Beside each value. */
  readonly padding: string;
  /** When the primary, or all of the machine, last began to run again. */
  disturbedAt = 0;
  /** What was promised to the code of a worker and has not settled. */
  readonly pending = new Map<string, SimWorker | undefined>();
  readonly #cluster: SimCluster;
  readonly simPrimary: SimPrimary;
  readonly #byId = new Map<number, SimWorker>();
  readonly #places: (SimWorker | undefined)[] = [];
  readonly #trace: WorldOptions['trace'];
  readonly #services: ReadonlyMap<unknown, SeenService>;
  #promises = 0;
  /** How many actions were poison. */
  poisonings = 0;
  /** Topics that end or block whoever subscribes to them. */
  readonly poisons = new Map<number, Poison>();
  /** The terms in which something ended or hung the leader. */
  readonly #costs = new Map<string, ReadonlySet<number>>();
  #lastSweep = 0;
  readonly #mostEvents: number;
  #sinceSweep = 0;
  #idleAt = 0;
  /** When the primary last had read all that had come, in its own running time. */
  #idleAtMs = 0;

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
    this.streams = new StreamAccount(this);
    this.leaders = new LeaderAccount(this);
    this.groups = plan.groups.map(group => new SimGroup(this, group));
    this.padding = 'x'.repeat(plan.load?.padding ?? 0);
    this.#cluster = new SimCluster(this.time, plan.cost?.readMs ?? 0, {
      chatters: id => this.#chatters(id),
      speaksUnknown: (id, version) => this.broken('protocol', `a message of w${id}'s channel is in version ${version}`),
    });
    this.simPrimary = new SimPrimary(this, this.#cluster);
    this.simPrimary.setUp();
    this.#services = watchLeaders({
      emits: sender => this.leaders.emits(sender),
      subscribes: (group, workerId) => this.calls.begun(group, workerId),
    });
    if (plan.primary) this.#begin(plan.workers.length, plan.primary, this.#cluster.primary);
    for (const action of plan.actions) this.time.setTimer(() => this.#act(action), action.at);
  }

  get primary(): Primary {
    return this.simPrimary.api;
  }

  status(): PrimaryStatus {
    return this.primary.status();
  }

  leadershipOf({ name }: SimGroup): ReturnType<typeof leadershipOf> {
    return leadershipOf(this.primary, name);
  }

  groupOf(name: string): SimGroup {
    return this.groups.find(group => group.name === name)!;
  }

  workerById(id: number): SimWorker | undefined {
    return this.#byId.get(id);
  }

  /** The worker that has the place now. */
  workerAt(place: number): SimWorker | undefined {
    return this.#places[place];
  }

  /** Until then each message with data costs the primary so much. */
  spendOnData(ms: number, until: number): void {
    this.#cluster.dataCost = { ms, until };
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
    // A term costs no more than its leader, even if a publication is repeated in it and hangs that once more.
    const terms = new Set([...(this.#costs.get(what) ?? [])].filter(isLost)).add(termNow() ?? group.lastTerm);
    this.#costs.set(what, terms);
    if (terms.size > mostLosses(group)) this.broken('cost', `${what} of ${group} cost ${terms.size} leaders`);
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

  /** The primary has had so much else to read for so long that it has come to nothing of this worker's. */
  isUnread(worker: SimWorker): boolean {
    const isBehind = this.runningMs - this.#idleAtMs > UNREAD_MS;
    return isBehind && this.time.now() - this.readAt(worker) > UNREAD_MS;
  }

  /** Nothing that the app said to the primary waits to be read. */
  get isQuiet(): boolean {
    return this.#cluster.inflow.isQuiet;
  }

  get runningMs(): number {
    return this.simPrimary.runningMs;
  }

  get isStalled(): boolean {
    return this.simPrimary.isStalled;
  }

  /** Whether neither this worker nor the primary was hindered for so long. */
  isWell(worker: SimWorker, ms: number): boolean {
    const since = this.time.now() - ms;
    const isRunning = !this.simPrimary.isStalled && !worker.isFrozen && worker.latencyMs === 0;
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
    this.simPrimary.thaw();
    this.simPrimary.open();
    for (const worker of this.alive) {
      thaw(worker);
      worker.process.startReading();
      setLatency(worker, 0);
      starve(worker, false);
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
    if (this.#cluster.primary.isIdle) {
      this.#idleAt = now;
      this.#idleAtMs = this.runningMs;
    }
    for (const worker of this.workers) {
      if (worker.process.isIdle) worker.idleAt = now;
      if (!worker.process.isAlive) worker.died ??= { atMs: this.runningMs, isUnread: this.isUnread(worker) };
    }
    if (now - this.#lastSweep < SWEEP_MS) {
      if (++this.#sinceSweep > this.#mostEvents)
        this.broken('busy', `${this.#mostEvents} events within ${SWEEP_MS} ms`);
      return;
    }
    this.#lastSweep = now;
    this.#sinceSweep = 0;
    this.calls.lookForLate();
    this.streams.lookForLate();
    if (this.workers.some(({ isFrozen }) => isFrozen)) this.leaders.checkHung();
    if (this.plan.load) checkQueues(this, this.plan.load);
  }

  // ---------------------------------------------------------------------------------------------------- actions

  #act(action: Action): void {
    if (this.isHealed) return;
    this.log(() => describe(action));
    this.guard(() => perform(this, action));
  }

  fork(place: number): void {
    const plan = this.plan.workers[place];
    if (!plan || this.#places[place]?.process.isAlive) return;
    this.#begin(place, plan, this.#cluster.fork(plan));
  }

  #begin(place: number, plan: WorkerPlan, process: SimProcess): void {
    const worker = new SimWorker(this, place, plan, process);
    this.#places[place] = worker;
    this.workers.push(worker);
    this.#byId.set(worker.id, worker);
    for (const group of this.groups) worker.run(() => worker.open(group));
  }
}

/** What many events come of. */
const MUCH: ReadonlySet<Action['do']> = new Set(['burst', 'chatter', 'torrent', 'stream']);

/** A well leader is read so often, or something of it waits. */
const UNREAD_MS = LEADER_TIMEOUT_MS - HEARTBEAT_MS - MARGIN_MS;

/** How long poison blocks. */
const POISON_MS = 900;
