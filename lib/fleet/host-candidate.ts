// The real client of a task's group on one host: what the host's leader does in the fleet. It takes part in the election with
// a member of the fleet group, and informs the workers of its host.

import { createOnLink } from '../client/create-on-link.js';
import { createStoredTask } from '../client/leader-task.js';
import type { LeaderTask } from '../client/types-leader-task.js';
import { noOtherHost, notHandedOver } from '../errors/fleet-errors.js';
import { otherLease } from '../errors/fleet-warnings.js';
import { hostHooksOf } from '../leader/host-hooks.js';
import { Link } from '../member/link.js';
import type { OpenContext, ResolvedFleetOptions, ResolvedLeaderTask } from '../options/options.js';
import { newId } from '../protocol/ids.js';
import type { Clock } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import type { Connection } from './connection.js';
import type { Election } from './election-state.js';
import { FleetEnd } from './fleet-end.js';
import { readableIn } from './record.js';

/** What the workers of a host know of a fleet group. Plain data: it is sent as a value. */
export interface HostView {
  readonly term: number;
  readonly hostName?: string;
  readonly isHere: boolean;
  readonly state: 'unknown' | 'vacant' | 'opening' | 'ready';
  readonly leaseMs: number;
  /** How the last term ended. */
  readonly cause?: string;
  readonly connected: boolean;
  readonly isDone: boolean;
}

export const unknownView = (leaseMs: number): HostView => ({
  term: 0,
  isHere: false,
  state: 'unknown',
  leaseMs,
  connected: false,
  isDone: false,
});

/** The topic of {@link HostView}. */
export const VIEW = 'fleet';

export interface HostCandidateOptions {
  readonly fleet: ResolvedFleetOptions;
  readonly connection: Connection;
  readonly task: ResolvedLeaderTask;
  /** The key of the group's record. */
  readonly key: string;
  leads(): number;
  warn(message: string): void;
}

/** How long a hand-over is waited for. */
export const TRANSFER_MS = 30_000;

/** The part of `drainTimeoutMs` that is left to release the term: at most this time, and at most a quarter. */
const RELEASE_MS = 1000;

/** Its public methods are those that other workers of the host can call. */
export class HostCandidate {
  readonly #options: HostCandidateOptions;
  readonly #clock: Clock;
  readonly #end: FleetEnd;
  readonly #link: Link;
  readonly inner: LeaderTask;
  #view: HostView;
  #listener: ((view: HostView) => void) | undefined;
  #waiting: { readonly isDone: (view: HostView) => boolean; readonly resolve: () => void }[] = [];
  #warnedOf: string | undefined;

  constructor(options: HostCandidateOptions, context: OpenContext) {
    const { fleet, connection, task, key, leads } = options;
    const { clock, life = newId(), drainTimeoutMs, hasLease } = hostHooksOf(context);
    const { name, leaseMs, actMs, renewMs, hostName, eligible, priority } = fleet;
    this.#options = options;
    this.#clock = clock;
    this.#view = unknownView(leaseMs);
    this.#end = new FleetEnd({
      clock,
      connection,
      key,
      name: task.name,
      host: life,
      hostName,
      hostTerm: context.term,
      leaseMs,
      actMs,
      renewMs,
      leads,
      hasHostLease: hasLease,
      changed: state => this.#changed(state),
      warn: text => this.#warn(text),
    });
    const hasHostLease = (now: number) => hasLease(now) && this.#end.mayAct(now);
    this.#link = new Link({ clock, end: this.#end, fleet: name, hasHostLease, warn: options.warn });
    const drainMs = drainTimeoutMs - Math.min(RELEASE_MS, drainTimeoutMs / 4);
    const client = { eligible, priority, drainTimeoutMs: Math.max(1, drainMs) };
    this.inner = createStoredTask(createOnLink(this.#link, { drainTimeoutMs }), { ...task, client }, this);
  }

  // ------------------------------------------------------------------------------- for the workers of this host

  subscribe(_topic: string, listener: (view: HostView) => void): void {
    this.#listener = listener;
    listener(this.#view);
  }

  unsubscribe(): void {
    this.#listener = undefined;
  }

  /** Resolves when another host, or the one that was named, leads and is ready. */
  async transfer(hostName?: string): Promise<void> {
    const { name } = this.#options.task;
    const before = await this.#when(view => view.state === 'ready');
    if (before.hostName === hostName) return;
    const { isHere } = before;
    this.#end.transfer(hostName ?? '');
    const after = await this.#when(view => view.state === 'ready' && view.term > before.term);
    const isDone =
      hostName === undefined
        ? after.hostName !== before.hostName || after.isHere !== isHere
        : after.hostName === hostName;
    if (!isDone) throw noOtherHost(name, hostName);
  }

  // ---------------------------------------------------------------------------------------------- for the leader

  /** The task leaves the fleet group, and what it led is released. */
  async close(): Promise<void> {
    await this.inner.close();
    this.#link.close();
    await this.#options.connection.leave(this.#end);
  }

  get isDone(): boolean {
    return this.#end.state.done;
  }

  done(): void {
    this.#end.done();
  }

  get isLeading(): boolean {
    return this.#end.state.lead !== undefined;
  }

  // -------------------------------------------------------------------------------------------------------- inside

  #changed(state: Election): void {
    const before = this.#view;
    this.#view = viewOf(state);
    if (isSame(before, this.#view)) return;
    this.#warnOfOtherLease(state);
    this.#listener?.(this.#view);
    for (const waiter of this.#waiting) if (waiter.isDone(this.#view)) waiter.resolve();
  }

  #warnOfOtherLease({ seen, options }: Election): void {
    const record = readableIn(seen);
    if (!record || record.leaseMs === options.leaseMs || record.nonce === this.#warnedOf) return;
    this.#warnedOf = record.nonce;
    this.#warn(otherLease(this.#options.task.name, record.hostName, record.leaseMs, options.leaseMs));
  }

  /** The fleet emits it, and so does the task. */
  #warn(text: string): void {
    this.#options.warn(text);
    this.#end.warn(text);
  }

  async #when(isDone: (view: HostView) => boolean): Promise<HostView> {
    if (isDone(this.#view)) return this.#view;
    const { promise, resolve, reject } = defer();
    const timer = this.#clock.setTimer(() => reject(notHandedOver(this.#options.task.name, TRANSFER_MS)), TRANSFER_MS);
    const waiter = { isDone, resolve };
    this.#waiting.push(waiter);
    try {
      await promise;
    } finally {
      timer.clear();
      this.#waiting = this.#waiting.filter(other => other !== waiter);
    }
    return this.#view;
  }
}

function viewOf({ seen, group, highest, options, isUp, done }: Election): HostView {
  const { leaseMs, host } = options;
  const at = group?.at;
  const record = readableIn(seen);
  const common = { term: highest, leaseMs, connected: isUp, isDone: done || record?.done === true };
  const cause = group?.cause && { cause: group.cause };
  if (!at) return { ...common, isHere: false, state: 'unknown' };
  if (at.stage === 'vacant') return { ...common, ...cause, isHere: false, state: 'vacant' };
  const state = at.stage === 'opening' ? 'opening' : 'ready';
  const shown = record && { hostName: record.hostName };
  return { ...common, ...cause, ...shown, isHere: record?.host === host, state };
}

const isSame = (a: HostView, b: HostView): boolean => JSON.stringify(a) === JSON.stringify(b);
