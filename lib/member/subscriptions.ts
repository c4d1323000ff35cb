// The subscriptions of this process, whichever worker leads. Each new leader is subscribed to again, and each listener gets
// its own copy of a value.

import { decodeError } from '../codec/decode-error.js';
import { decodeValue } from '../codec/decode-value.js';
import type { OwnTypes } from '../codec/own-types.js';
import { costLeaders, overloadedSubscription } from '../errors/call-errors.js';
import { EXT, Kind } from '../protocol/bundle.js';
import type { FrameView } from '../protocol/frame-reader.js';
import { nextNumber } from '../protocol/ids.js';
import type { Payload } from '../protocol/payload.js';
import type { Route } from '../route/route.js';
import { backoffMs } from '../utils/backoff.js';
import type { Clock, Timer } from '../utils/clock.js';
import { MultiMap } from '../utils/multi-map.js';
import { MOST_WAITING_BYTES } from './calls.js';

/** Information that a listener receives beside the value. */
export interface ValueInfo {
  readonly term: number;
  /** It is the last value from before the subscription. */
  readonly replayed: boolean;
}

/** The notifications that the owner of a subscription receives. None of them may throw. */
export interface SubscriptionOwner {
  /** The handle: each handle receives a `resync` once. */
  readonly handle: object;
  ready(): void;
  /** The first attempt was refused: the subscription is over. */
  refused(error: Error): void;
  /** A later attempt was refused: it is tried again. */
  failed(error: Error): void;
  value(value: unknown, info: ValueInfo): void;
  /** Values may have been missed. */
  resync(event: ResyncEvent): void;
}

/** The content of `resync`: values of a topic may have been missed. */
export interface ResyncEvent {
  readonly key: string;
  readonly topic: unknown;
  readonly fromTerm: number;
  readonly toTerm: number;
  readonly reason: 'failover' | 'overload' | 'reconnected';
}

export class MemberSubscription {
  readonly id = nextNumber();
  /** The leader's number for its topic, in the term in which it was confirmed. */
  number: number | undefined;
  /** The last term in which it was confirmed; 0 before. */
  term = 0;
  failures = 0;
  retry: Timer | undefined;
  /** `losses` and `begunIn` are as those of a call. */
  losses = 0;
  begunIn = 0;
  /** The term of the leader that was asked and has not answered. */
  askedIn = 0;
  /** Values may have been missed since it was confirmed, although the same leader may continue in the same term. */
  isInterrupted = false;

  constructor(
    readonly key: string,
    readonly topic: unknown,
    readonly payload: Payload,
    /** `view`: what the host knows of the fleet, instead of the values of the topic. */
    readonly delivery: 'all' | 'one' | 'view',
    readonly owner: SubscriptionOwner,
  ) {}
}

export interface SubscriptionsOptions {
  readonly clock: Clock;
  /** How many leaders may be lost with one subscription. */
  readonly maxLeadersLost: number;
  /** The application's own types. */
  readonly own?: OwnTypes | undefined;
  /** `maxLeadersLost` leaders were lost with this subscription. */
  costly(subscription: MemberSubscription): void;
}

export class Subscriptions {
  readonly #all = new Map<number, MemberSubscription>();
  /** By the topic's number in this term. */
  readonly #byNumber = new MultiMap<number, MemberSubscription>();
  #route: Route | undefined;
  #view: number | undefined;
  /** For each handle, the topics whose interruption it was notified of. */
  #notified = new WeakMap<object, Set<string>>();

  constructor(private readonly options: SubscriptionsOptions) {}

  /** Without that to what the host knows of its fleet. */
  get size(): number {
    return this.#all.size - (this.#view && this.#all.has(this.#view) ? 1 : 0);
  }

