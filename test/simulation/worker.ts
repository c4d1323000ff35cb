// One worker of a simulation, and its handles: what the code of an app would do there.

import { type OpenContext, type SharedClient, SharedClientError, type WithOptions } from '../../lib/index.js';
import type { Member } from '../../lib/member/member.js';
import type { Clock } from '../../lib/utils/clock.js';
import type { SimCall } from './calls.js';
import type { SimProcess } from './cluster.js';
import type { SimGroup } from './group.js';
import { OPERATIONS, SUBSCRIBE } from './operations.js';
import { memberOf } from './peephole.js';
import {
  type CallAction,
  DRAIN_TIMEOUT_MS,
  FIRST_WITH_OPERATIONS,
  METHODS,
  OPEN_TIMEOUT_MS,
  type Poison,
  TIMEOUT_MS,
  type Via,
  type WorkerPlan,
} from './plan.js';
import { classFor, innerOf, type SimClient } from './upstream.js';
import type { World } from './world.js';

type Client = SharedClient<SimClient>;

export interface SimSticky {
  readonly version: number;
  readonly handle: SimHandle;
}

/** What is known of one member. */
interface Known {
  readonly id: number;
  /** Live sticky publications. */
  readonly sticky: Map<number, SimSticky>;
}

export class SimHandle {
  isClosing = false;
  isClosed = false;
  /** What its event `error` told: the messages, and how many of them were the library's own. */
  readonly errors = new Set<string>();
  ownErrors = 0;
  readonly member: Member;
  readonly #known: Known;

  constructor(
    readonly worker: SimWorker,
    readonly group: SimGroup,
    readonly client: Client,
  ) {
    this.member = memberOf(client);
    this.#known = worker.known(this.member);
    const { world } = worker;
    client.on('resync', event => world.values.resync(this, event));
    client.on('warning', ({ message }) => world.log(() => `  ${this}: warning ${message}`));
    client.on('error', error => {
      world.log(() => `  ${this}: error ${error}`);
      this.errors.add(error.message);
      if (error instanceof SharedClientError) this.ownErrors++;
    });
    let last = 0;
    client.upstream.on('news', number => {
      world.log(() => `  ${this}: event ${number}`);
      if ((number as number) <= last) world.broken('order', `${this} heard of event ${number} after ${last}`);
      if (this.isClosed) world.broken('after the end', `${this} is closed and heard of event ${number}`);
      last = number as number;
    });
    client.on('warning', ({ message }) => this.#heed(message));
    client.on('close', () => {
      this.isClosed = true;
    });
    let term = 0;
    const grows = (event: { readonly term: number }, role: string) => {
      world.log(() => `  ${this}: is ${role} in term ${group.short(event.term)}`);
      if (event.term < term) world.broken('terms', `${this} went from term ${term} back to ${event.term}`);
      term = event.term;
    };
    client.on('leader', event => grows(event, 'leader'));
    client.on('follower', event => grows(event, 'follower'));
  }

  /** What cost too many leaders is given up. */
  #heed(message: string): void {
    const { world } = this.worker;
    const costly = /were lost while they had (.*) "(\d+|\w+)" in their hands/.exec(message);
    if (!costly) return;
    const [, what, which] = costly;
    if (world.lossesOf(this.group) < mostLosses(this.group)) world.broken('cost', `${this}: ${message}`);
    if (what!.includes('sticky')) this.sticky.delete(Number(which));
    if (what!.includes('subscription')) world.values.giveUp(this, Number(which));
  }

  get memberId(): number {
    return this.#known.id;
  }

  get sticky(): Map<number, SimSticky> {
    return this.#known.sticky;
  }

  get isLive(): boolean {
    return !this.isClosing && this.worker.isLinked;
  }

  toString(): string {
    return `${this.worker}/${this.group}`;
  }
}

export class SimWorker {
  readonly handles: SimHandle[] = [];
  isFrozen = false;
  frozenAt = 0;
  /** When it last began to run again. */
  disturbedAt = 0;
  /** When it was last frozen, slow or the like. */
  unwellAt = 0;
  /** The same in the primary's own running time. */
  unwellAtMs = 0;
  /** When it was killed or exited, in the primary's own running time, and whether that had come to nothing of it for long. */
  died: { readonly atMs: number; readonly isUnread: boolean } | undefined;
  latencyMs = 0;
  /** What it wrote when it was slow arrives until then. */
  lateUntil = 0;
  /** When it had last read all that had come. */
  idleAt = 0;
  /** Its channel was closed. */
  isCut = false;
  readonly clock: Clock;
  readonly #known = new Map<Member, Known>();
  readonly #openers = new Map<SimGroup, Opener>();
  readonly #classes = new Map<SimGroup, new () => SimClient>();

