// One topic in the leader: one upstream subscription for any number of subscribers, subscribed and unsubscribed in turn.
//
//            a subscriber              ok
//   idle ─────────────────► subscribing ──► active
//    ▲ ▲                        │             │ no subscriber
//    │ └──────── refused ───────┘             ▼
//    └───────────────── done ────────── unsubscribing
//
// Values arrive by the listener, or are read from an async iterable that the real client's `subscribe` returned. If the
// iterable ends by itself, the upstream subscription is lost: subscribers get `resync`, and it is made again after a pause.
//
// A step that takes longer than `limitMs` counts as done. A subscription that is late is tried again after a pause.

import { encodeError } from '../codec/encode-error.js';
import { encodeData } from '../codec/encode-value.js';
import type { OwnTypes } from '../codec/own-types.js';
import { show, unknownMethod } from '../errors/errors.js';
import { moreArguments, neverSettled, oddSubscription } from '../errors/warnings.js';
import { Kind } from '../protocol/bundle.js';
import type { Payload } from '../protocol/payload.js';
import { backoffMs } from '../utils/backoff.js';
import type { Clock, Timer } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import { isThenable } from '../utils/is-thenable.js';
import { endIterable, isAsyncIterable, Pump } from './pump.js';
import type { RealClient } from './real-client.js';
import type { Sender } from './sender.js';

/** Values that may arrive before the subscription is confirmed. Beyond that, the oldest are dropped. */
const MOST_EARLY = 1000;

export interface Subscriber {
  readonly workerId: number;
  readonly id: number;
  readonly delivery: 'all' | 'one';
}

export interface TopicOwner {
  readonly client: RealClient;
  readonly sender: Sender;
  readonly replay: 'last' | 'none';
  readonly clock: Clock;
  /** How long the real client may take to subscribe or unsubscribe. */
  readonly limitMs: number;
  /** The application's function that makes the value from the arguments of a listener call. */
  readonly valueFrom: ((...args: unknown[]) => unknown) | undefined;
  readonly own: OwnTypes | undefined;
  hasLease(): boolean;
  /** The name of the group. */
  readonly name: string;
  /** Receives errors that belong to no subscriber. */
  report(error: unknown): void;
  /** A problem with the real client needs attention. */
  warn(text: string): void;
  /** A subscriber was refused. */
  refused(subscriber: Subscriber): void;
  /** The topic has no subscribers, and nothing is in progress. */
  idle(topic: Topic): void;
}

export class Topic {
  #state: 'idle' | 'subscribing' | 'active' | 'unsubscribing' = 'idle';
  readonly #subscribers = new Map<string, Subscriber>();
  /** Workers with a subscriber that gets every value; rebuilt when they change. */
  #workers: number[] | undefined;
  /** Subscribers that share the values, one value each in turn; the next in turn is first. */
  readonly #ones = new Set<Subscriber>();
  #last: Payload | undefined;
  #early: Payload[] = [];
  /** The newest value that arrived outside the lease, and whether others were dropped for it. */
  #held: { readonly payload: Payload; readonly hasGap: boolean } | undefined;
  /** The real client reconnected outside the lease. Subscribers are notified once the lease is valid again. */
  #hasReconnected = false;
  /** Incremented when an upstream subscription begins or ends, so that calls of older listeners are ignored. */
  #round = 0;
  #listener: ((...values: unknown[]) => void) | undefined;
  #off: (() => unknown) | undefined;
  #pump: Pump | undefined;
  /** Attempts in a row that took too long, and the pause before the next. */
  #failures = 0;
  #pause: Timer | undefined;
  /** Late calls of subscribe or unsubscribe that have not settled. */
  #lateOnes = 0;
  /** A late unsubscribe settled while the next subscription was being made. */
  #isDoubtful = false;
  #isStopped = false;
  /** The timer of the call of the real client that is in progress. */
  #limit: Timer | undefined;

  constructor(
    readonly key: string,
    readonly topic: unknown,
    /** The number by which members know the topic in this term. */
    readonly number: number,
    private readonly owner: TopicOwner,
  ) {}

