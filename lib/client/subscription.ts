// One subscription of a handle: a listener to a topic, until it ends.

import { closed } from '../errors/call-errors.js';
import type { Member } from '../member/member.js';
import {
  MemberSubscription,
  type ResyncEvent,
  type SubscriptionOwner,
  type ValueInfo,
} from '../member/subscriptions.js';
import type { Payload } from '../protocol/payload.js';
import { listenToAbort, stopListeningToAbort } from '../utils/abort-listeners.js';
import { rejectAfterTurn } from '../utils/after-turn.js';
import { captureContext } from '../utils/async-context.js';
import type { Timer } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import type { MultiMap } from '../utils/multi-map.js';

/** What a subscription needs from its handle. */
export interface SubscriptionBase {
  readonly member: Member;
  readonly subscriptions: MultiMap<string, Subscription>;
  resync(event: ResyncEvent): void;
  error(error: unknown): void;
}

export interface SubscriptionRequest {
  readonly base: SubscriptionBase;
  readonly key: string;
  readonly topic: unknown;
  readonly payload: Payload;
  readonly listener: (value: unknown, info: ValueInfo) => unknown;
  readonly delivery: 'all' | 'one';
  /** The limit for `ready`. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  onEnd?(): void;
}

export class Subscription implements SubscriptionOwner {
  readonly #request: SubscriptionRequest;
  /** The context in which the listener runs. */
  readonly #context = captureContext();
  readonly #ready = defer();
  readonly whenReady = rejectAfterTurn(this.#ready.promise);
  readonly #member: MemberSubscription;
  #timer: Timer | undefined;
  #isEnded = false;

  constructor(request: SubscriptionRequest) {
    this.#request = request;
    const { base, key, topic, payload, delivery, timeoutMs, signal } = request;
    // `ready` may never be read.
    this.whenReady.catch(() => {});
    this.#member = new MemberSubscription(key, topic, payload, delivery, this);
    if (signal?.aborted) {
      this.#end(signal.reason);
      return;
    }
    if (signal) listenToAbort(signal, this.#onAbort);
    const { clock } = base.member;
    this.#timer = clock.setTimer(
      () => this.#ready.reject(base.member.readiness.timeoutError('subscribe', timeoutMs, 'unknown')),
      timeoutMs,
    );
    base.subscriptions.add(this.key, this);
    base.member.subscriptions.add(this.#member);
  }

  get key(): string {
    return this.#request.key;
  }

  get listener(): SubscriptionRequest['listener'] {
    return this.#request.listener;
  }

  get handle(): object {
    return this.#request.base;
  }

  unsubscribe(): void {
    this.#end(closed('The subscription'));
  }

  ready(): void {
    this.#timer?.clear();
    this.#ready.resolve();
  }

  refused(error: Error): void {
    this.#end(error);
    this.#request.base.error(error);
  }

  failed(error: Error): void {
    this.#request.base.error(error);
  }

  value(value: unknown, info: ValueInfo): void {
    const { base, listener } = this.#request;
    try {
      const result = this.#context.runInAsyncScope(listener, undefined, value, info);
      if (result instanceof Promise) result.catch(error => base.error(error));
    } catch (error) {
      base.error(error);
    }
  }

  resync(event: ResyncEvent): void {
    this.#request.base.resync(event);
  }

  readonly #onAbort = () => this.#end(this.#request.signal!.reason);

  #end(reason: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { base, signal, onEnd } = this.#request;
    if (signal) stopListeningToAbort(signal, this.#onAbort);
    this.#timer?.clear();
    base.subscriptions.delete(this.key, this);
    base.member.subscriptions.remove(this.#member);
    this.#ready.reject(reason);
    onEnd?.();
  }
}
