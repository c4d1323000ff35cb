// What the leader of a host's group serves instead of a real client: a member of the fleet group, to which it passes on what the
// members of its host ask for. The members of all hosts share the real client of the fleet's leader.
//
//   follower ─► leader of its host: Service ─► HostClient ─► Member ─► leader of the fleet: Service ─► the real client

import { Caller, type CallerOwner, type CallWith } from '../client/caller.js';
import { canonicalKey } from '../codec/canonical-key.js';
import { encodeValue } from '../codec/encode-value.js';
import { OwnTypes } from '../codec/own-types.js';
import type { HostedGroup } from '../leader/hosted-group.js';
import { release } from '../leader/results.js';
import type { RunningCall } from '../leader/running-call.js';
import {
  type Delivery,
  type ForwardedListener,
  type Forwarder,
  RETURNED,
  type ServedByFleet,
} from '../leader/served-client.js';
import type { CallKind } from '../member/call.js';
import { TRANSFER } from '../member/fleet-watch.js';
import { Member } from '../member/member.js';
import { MemberSubscription } from '../member/subscriptions.js';
import type { FleetView, HandleOptions, MemberOptions, ResolvedFleetOptions } from '../options/options.js';
import { Kind } from '../protocol/bundle.js';
import { Seat, type SeatOptions } from './seat.js';

export class HostClient implements ServedByFleet, Forwarder, CallerOwner {
  readonly own: OwnTypes | undefined;
  readonly forwarder = this;
  readonly member: Member;
  readonly options = HANDLE;
  readonly #group: HostedGroup;
  readonly #seat: Seat;
  readonly #caller: Caller;
  readonly #viewers = new Set<ForwardedListener>();
  readonly #closed: () => void;
  #closing: Promise<void> | undefined;