  get isIdle(): boolean {
    return this.#state === 'idle' && this.#subscribers.size === 0 && this.#lateOnes === 0;
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.set(keyOf(subscriber.workerId, subscriber.id), subscriber);
    this.#workers = undefined;
    if (subscriber.delivery === 'one') this.#ones.add(subscriber);
    if (this.#state === 'active') this.#confirm(subscriber);
    else this.#advance();
  }

  remove(workerId: number, id: number): void {
    const key = keyOf(workerId, id);
    const subscriber = this.#subscribers.get(key);
    if (!subscriber) return;
    this.#subscribers.delete(key);
    this.#ones.delete(subscriber);
    this.#workers = undefined;
    this.#advance();
  }

  removeWorker(workerId: number): void {
    for (const subscriber of [...this.#subscribers.values()]) {
      if (subscriber.workerId === workerId) this.remove(workerId, subscriber.id);
    }
  }

  /** The lease is valid again. */
  release(): void {
    if (this.#hasReconnected) this.#tellReconnected();
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
    if (this.#state === 'active' && this.owner.hasLease()) this.#tellReconnected();
  }

  #tellReconnected(): void {
    this.#hasReconnected = false;
    const workers = new Set([...this.#subscribers.values()].map(({ workerId }) => workerId));
    this.owner.sender.payloadToMany([...workers], Kind.GAP, this.number, RECONNECTED);
  }

  /** Listeners of this topic are ignored from now on. */
  stop(): void {
    this.#round++;
    void this.#endPump();
    this.#isStopped = true;
    this.#endPause();
    this.#limit?.clear();
    this.#subscribers.clear();
  }

  async #endPump(): Promise<void> {
    const pump = this.#pump;
    this.#pump = undefined;
    try {
      await this.owner.client.runInContext(() => pump?.end());
    } catch (error) {
      this.owner.report(error);
    }
  }

  #advance(): void {
    // A late subscription may still serve a subscriber that joins meanwhile.
    if (this.#subscribers.size === 0 && this.#lateOnes === 0) this.#endPause();
    if (this.#pause) return;
    if (this.#state === 'idle' && this.#subscribers.size > 0) void this.#subscribe();
    else if (this.#state === 'active' && this.#subscribers.size === 0) void this.#unsubscribe();
    else if (this.isIdle) this.owner.idle(this);
  }

  async #subscribe(): Promise<void> {
    this.#state = 'subscribing';
    const round = ++this.#round;
    const listener = (...values: unknown[]) => this.#called(round, values);
    this.#listener = listener;
    try {
      const subscribe = this.owner.client.role('subscribe');
      if (!subscribe) throw unknownMethod('subscribe');
      const result = this.owner.client.runInContext(() => subscribe(this.topic, listener));
      const returned = isThenable(result) ? await this.#inTime(result, 'subscribe') : result;
      if (round !== this.#round) return;
      if (returned === LATE) {
        void this.#awaitLate(result as PromiseLike<unknown>, listener, round);
        return this.#tryLater();
      }
      this.#subscribed(returned);
    } catch (error) {
      if (round !== this.#round) return;
      this.#refuseAll(error);
    }
    this.#advance();
  }

  /** @returns {@link LATE} if it takes too long; a warning reports that */
  async #inTime(result: PromiseLike<unknown>, method: 'subscribe' | 'unsubscribe'): Promise<unknown> {
    const { clock, limitMs, name } = this.owner;
    const limit = defer<typeof LATE>();
    this.#limit = clock.setTimer(() => {
      this.owner.warn(neverSettled(name, method, limitMs));
      limit.resolve(LATE);
    }, limitMs);
    try {
      return await Promise.race([result, limit.promise]);
    } finally {
      this.#limit.clear();
    }
  }

  #tryLater(): void {
    this.#state = 'idle';
    this.#early = [];
    this.#pause = this.owner.clock.setTimer(
      () => {
        this.#pause = undefined;
        this.#advance();
      },
      backoffMs(++this.#failures),
    );
    this.#advance();
  }

  #endPause(): void {
    this.#pause?.clear();
    this.#pause = undefined;
    this.#failures = 0;
  }

  #subscribed(returned: unknown): void {
    const isPumped = isAsyncIterable(returned);
    // A source that ends at once each time is retried ever more slowly, so its failures go on counting until a value comes.
    const failures = this.#failures;
    this.#endPause();
    if (isPumped) this.#failures = failures;
    this.#off = isPumped ? this.#startPump(returned) : this.#offOf(returned);
    this.#state = 'active';
    this.#confirmAll();
    if (this.#isDoubtful) this.#renew();
  }

  /** @returns the function that ends it */
  #startPump(iterable: AsyncIterable<unknown>): () => unknown {
    const round = this.#round;
    const { clock, client } = this.owner;
    const pump = new Pump(clock, iterable, {
      value: value => {
        this.#failures = 0;
        this.#called(round, [value]);
      },
      ended: error => {
        if (error !== undefined) this.owner.report(error);
        if (round === this.#round) this.#lost();
      },
    });
    this.#pump = pump;
    client.runInContext(() => pump.start());
    return () => {
      this.#pump = undefined;
      return pump.end();
    };
  }

  /** The upstream subscription ended, although this topic did not end it. */
  #lost(): void {
    this.#round++;
    this.#pump = undefined;
    this.#off = undefined;
    this.reconnected();
    this.#tryLater();
  }

  /**
   * The topic stays until the call has settled, because the cleanup of a late call could end a later subscription to the
   * same topic.
   */
  async #awaitLate(
    result: PromiseLike<unknown>,
    listener: (...values: unknown[]) => void,
    round: number,
  ): Promise<void> {
    this.#lateOnes++;
    try {
      await this.#cameLate(await result, listener, round);
    } catch (error) {
      this.owner.report(error);
    }
    this.#lateOnes--;
    if (!this.#isStopped) this.#advance();
  }

  /** A late subscription is used, unless another one is in its place or there are no subscribers. */
  async #cameLate(returned: unknown, listener: (...values: unknown[]) => void, round: number): Promise<void> {
    if (this.#isStopped) return;
    if (round === this.#round && this.#pause) return this.#subscribed(returned);
    const byTopic = () => this.#state === 'idle' && this.owner.client.role('unsubscribe')?.(this.topic, listener);
    await this.owner.client.runInContext(this.#offOf(returned) ?? byTopic);
  }

  /** The function that ends the upstream subscription, if `subscribe` returned one. */
  #offOf(returned: unknown): (() => unknown) | undefined {
    // A client that returns itself has an unsubscribe() of its own.
    if (returned === undefined || this.owner.client.isSame(returned)) return undefined;
    if (isAsyncIterable(returned)) return () => endIterable(returned);
    const off = endOf(returned);
    if (!off) this.owner.warn(oddSubscription(this.owner.name, show(returned)));
    return off;
  }

  async #unsubscribe(): Promise<void> {
    this.#state = 'unsubscribing';
    const round = ++this.#round;
    this.#last = undefined;
    this.#held = undefined;
    try {
      const unsubscribe = this.owner.client.role('unsubscribe');
      const off = this.#off ?? (() => unsubscribe?.(this.topic, this.#listener));
      const result = this.owner.client.runInContext(off);
      if (isThenable(result) && (await this.#inTime(result, 'unsubscribe')) === LATE) void this.#awaitLateEnd(result);
    } catch (error) {
      this.owner.report(error);
    }
    if (round !== this.#round) return;
    this.#off = undefined;
    this.#state = 'idle';
    this.#advance();
  }

  /**
   * If the real client identifies subscriptions by topic and not by listener, the late call may end the one made meanwhile.
   */
  async #awaitLateEnd(result: PromiseLike<unknown>): Promise<void> {
    this.#lateOnes++;
    try {
      await result;
    } catch (error) {
      this.owner.report(error);
    }
    this.#lateOnes--;
    if (this.#isStopped) return;
    if (this.#state === 'subscribing') this.#isDoubtful = true;
    else if (this.#state === 'active') this.#renew();
    else this.#advance();
  }

  #renew(): void {
    this.#isDoubtful = false;
    const workers = new Set([...this.#subscribers.values()].map(({ workerId }) => workerId));
    this.owner.sender.payloadToMany([...workers], Kind.GAP, this.number, GAP);
    void this.#unsubscribe();
  }

  #confirmAll(): void {
    for (const subscriber of this.#subscribers.values()) this.#confirm(subscriber);
    const early = this.#early;
    this.#early = [];
    for (const payload of early) this.#pass(payload);
  }

  #confirm({ workerId, id, delivery }: Subscriber): void {
    const { sender } = this.owner;
    sender.to(workerId, Kind.SUBSCRIBED, id, String(this.number));
    // Subscribers that share the values get no replay: one of them has had the value.
    if (this.#last && delivery === 'all') sender.payloadTo(workerId, Kind.REPLAY, id, this.#last);
  }

  #refuseAll(error: unknown): void {
    this.#state = 'idle';
    this.#early = [];
    const refusal = encodeError(error, undefined, this.owner.own);
    for (const subscriber of this.#subscribers.values()) {
      this.owner.sender.payloadTo(subscriber.workerId, Kind.REFUSED, subscriber.id, refusal);
      this.owner.refused(subscriber);
    }
    this.#subscribers.clear();
    this.#ones.clear();
    this.#workers = undefined;
  }

  #called(round: number, values: readonly unknown[]): void {
    if (round !== this.#round) return;
    let payload: Payload | undefined;
    try {
      payload = this.#payloadOf(values);
    } catch (error) {
      return this.owner.report(error);
    }
    if (!payload) return;
    if (this.#state === 'active') return this.#pass(payload);
    this.#early.push(payload);
    if (this.#early.length > MOST_EARLY) this.#early.shift();
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
    const [one] = this.#ones;
    if (!one) return;
    this.#ones.delete(one);
    this.#ones.add(one);
    this.owner.sender.payloadTo(one.workerId, Kind.VALUE_ONE, one.id, payload);
  }

  #toWorkers(kind: number, payload: Payload): void {
    this.#workers ??= [
      ...new Set([...this.#subscribers.values()].filter(one => one.delivery === 'all').map(one => one.workerId)),
    ];
    this.owner.sender.payloadToMany(this.#workers, kind, this.number, payload);
  }
}

const LATE = Symbol('late');

type Ending = Record<string | symbol, unknown>;

/** The function that ends a subscription, from what `subscribe` returned. */
function endOf(returned: unknown): (() => unknown) | undefined {
  if (typeof returned === 'function') return returned as () => unknown;
  if (typeof returned !== 'object' || returned === null) return undefined;
  const name = ENDINGS.find(name => typeof (returned as Ending)[name] === 'function');
  return name && (() => Reflect.apply((returned as Ending)[name] as () => unknown, returned, []));
}

const ENDINGS = ['unsubscribe', 'cancel', 'close', Symbol.asyncDispose, Symbol.dispose] as const;

const GAP: Payload = { text: '0', ext: false, parts: undefined };
const RECONNECTED: Payload = { text: '2', ext: false, parts: undefined };

const keyOf = (workerId: number, id: number): string => `${workerId}:${id}`;