  constructor(
    readonly world: World,
    readonly place: number,
    readonly plan: WorkerPlan,
    readonly process: SimProcess,
  ) {
    this.clock = process.clock;
  }

  get id(): number {
    return this.process.workerId;
  }

  get isLinked(): boolean {
    return this.process.isAlive && !this.isCut;
  }

  known(member: Member): Known {
    let known = this.#known.get(member);
    if (!known) {
      known = { id: this.world.calls.nextId(), sticky: new Map() };
      this.#known.set(member, known);
    }
    return known;
  }

  handleOf(group: SimGroup): SimHandle | undefined {
    return this.handles.find(handle => handle.group === group && !handle.isClosing);
  }

  /** It is disturbed now, or will be for so long. */
  wasUnwell(ms = 0): void {
    this.unwellAt = Math.max(this.unwellAt, this.world.time.now() + ms);
    this.unwellAtMs = Math.max(this.unwellAtMs, this.world.runningMs + ms);
  }

  /** Its real client does something for somebody. */
  work(): void {
    this.process.cpu.spend(this.world.plan.cost?.callMs ?? 0);
  }

  /** Its event loop is blocked, longer than is good for who leads. */
  block(ms: number): void {
    if (this.world.isHealed) return;
    this.world.log(() => `  ${this} is blocked for ${ms} ms`);
    this.process.cpu.spend(ms);
    this.wasDisturbed();
    if (this.id === 0) this.world.simPrimary.wasBlocked(ms);
  }

  /** It runs again, or will when its processor is no longer blocked. */
  wasDisturbed(): void {
    this.disturbedAt = Math.max(this.disturbedAt, this.world.time.now());
    this.wasUnwell();
  }