  /** @param closed it has left the fleet group */
  constructor(options: Omit<SeatOptions, 'name' | 'hasCalls'>, group: HostedGroup, closed: () => void) {
    const { name, types, errors } = group.options;
    this.own = OwnTypes.of(types, errors);
    this.#group = group;
    this.#closed = closed;
    this.#seat = new Seat({ ...options, name, hasCalls: true }, group.hooks, group.term, () => this.#showView());
    const member = new Member(optionsInFleet(group.options, options.fleet, this.#seat.drainTimeoutMs), this.#seat.link);
    this.member = member;
    const { handlers } = group;
    member.observers.add({
      isClosed: false,
      leader() {},
      follower() {},
      methods() {},
      error: error => handlers.error(error),
      warning: text => handlers.warn(text),
      reached: () => this.#showView(),
      upstream: (event, copy) => handlers.event(event, copy()),
    });
    this.#caller = new Caller(this);
    group.context.runInAsyncScope(() => member.start());
  }

  get name(): string {
    return this.member.name;
  }

  get isLeading(): boolean {
    return this.#seat.isLeading;
  }

  // ------------------------------------------------------------------------------------------- as what is served

  get methods(): string[] {
    return [...(this.#seat.view.methods ?? [])];
  }

  release(value: unknown, report: (error: unknown) => void): void {
    release(value, this, report);
  }

  runInContext<R>(fn: () => R): R {
    return this.#group.context.runInAsyncScope(fn);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.member.leave();
    await this.#seat.leave();
    this.#closed();
  }

  // ------------------------------------------------------------------------------------------------- passing on

  run(call: RunningCall, kind: number, sticky: string | undefined, args: readonly unknown[]): Promise<unknown> {
    if (call.method === TRANSFER) return this.#seat.transfer(args[0] as string | undefined);
    return new Promise((resolve, reject) => {
      const with_ = new PassedOn(call, sticky, this.member.options.openTimeoutMs, this.member.clock.now());
      if (kind === Kind.UNPUBLISH)
        return void this.#caller.withdraw(with_.sticky, args, with_.timeoutMs).then(resolve, reject);
      const made = this.#caller.make(kind as CallKind, call.method, args, with_, resolve, reject);
      if (made) call.cancel = reason => this.member.calls.cancel(made, reason);
      return undefined;
    });
  }

  withdraw(workerId: number, sticky: string, args: readonly unknown[]): Promise<unknown> {
    return this.#caller.withdraw(stickyKey(workerId, sticky), args);
  }

  subscribe(topic: unknown, delivery: Delivery, listener: ForwardedListener): () => void {
    return delivery === 'view' ? this.#subscribeToView(listener) : this.#subscribe(topic, delivery, listener);
  }

  #subscribe(topic: unknown, delivery: 'all' | 'one', listener: ForwardedListener): () => void {
    const { subscriptions } = this.member;
    const { handlers } = this.#group;
    const subscription = new MemberSubscription(
      canonicalKey(topic, 'topic'),
      topic,
      encodeValue(topic, 'topic', undefined, undefined, this.own),
      delivery,
      {
        handle: listener,
        ready: () => listener.ready(),
        refused: error => listener.refused(error),
        failed: error => handlers.error(error),
        value: (value, { replayed }) => listener.value(value, replayed),
        resync: ({ reason }) => listener.missed(reason),
      },
    );
    subscriptions.add(subscription);
    return () => subscriptions.remove(subscription);
  }

  returnWaiting(): void {
    this.member.calls.returnWaiting(RETURNED);
  }

  // ------------------------------------------------------------------------------------- what is known of the fleet

  #subscribeToView(listener: ForwardedListener): () => void {
    this.#viewers.add(listener);
    listener.ready();
    listener.value(this.#viewWithError(), false);
    return () => void this.#viewers.delete(listener);
  }

  #showView(): void {
    for (const viewer of this.#viewers) viewer.value(this.#viewWithError(), false);
  }

  #viewWithError(): FleetView {
    const error = this.member.view.openError;
    return { ...this.#seat.view, isReached: this.member.readiness.isReady, ...(error && { error }) };
  }

  // ------------------------------------------------------------------------------------------ as the owner of calls

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  error(error: unknown): void {
    this.#group.handlers.error(error);
  }
}

/** Each call that is passed on has its own limits. */
const HANDLE: HandleOptions = {
  timeoutMs: 10_000,
  readyTimeoutMs: 30_000,
  methodTimeouts: new Map(),
  methodNames: new Set(),
};

/** The options of a call that is passed on. */
class PassedOn implements CallWith {
  readonly isPassedOn = true;
  readonly timeoutMs: number;
  readonly idempotent: boolean;
  readonly oneway = false;
  readonly sticky: string | undefined;
  readonly delivery = 'all';
  readonly maxQueued = undefined;
  readonly carrier: string | undefined;
  #isMade = false;

  constructor(
    private readonly call: RunningCall,
    sticky: string | undefined,
    /** For a publication that is repeated, and has no deadline. */
    repeatedMs: number,
    now: number,
  ) {
    this.timeoutMs = call.isRepeated ? repeatedMs : Math.max(0, Math.floor(call.deadline - now));
    this.idempotent = call.isIdempotent;
    this.sticky = sticky === undefined ? undefined : stickyKey(call.workerId, sticky);
    this.carrier = call.carrier === undefined ? undefined : JSON.stringify(call.carrier);
  }

  /** A call that is made at once is cancelled without a signal, which costs more. */
  get signal(): AbortSignal | undefined {
    if (this.#isMade) return this.call.signal;
    this.#isMade = true;
    return undefined;
  }
}

/** Each worker has its own keys. */
const stickyKey = (workerId: number, key: string): string => `${workerId} ${key}`;

function optionsInFleet(
  options: MemberOptions,
  { eligible, priority }: ResolvedFleetOptions,
  drainTimeoutMs: number,
): MemberOptions {
  // The caller has injected what is to be extracted.
  const context = options.context && { ...options.context, inject: () => undefined };
  return {
    ...options,
    across: undefined,
    eligible,
    priority,
    context,
    drainTimeoutMs,
    handover: 'exclusive',
    resignOn: [],
  };
}
