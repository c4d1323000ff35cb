// One topic in the leader: its subscribers, the values on their way to them, and the one subscription to the real client.

import { encodeError } from '../codec/encode-error.js';
import { encodeData } from '../codec/encode-value.js';
import type { OwnTypes } from '../codec/own-types.js';
import { moreArguments } from '../errors/warnings.js';
import { Kind } from '../protocol/bundle.js';
import type { Payload } from '../protocol/payload.js';
import { type ForwardedOwner, ForwardedSubscription } from './forwarded-subscription.js';
import type { Sender } from './sender.js';
import type { Delivery, GapReason, ServedClient } from './served-client.js';
import { type Subscriber, TopicSubscribers } from './topic-subscribers.js';
import { type Upstream, type UpstreamContext, UpstreamSubscription } from './upstream-subscription.js';

/** Values that may arrive before the subscription is confirmed. Beyond that, the oldest are dropped. */
const MOST_EARLY = 1000;

export interface TopicOwner extends Omit<UpstreamContext, 'client'> {
  readonly client: ServedClient;
  readonly sender: Sender;
  readonly replay: 'last' | 'none';
  /** The application's function that makes the value from the arguments of a listener call. */
  readonly valueFrom: ((...args: unknown[]) => unknown) | undefined;
  readonly own: OwnTypes | undefined;
  hasLease(): boolean;
  /** A subscriber was refused. */
  refused(subscriber: Subscriber): void;
  /** The topic has no subscribers, and nothing is in progress. */
  idle(topic: Topic): void;
}

export class Topic implements ForwardedOwner {
  readonly #subscribers = new TopicSubscribers();
  readonly #upstream: Upstream;
  #last: Payload | undefined;
  /** Whether it is kept, for later subscribers. */
  readonly #replays: boolean;
  #early: Payload[] = [];
  /** The newest value that arrived outside the lease, and whether others were dropped for it. */
  #held: { readonly payload: Payload; readonly hasGap: boolean } | undefined;
  /** Values may have been missed. Subscribers are notified once the lease is valid again. */
  #missed: GapReason | undefined;