  /** Its code does this as soon as it runs. */
  run(task: () => void): void {
    this.process.run(() => this.world.guard(task));
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.clock.setTimer(resolve, ms));
  }

  open(group: SimGroup): void {
    const { plan } = group;
    const { eligible, priority } = this.plan;
    const options = {
      name: group.name,
      handover: plan.handover,
      replay: plan.replay,
      ...(eligible !== undefined && { eligible }),
      priority,
      openTimeoutMs: OPEN_TIMEOUT_MS,
      drainTimeoutMs: DRAIN_TIMEOUT_MS,
      timeoutMs: TIMEOUT_MS,
      maxLeadersLost: mostLosses(group),
      methods: METHODS,
      readyTimeoutMs: 3000,
      ...(this.world.plan.seed >= FIRST_WITH_OPERATIONS && WITH_OPERATIONS),
      failOn: ['lost'],
      events: ['news'],
    };
    const client =
      plan.form === 'class'
        ? this.process.createSharedClient(this.#classOf(group), options)
        : this.process.createSharedClient<SimClient>({ ...options, open: this.#openerOf(group) });
    const handle = new SimHandle(this, group, client);
    this.handles.push(handle);
    this.world.handles.push(handle);
  }

  call(handle: SimHandle, given: Omit<CallAction, 'w' | 'g' | 'count'>, kind: 'call' | 'publish'): SimCall {
    const { calls, padding } = this.world;
    const { what, ms, abortMs, signalMs, via = 'run' } = given;
    const id = calls.nextId();
    const abort = abortMs === undefined ? undefined : new AbortController();
    const inside = signalMs === undefined ? undefined : new AbortController();
    const said = kind === 'call' ? via : 'run';
    const { timeoutMs, idempotent, isOneway } = termsOf(said, given);
    const client = handle.client.with({
      ...optionsFor(said, given),
      ...(given.isOneway && { oneway: true }),
      ...(abort && { signal: abort.signal }),
    });
    const throws = what === 'throws';
    const expected = endOf(what, isOneway, abort !== undefined);
    const made = {
      id,
      kind,
      group: handle.group,
      handle,
      timeoutMs,
      idempotent,
      throws,
      isOneway,
      abort,
      inside,
      expected,
    };
    const task = { id, what, ms, ...(inside && { signal: inside.signal }), ...(given.isPadded && { padding }) };
    const call = calls.make(made, () =>
      kind === 'call' ? client.invoke(via, task) : client.publish({ id, owner: handle.memberId }),
    );
    // Signals of what has ended never abort: nothing may listen to them any more.
    const isOver = () => !isOneway && call.end !== undefined;
    if (abort) this.clock.setTimer(() => isOver() || abort.abort(new Error('The caller gave up.')), abortMs!);
    if (inside) this.clock.setTimer(() => isOver() || inside.abort(), signalMs!);
    return call;
  }

  say(handle: SimHandle, key: number, { abortMs, poison, timeoutMs = 20_000 }: Saying = {}): void {
    const { calls } = this.world;
    const id = calls.nextId();
    const version = id;
    const abort = abortMs === undefined ? undefined : new AbortController();
    handle.sticky.set(key, { version, handle });
    const made = {
      id,
      kind: 'sticky' as const,
      group: handle.group,
      handle,
      timeoutMs,
      idempotent: true,
      throws: false,
      isOneway: false,
      abort,
      expected: 'ok',
      key,
    };
    const client = handle.client.with({ sticky: key, timeoutMs, ...(abort && { signal: abort.signal }) });
    calls.make(made, () => client.publish({ id, owner: handle.memberId, key, version, ...(poison && { poison }) }));
    if (!abort) return;
    this.clock.setTimer(() => {
      this.world.log(() => `  ${this}: the signal of sticky ${id} aborts`);
      if (handle.sticky.get(key)?.version === version) handle.sticky.delete(key);
      abort.abort(new Error('The caller gave up.'));
    }, abortMs!);
  }

  /** Until it is known to be taken back, or something else is said under the key. */
  unsay(handle: SimHandle, key: number, timeoutMs?: number): void {
    handle.sticky.delete(key);
    const { calls } = this.world;
    const taking = calls.takes(handle, key);
    const client = timeoutMs === undefined ? handle.client : handle.client.with({ timeoutMs });
    const ended = client.unpublish(key).finally(() => calls.taken(taking));
    const done = ended.catch(() => {
      this.clock.setTimer(() => calls.checkTakenBack(taking), 1);
      if (!handle.isClosing && !handle.sticky.has(key) && this.process.isAlive) this.unsay(handle, key);
    });
    this.world.promised(`unpublish() of ${handle}`, this, done);
  }

  close(handle: SimHandle): void {
    handle.isClosing = true;
    for (const [key, sticky] of handle.sticky) if (sticky.handle === handle) handle.sticky.delete(key);
    this.world.values.forget(handle);
    this.world.promised(`close() of ${handle}`, this, handle.client.close());
  }

  toString(): string {
    return `w${this.process.workerId}`;
  }

  #classOf(group: SimGroup): new () => SimClient {
    let known = this.#classes.get(group);
    if (!known) {
      known = classFor(group.upstream, this);
      this.#classes.set(group, known);
    }
    return known;
  }

  #openerOf(group: SimGroup): Opener {
    let known = this.#openers.get(group);
    if (!known) {
      known = context => group.upstream.open(this, context);
      this.#openers.set(group, known);
    }
    return known;
  }
}

const WITH_OPERATIONS = {
  operations: OPERATIONS,
  methods: { ...METHODS, subscribe: SUBSCRIBE },
  resyncOn: ['back'],
};

interface Saying {
  readonly abortMs?: number | undefined;
  readonly poison?: Poison;
  readonly timeoutMs?: number | undefined;
}

/** How many leaders what is asked for in a group may cost. */
export const mostLosses = ({ plan }: SimGroup): number =>
  plan.handover === 'exclusive' ? 2 : Number.POSITIVE_INFINITY;

/** What a call is given where nothing is said of its method. */
const optionsFor = (via: Via, { timeoutMs, idempotent }: Given): WithOptions =>
  via === 'run' ? { timeoutMs, idempotent } : {};

/** What holds for a call. */
function termsOf(via: Via, given: Given): { timeoutMs: number; idempotent: boolean; isOneway: boolean } {
  const { timeoutMs, idempotent, isOneway = false } = given;
  if (via === 'run') return { timeoutMs, idempotent, isOneway };
  return {
    timeoutMs: via === 'hasty' ? METHODS.hasty.timeoutMs : TIMEOUT_MS,
    idempotent: via === 'again',
    isOneway: isOneway || via === 'drop',
  };
}

function endOf(what: CallAction['what'], isOneway: boolean, isAborted: boolean): string {
  if (isOneway) return 'accepted';
  if (what === 'throws' || isAborted) return 'error';
  return what === 'never' ? 'unknown' : 'ok';
}

type Given = Pick<CallAction, 'timeoutMs' | 'idempotent' | 'isOneway'>;

type Opener = (context: OpenContext) => Promise<SimClient>;

/** The sticky publications that the real client of a leader has heard. */
export const heardBy = (client: SimClient): ReadonlyMap<string, number> => innerOf(client).sticky;
