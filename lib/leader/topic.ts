// One topic in the leader: its subscribers, the values on their way to them, and the one subscription to the real client.

import { encodeError } from '../codec/encode-error.js';
import { encodeData } from '../codec/encode-value.js';
import type { OwnTypes } from '../codec/own-types.js';
import { moreArguments } from '../errors/warnings.js';
import { Kind } from '../protocol/bundle.js';
import type { Payload } from '../protocol/payload.js';
import type { Sender } from './sender.js';
import { type Subscriber, TopicSubscribers } from './topic-subscribers.js';
import { type UpstreamContext, type UpstreamOwner, UpstreamSubscription } from './upstream-subscription.js';

/** Values that may arrive before the subscription is confirmed. Beyond that, the oldest are dropped. */
const MOST_EARLY = 1000;

export interface TopicOwner extends UpstreamContext {
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

export class Topic implements UpstreamOwner {
  readonly #subscribers = new TopicSubscribers();
  readonly #upstream: UpstreamSubscription;
  #last: Payload | undefined;
  #early: Payload[] = [];
  /** The newest value that arrived outside the lease, and whether others were dropped for it. */
  #held: { readonly payload: Payload; readonly hasGap: boolean } | undefined;
  /** The real client reconnected outside the lease. Subscribers are notified once the lease is valid again. */
  #hasReconnected = false;

  constructor(
    readonly key: string,
    readonly topic: unknown,
    /** The number by which members know the topic in this term. */
    readonly number: number,
    private readonly owner: TopicOwner,
  ) {
    this.#upstream = new UpstreamSubscription(owner, this);
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
    if (this.#hasReconnected) this.#sendReconnected();
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    if (held.hasGap) this.#toWorkers(Kind.GAP, GAP);
    this.#emit(held.payload);
  }

  /** The real client reconnected by itself: values may have been missed, and the last one may be outdated. */
  reconnected(): void {
    this.#last = undefined;
    this.#held = undefined;
    this.#hasReconnected = true;
    if (this.#upstream.isActive && this.owner.hasLease()) this.#sendReconnected();
  }

  #sendReconnected(): void {
    this.#hasReconnected = false;
    this.#toAll(RECONNECTED);
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
    let payload: Payload | undefined;
    try {
      payload = this.#payloadOf(values);
    } catch (error) {
      return this.owner.report(error);
    }
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

  lost(): void {
    this.reconnected();
  }

  late(): void {
    this.#early = [];
  }

  renewing(): void {
    this.#toAll(GAP);
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
    // Subscribers that share the values get no replay: one of them has had the value.
    if (this.#last && delivery === 'all') sender.payloadTo(workerId, Kind.REPLAY, id, this.#last);
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
      this.#held = { payload, hasGap: this.#held !== undefined };
    }
  }

  #emit(payload: Payload): void {
    if (this.owner.replay === 'last') this.#last = payload;
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

const GAP: Payload = { text: '0', ext: false, parts: undefined };
const RECONNECTED: Payload = { text: '2', ext: false, parts: undefined };