  constructor(
    readonly key: string,
    readonly topic: unknown,
    /** The number by which members know the topic in this term. */
    readonly number: number,
    private readonly owner: TopicOwner,
    delivery: Delivery = 'all',
  ) {
    const { client } = owner;
    this.#replays = delivery === 'view' || owner.replay === 'last';
    this.#upstream = client.forwarder
      ? new ForwardedSubscription(client.forwarder, delivery, this)
      : new UpstreamSubscription(owner as TopicOwner & { readonly client: typeof client }, this);
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    if (this.#upstream.isActive) this.#confirm(subscriber);
    else this.#upstream.advance();
  }

  remove(workerId: number, id: number): void {
    if (this.#subscribers.remove(workerId, id)) this.#upstream.advance();
  }

  removeWorker(workerId: number): void {
    for (const subscriber of [...this.#subscribers]) {
      if (subscriber.workerId === workerId) this.remove(workerId, subscriber.id);
    }
  }

  /** The lease is valid again. */
  release(): void {
    if (this.#missed) this.#sendMissed(this.#missed);
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    if (held.hasGap) this.#toWorkers(Kind.GAP, GAPS.overload);
    this.#emit(held.payload);
  }

  /** The real client reconnected by itself: values may have been missed, and the last one may be outdated. */
  reconnected(): void {
    this.missed('reconnected');
  }

  missed(reason: GapReason): void {
    // The values that were dropped for others are older than the last one.
    if (reason !== 'overload') {
      this.#last = undefined;
      this.#held = undefined;
    }
    if (reason !== 'overload' || !this.#missed) this.#missed = reason;
    if (this.#upstream.isActive && this.owner.hasLease()) this.#sendMissed(this.#missed);
  }

  #sendMissed(reason: GapReason): void {
    this.#missed = undefined;
    this.#toAll(GAPS[reason]);
  }

  /** Listeners of this topic are ignored from now on. */
  stop(): void {
    this.#upstream.stop();
    this.#subscribers.clear();
  }

  // --------------------------------------------------------------------------------------- from the upstream subscription

  get hasSubscribers(): boolean {
    return this.#subscribers.size > 0;
  }

  called(values: readonly unknown[]): void {
    const payload = this.#encode(() => this.#payloadOf(values));
    if (!payload) return;
    if (this.#upstream.isActive) return this.#pass(payload);
    this.#early.push(payload);
    if (this.#early.length > MOST_EARLY) this.#early.shift();
  }

  subscribed(): void {
    for (const subscriber of this.#subscribers) this.#confirm(subscriber);
    const early = this.#early;
    this.#early = [];
    for (const payload of early) this.#pass(payload);
  }

  refused(error: unknown): void {
    this.#early = [];
    const refusal = encodeError(error, undefined, this.owner.own);
    for (const subscriber of this.#subscribers) {
      this.owner.sender.payloadTo(subscriber.workerId, Kind.REFUSED, subscriber.id, refusal);
      this.owner.refused(subscriber);
    }
    this.#subscribers.clear();
  }

  /** The last value, for the subscribers of this host. */
  replayed(value: unknown): void {
    const payload = this.#encode(() => encodeData(value, 'value', this.owner.own));
    if (!payload) return;
    if (!this.owner.hasLease()) return this.#hold(payload);
    if (this.#replays) this.#last = payload;
    for (const subscriber of this.#subscribers) this.#replay(subscriber, payload);
  }

  lost(): void {
    this.reconnected();
  }

  late(): void {
    this.#early = [];
  }

  renewing(): void {
    this.#toAll(GAPS.overload);
  }

  unsubscribing(): void {
    this.#last = undefined;
    this.#held = undefined;
  }

  idle(): void {
    this.owner.idle(this);
  }

  // ------------------------------------------------------------------------------------------------------ to the members

  #confirm({ workerId, id, delivery }: Subscriber): void {
    const { sender } = this.owner;
    sender.to(workerId, Kind.SUBSCRIBED, id, String(this.number));
    if (this.#last) this.#replay({ workerId, id, delivery }, this.#last);
  }

  /** Subscribers that share the values get none: one of them has had the value. */
  #replay({ workerId, id, delivery }: Subscriber, payload: Payload): void {
    if (delivery === 'all') this.owner.sender.payloadTo(workerId, Kind.REPLAY, id, payload);
  }

  #encode(encode: () => Payload | undefined): Payload | undefined {
    try {
      return encode();
    } catch (error) {
      this.owner.report(error);
      return undefined;
    }
  }

  /** @returns undefined if there is no value */
  #payloadOf(values: readonly unknown[]): Payload | undefined {
    const { name, own, valueFrom } = this.owner;
    if (values.length > 1 && values[0] instanceof Error) {
      // An error as the first argument, as in a Node callback.
      this.owner.report(values[0]);
      return undefined;
    }
    if (valueFrom) return encodeData(valueFrom(...values), 'value', own);
    if (values.length > 1) this.owner.warn(moreArguments(name, values.length));
    return encodeData(values[0], 'value', own);
  }

  #pass(payload: Payload): void {
    if (this.owner.hasLease()) {
      this.release();
      this.#emit(payload);
    } else {
      this.#hold(payload);
    }
  }

  #hold(payload: Payload): void {
    this.#held = { payload, hasGap: this.#held !== undefined };
  }

  #emit(payload: Payload): void {
    if (this.#replays) this.#last = payload;
    this.#toWorkers(Kind.VALUE, payload);
    const one = this.#subscribers.takeTurn();
    if (one) this.owner.sender.payloadTo(one.workerId, Kind.VALUE_ONE, one.id, payload);
  }

  /** To the workers with subscribers that get every value. */
  #toWorkers(kind: number, payload: Payload): void {
    this.owner.sender.payloadToMany(this.#subscribers.workersOfAll, kind, this.number, payload);
  }

  #toAll(payload: Payload): void {
    this.owner.sender.payloadToMany(this.#subscribers.workers, Kind.GAP, this.number, payload);
  }
}

const gap = (text: string): Payload => ({ text, ext: false, parts: undefined });
const GAPS: Readonly<Record<GapReason, Payload>> = { overload: gap('0'), reconnected: gap('2'), failover: gap('3') };
