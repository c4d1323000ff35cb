// One worker of a simulation, and its handles: what the code of an app would do there.

import type { OpenContext, SharedClient } from '../../lib/index.js';
import type { Member } from '../../lib/member/member.js';
import type { TestWorker } from '../../lib/testing.js';
import type { Clock } from '../../lib/utils/clock.js';
import type { SimCall } from './calls.js';
import { memberOf } from './peephole.js';
import { DRAIN_TIMEOUT_MS, OPEN_TIMEOUT_MS, type WorkerPlan } from './plan.js';
import { classFor, innerOf, type SimClient, type Task } from './upstream.js';
import type { SimGroup, World } from './world.js';

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
    client.on('error', error => world.log(() => `  ${this}: error ${error}`));
    let last = 0;
    client.upstream.on('news', number => {
      world.log(() => `  ${this}: event ${number}`);
      if ((number as number) <= last) world.broken('order', `${this} heard of event ${number} after ${last}`);
      if (this.isClosed) world.broken('after the end', `${this} is closed and heard of event ${number}`);
      last = number as number;
    });
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
  latencyMs = 0;
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
    readonly process: TestWorker,
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
      eligible,
      priority,
      openTimeoutMs: OPEN_TIMEOUT_MS,
      drainTimeoutMs: DRAIN_TIMEOUT_MS,
      timeoutMs: 2000,
      readyTimeoutMs: 3000,
      restartOn: ['lost'],
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

  call(
    handle: SimHandle,
    given: Pick<Task, 'what' | 'ms'> & { timeoutMs: number; idempotent: boolean; abortMs?: number },
    kind: 'call' | 'publish',
  ): SimCall {
    const { calls } = this.world;
    const { what, ms, timeoutMs, idempotent, abortMs } = given;
    const id = calls.nextId();
    const abort = abortMs === undefined ? undefined : new AbortController();
    const client = handle.client.with({ timeoutMs, idempotent, ...(abort && { signal: abort.signal }) });
    const made = { id, kind, group: handle.group, handle, timeoutMs, idempotent, throws: what === 'throws', abort };
    const call = calls.make(made, () =>
      kind === 'call' ? client.invoke('run', { id, what, ms }) : client.publish({ id, owner: handle.memberId }),
    );
    if (abort) this.clock.setTimer(() => abort.abort(new Error('The caller gave up.')), abortMs!);
    return call;
  }

  say(handle: SimHandle, key: number): void {
    const { calls } = this.world;
    const id = calls.nextId();
    const timeoutMs = 20_000;
    const version = id;
    handle.sticky.set(key, { version, handle });
    const made = {
      id,
      kind: 'sticky' as const,
      group: handle.group,
      handle,
      timeoutMs,
      idempotent: true,
      throws: false,
    };
    calls.make(made, () =>
      handle.client.with({ sticky: key, timeoutMs }).publish({ id, owner: handle.memberId, key, version }),
    );
  }

  unsay(handle: SimHandle, key: number): void {
    handle.sticky.delete(key);
    this.world.promised(`unpublish() of ${handle}`, this, handle.client.unpublish(key));
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

type Opener = (context: OpenContext) => Promise<SimClient>;

/** The sticky publications that the real client of a leader has heard. */
export const heardBy = (client: SimClient): ReadonlyMap<string, number> => innerOf(client).sticky;