  add(subscription: MemberSubscription): void {
    this.#all.set(subscription.id, subscription);
    if (subscription.delivery === 'view') this.#view = subscription.id;
    if (!this.#route) return;
    if (this.#route.isNextBundle && this.#route.waitingBytes > MOST_WAITING_BYTES)
      return this.#refuseHere(subscription);
    this.#send(subscription, this.#route);
  }

  /** In a later turn: the subscribing code does not have the subscription yet. */
  #refuseHere(subscription: MemberSubscription): void {
    this.options.clock.defer(() => {
      if (this.#all.delete(subscription.id)) subscription.owner.refused(overloadedSubscription());
    });
  }

  remove(subscription: MemberSubscription): void {
    if (!this.#all.delete(subscription.id)) return;
    subscription.retry?.clear();
    this.#unmap(subscription);
    this.#route?.send(Kind.UNSUBSCRIBE, subscription.id, '0');
  }

  /**
   * A leader is available: subscribes to everything again, in the order of creation.
   * @param lostTerm the last term that a route led to, if its leader was lost
   */
  open(route: Route, lostTerm?: number): void {
    this.#route = route;
    this.#byNumber.clear();
    if (lostTerm !== undefined) this.#countLosses(lostTerm);
    for (const subscription of this.#all.values()) this.#send(subscription, route);
  }

  shut(): void {
    this.#route = undefined;
    this.#byNumber.clear();
  }

  /** There is no primary. A leader in another worker may continue without this process. */
  interrupt(): void {
    this.#notified = new WeakMap();
    for (const subscription of this.#all.values()) subscription.isInterrupted = subscription.term !== 0;
  }

  close(): void {
    for (const subscription of this.#all.values()) subscription.retry?.clear();
    this.#all.clear();
    this.shut();
  }

  /** Handles a frame about subscriptions. @returns whether it was one */
  receive(frame: FrameView, term: number): boolean {
    switch (frame.kind) {
      case Kind.BEGUN:
        this.#begun(frame.id, term);
        return true;
      case Kind.SUBSCRIBED:
        this.#subscribed(frame.id, frame.json, term);
        return true;
      case Kind.REFUSED:
        this.#refused(frame.id, term, () =>
          decodeError(frame.json, frame.ext, frame.parts, undefined, this.options.own),
        );
        return true;
      case Kind.OVERLOADED:
        this.#refused(frame.id, term, overloadedSubscription);
        return true;
      case Kind.VALUE:
        this.#value(frame, term);
        return true;
      case Kind.VALUE_ONE:
      case Kind.REPLAY:
        this.#valueForOne(frame, term);
        return true;
      case Kind.GAP:
        this.#gap(frame.id, frame.json, term);
        return true;
      default:
        return false;
    }
  }

  #send(subscription: MemberSubscription, route: Route): void {
    subscription.retry?.clear();
    subscription.retry = undefined;
    subscription.number = undefined;
    subscription.askedIn = route.term;
    if (subscription.losses > 0) route.send(Kind.SUSPECT, subscription.id, '0');
    const { text, ext, parts } = subscription.payload;
    route.send(
      ext ? Kind.SUBSCRIBE | EXT : Kind.SUBSCRIBE,
      subscription.id,
      `["${subscription.delivery}",${text}]`,
      parts,
    );
  }

  /** A subscription that was sent to the leader and not confirmed may be the reason why the leader was lost. */
  #countLosses(term: number): void {
    const { maxLeadersLost, costly } = this.options;
    for (const subscription of this.#all.values()) {
      if (subscription.askedIn !== term) continue;
      if (subscription.losses === 0 || subscription.begunIn === term) subscription.losses++;
      if (subscription.losses < maxLeadersLost) continue;
      this.#all.delete(subscription.id);
      costly(subscription);
      subscription.owner.refused(costLeaders('subscribe', subscription.losses));
    }
  }

  #begun(id: number, term: number): void {
    const subscription = this.#all.get(id);
    if (subscription) subscription.begunIn = term;
  }

  #subscribed(id: number, number: unknown, term: number): void {
    const subscription = this.#all.get(id);
    if (!subscription || typeof number !== 'number' || !this.#isCurrent(term)) return;
    const fromTerm = subscription.term;
    subscription.term = term;
    subscription.failures = 0;
    subscription.losses = 0;
    subscription.askedIn = 0;
    subscription.number = number;
    this.#byNumber.add(number, subscription);
    const { key, topic, owner } = subscription;
    const mayMiss = fromTerm !== term || (subscription.isInterrupted && this.#isUnreported(key, owner.handle));
    subscription.isInterrupted = false;
    if (fromTerm === 0) owner.ready();
    else if (mayMiss) owner.resync({ key, topic, fromTerm, toTerm: term, reason: 'failover' });
  }

  /** Whether this handle was not yet notified of the last interruption of a topic. */
  #isUnreported(key: string, handle: object): boolean {
    const notified = this.#notified.get(handle) ?? new Set();
    this.#notified.set(handle, notified);
    return notified.size !== notified.add(key).size;
  }

  #refused(id: number, term: number, toError: () => Error): void {
    const subscription = this.#all.get(id);
    if (!subscription || !this.#isCurrent(term)) return;
    subscription.askedIn = 0;
    const error = toError();
    if (subscription.term === 0) {
      this.#all.delete(id);
      return subscription.owner.refused(error);
    }
    subscription.failures++;
    subscription.retry = this.options.clock.setTimer(() => {
      if (this.#route) this.#send(subscription, this.#route);
    }, backoffMs(subscription.failures));
    subscription.owner.failed(error);
  }

  #value(frame: FrameView, term: number): void {
    if (!this.#isCurrent(term)) return;
    const info: ValueInfo = { term, replayed: false };
    let payload: Payload | undefined;
    for (const subscription of this.#byNumber.of(frame.id)) {
      // A listener before this one may have ended it.
      if (subscription.delivery === 'one' || !this.#all.has(subscription.id)) continue;
      const json = payload ? JSON.parse(payload.text) : frame.json;
      payload ??= frame.payload();
      this.#hand(subscription, json, payload, info);
    }
  }

  #valueForOne(frame: FrameView, term: number): void {
    const subscription = this.#all.get(frame.id);
    if (!subscription || !this.#isCurrent(term)) return;
    this.#hand(subscription, frame.json, frame, { term, replayed: frame.kind === Kind.REPLAY });
  }

  #hand(
    { owner }: MemberSubscription,
    json: unknown,
    { ext, parts }: Pick<Payload, 'ext' | 'parts'>,
    info: ValueInfo,
  ): void {
    let value = json;
    try {
      if (ext) value = decodeValue(json, true, parts, undefined, false, this.options.own);
    } catch (error) {
      return owner.failed(error as Error);
    }
    owner.value(value, info);
  }

  /** A gap of a topic, by its number, or of one subscription, by its id. */
  #gap(number: number, what: unknown, term: number): void {
    if (!this.#isCurrent(term)) return;
    const notified = new Set<object>();
    const reason = what === 3 ? 'failover' : what === 2 ? 'reconnected' : 'overload';
    for (const { key, topic, owner } of what === 1 ? this.#one(number) : this.#byNumber.of(number)) {
      if (notified.size === notified.add(owner.handle).size) continue;
      owner.resync({ key, topic, fromTerm: term, toTerm: term, reason });
    }
  }

  #one(id: number): readonly MemberSubscription[] {
    const subscription = this.#all.get(id);
    return subscription ? [subscription] : [];
  }

  #unmap(subscription: MemberSubscription): void {
    if (subscription.number !== undefined) this.#byNumber.delete(subscription.number, subscription);
  }

  /** Frames from an older leader arrive too late and are ignored. */
  #isCurrent(term: number): boolean {
    return this.#route?.term === term;
  }
}
