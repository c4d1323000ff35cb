// A host's place in a fleet group: the election, the link whose other end is the record, and what is known of the leader.

import { noOtherHost, notHandedOver } from '../errors/fleet-errors.js';
import { otherLease } from '../errors/fleet-warnings.js';
import type { HostHooks } from '../leader/host-hooks.js';
import { Link } from '../member/link.js';
import type { FleetView, ResolvedFleetOptions } from '../options/options.js';
import { newId } from '../protocol/ids.js';
import type { Clock } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import type { Connection } from './connection.js';
import type { Election } from './election-state.js';
import { FleetEnd } from './fleet-end.js';
import { readableIn } from './record.js';

export interface SeatOptions {
  readonly fleet: ResolvedFleetOptions;
  readonly connection: Connection;
  /** The key of the group's record, and the name that users know. */
  readonly key: string;
  readonly name: string;
  /** Whether the group has calls. */
  readonly hasCalls: boolean;
  /** How many other groups this process leads in the fleet. */
  leads(): number;
  warn(message: string): void;
}

/** How long a hand-over is waited for. */
export const TRANSFER_MS = 30_000;

/** The part of `drainTimeoutMs` that is left to release the term: at most this time, and at most a quarter. */
const RELEASE_MS = 1000;

export const unknownView = (leaseMs: number): FleetView => ({
  term: 0,
  isHere: false,
  state: 'unknown',
  leaseMs,
  failures: 0,
  connected: false,
  isDone: false,
});

export class Seat {
  readonly link: Link;
  /** What is left of the host's `drainTimeoutMs` for the member of the fleet group. */
  readonly drainTimeoutMs: number;
  readonly #options: SeatOptions;
  readonly #clock: Clock;
  readonly #end: FleetEnd;
  readonly #viewed: () => void;
  #view: FleetView;
  #waiting: { readonly isDone: (view: FleetView) => boolean; readonly resolve: () => void }[] = [];
  #warnedOf: string | undefined;

  /** @param viewed the view has changed */
  constructor(options: SeatOptions, hooks: HostHooks, hostTerm: number, viewed: () => void) {
    const { fleet, connection, key, name, hasCalls, leads } = options;
    const { clock, life = newId(), drainTimeoutMs, hasLease } = hooks;
    const { leaseMs, actMs, renewMs, hostName } = fleet;
    this.#options = options;
    this.#clock = clock;
    this.#viewed = viewed;
    this.#view = unknownView(leaseMs);
    this.drainTimeoutMs = Math.max(1, drainTimeoutMs - Math.min(RELEASE_MS, drainTimeoutMs / 4));
    this.#end = new FleetEnd({
      clock,
      connection,
      key,
      name,
      host: life,
      hostName,
      hostTerm,
      leaseMs,
      actMs,
      renewMs,
      hasCalls,
      leads,
      hasHostLease: hasLease,
      changed: state => this.#changed(state),
      warn: text => this.warn(text),
    });
    const { streams } = this.#end;
    this.link = new Link({
      clock,
      end: this.#end,
      fleet: fleet.name,
      hasHostLease: now => hasLease(now) && this.#end.mayAct(now),
      ...(streams && { createDirect: () => streams }),
      warn: options.warn,
    });
  }

  get view(): FleetView {
    return this.#view;
  }

  get isDone(): boolean {
    return this.#end.state.done;
  }

  /** Whether this process holds the fleet's lease. */
  get isLeading(): boolean {
    return this.#end.state.lead !== undefined;
  }

  /** The task is done for good. */
  done(): void {
    this.#end.done();
  }

  /** The fleet emits it, and so do the handles of the group. */
  warn(text: string): void {
    this.#options.warn(text);
    this.#end.warn(text);
  }

  /** Resolves when another host, or the one that was named, leads and is ready. */
  async transfer(hostName?: string): Promise<void> {
    const { name } = this.#options;
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

  /** The member has left the group. Resolves when the connection is closed, if this was its last user. */
  async leave(): Promise<void> {
    this.link.close();
    await this.#options.connection.leave(this.#end);
  }

  #changed(state: Election): void {
    const before = this.#view;
    this.#view = viewOf(state);
    if (JSON.stringify(before) === JSON.stringify(this.#view)) return;
    this.#warnOfOtherLease(state);
    this.#viewed();
    for (const waiter of this.#waiting) if (waiter.isDone(this.#view)) waiter.resolve();
  }

  #warnOfOtherLease({ seen, options }: Election): void {
    const record = readableIn(seen);
    if (!record || record.leaseMs === options.leaseMs || record.nonce === this.#warnedOf) return;
    this.#warnedOf = record.nonce;
    this.warn(otherLease(this.#options.name, record.hostName, record.leaseMs, options.leaseMs));
  }

  async #when(isDone: (view: FleetView) => boolean): Promise<FleetView> {
    if (isDone(this.#view)) return this.#view;
    const { promise, resolve, reject } = defer();
    const timer = this.#clock.setTimer(() => reject(notHandedOver(this.#options.name, TRANSFER_MS)), TRANSFER_MS);
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

function viewOf({ seen, group, highest, options, isUp, done }: Election): FleetView {
  const { leaseMs, host } = options;
  const at = group?.at;
  const record = readableIn(seen);
  const failures = group?.failures ?? 0;
  const common = { term: highest, leaseMs, failures, connected: isUp, isDone: done || record?.done === true };
  const cause = group?.cause && { cause: group.cause };
  if (!at) return { ...common, isHere: false, state: 'unknown' };
  if (at.stage === 'vacant') return { ...common, ...cause, isHere: false, state: 'vacant' };
  const state = at.stage === 'opening' ? 'opening' : 'ready';
  const shown = record && { hostName: record.hostName };
  const methods = state === 'ready' && group.methods.length > 0 && { methods: group.methods };
  return { ...common, ...cause, ...shown, ...methods, isHere: record?.host === host, state };
}
