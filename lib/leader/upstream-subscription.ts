// One topic's subscription to the real client, subscribed and unsubscribed in turn.
//
//            a subscriber              ok
//   idle ─────────────────► subscribing ──► active
//    ▲ ▲                        │             │ no subscriber
//    │ └──────── refused ───────┘             ▼
//    └───────────────── done ────────── unsubscribing
//
// Values arrive by the listener, or are read from an async iterable that the real client's `subscribe` returned. If the
// iterable ends by itself, the subscription is lost, and is made again after a pause.
//
// A step that takes longer than `limitMs` counts as done. A subscription that is late is tried again after a pause.

import { unknownMethod } from '../errors/call-errors.js';
import { show } from '../errors/show.js';
import { neverSettled, oddSubscription } from '../errors/warnings.js';
import { backoffMs } from '../utils/backoff.js';
import type { Clock, Timer } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import { isThenable } from '../utils/is-thenable.js';
import { endIterable, isAsyncIterable, Pump } from './pump.js';
import type { ServedRealClient } from './served-client.js';

/** What the subscription needs of the topics. */
export interface UpstreamContext {
  readonly client: ServedRealClient;
  readonly clock: Clock;
  /** How long the real client may take to subscribe or unsubscribe. */
  readonly limitMs: number;
  /** The name of the group. */
  readonly name: string;
  /** Receives errors that belong to no subscriber. */
  report(error: unknown): void;
  /** A problem with the real client needs attention. */
  warn(text: string): void;
}

/** What the subscription needs of its topic. */
export interface UpstreamOwner {
  readonly topic: unknown;
  readonly hasSubscribers: boolean;
  /** The real client's listener was called, also while the subscription is still being made. */
  called(values: readonly unknown[]): void;
  subscribed(): void;
  refused(error: unknown): void;
  /** The subscription ended, although this library did not end it. */
  lost(): void;
  /** It is made again, because the real client may have ended it: values may be missed. */
  renewing(): void;
  unsubscribing(): void;
  /** An attempt to subscribe took too long: its early values are dropped. */
  late(): void;
  /** There is no subscriber, and nothing is in progress. */
  idle(): void;
}

/** A topic's subscription, to the real client or in the fleet. */
export interface Upstream {
  /** Values arrive. */
  readonly isActive: boolean;
  /** Subscribers were added or removed. */
  advance(): void;
  /** The listener is ignored from now on. */
  stop(): void;
}

export class UpstreamSubscription implements Upstream {
  #state: 'idle' | 'subscribing' | 'active' | 'unsubscribing' = 'idle';
  /** Incremented when a subscription begins or ends, so that calls of older listeners are ignored. */
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
    private readonly context: UpstreamContext,
    private readonly owner: UpstreamOwner,
  ) {}

  get isActive(): boolean {
    return this.#state === 'active';
  }

  /** Nothing is in progress. */
  get isIdle(): boolean {
    return this.#state === 'idle' && this.#lateOnes === 0;
  }

  /** Subscribers were added or removed, or a step has ended: takes the next step. */
  advance(): void {
    const { hasSubscribers } = this.owner;
    // A late subscription may still serve a subscriber that joins meanwhile.
    if (!hasSubscribers && this.#lateOnes === 0) this.#endPause();
    if (this.#pause) return;
    if (this.#state === 'idle' && hasSubscribers) void this.#subscribe();
    else if (this.#state === 'active' && !hasSubscribers) void this.#unsubscribe();
    else if (this.isIdle && !hasSubscribers) this.owner.idle();
  }

  /** The listener is ignored from now on. */
  stop(): void {
    this.#round++;
    void this.#endPump();
    this.#isStopped = true;
    this.#endPause();
    this.#limit?.clear();
  }

  async #endPump(): Promise<void> {
    const pump = this.#pump;
    this.#pump = undefined;
    try {
      await this.context.client.runInContext(() => pump?.end());
    } catch (error) {
      this.context.report(error);
    }
  }

  async #subscribe(): Promise<void> {
    this.#state = 'subscribing';
    const round = ++this.#round;
    const listener = (...values: unknown[]) => this.#called(round, values);
    this.#listener = listener;
    try {
      const subscribe = this.context.client.role('subscribe');
      if (!subscribe) throw unknownMethod('subscribe');
      const result = this.context.client.runInContext(() => subscribe(this.owner.topic, listener));
      const returned = isThenable(result) ? await this.#inTime(result, 'subscribe') : result;
      if (round !== this.#round) return;
      if (returned === LATE) {
        void this.#awaitLate(result as PromiseLike<unknown>, listener, round);
        return this.#tryLater();
      }
      this.#subscribed(returned);
    } catch (error) {
      if (round !== this.#round) return;
      this.#state = 'idle';
      this.owner.refused(error);
    }
    this.advance();
  }

  /** @returns {@link LATE} if it takes too long; a warning reports that */
  async #inTime(result: PromiseLike<unknown>, method: 'subscribe' | 'unsubscribe'): Promise<unknown> {
    const { clock, limitMs, name } = this.context;
    const limit = defer<typeof LATE>();
    this.#limit = clock.setTimer(() => {
      this.context.warn(neverSettled(name, method, limitMs));
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
    this.owner.late();
    this.#pause = this.context.clock.setTimer(
      () => {
        this.#pause = undefined;
        this.advance();
      },
      backoffMs(++this.#failures),
    );
    this.advance();
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
    this.owner.subscribed();
    if (this.#isDoubtful) this.#renew();
  }

  /** @returns the function that ends it */
  #startPump(iterable: AsyncIterable<unknown>): () => unknown {
    const round = this.#round;
    const { clock, client } = this.context;
    const pump = new Pump(clock, iterable, {
      value: value => {
        this.#failures = 0;
        this.#called(round, [value]);
      },
      ended: error => {
        if (error !== undefined) this.context.report(error);
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
    this.owner.lost();
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
      this.context.report(error);
    }
    this.#lateOnes--;
    if (!this.#isStopped) this.advance();
  }

  /** A late subscription is used, unless another one is in its place or there are no subscribers. */
  async #cameLate(returned: unknown, listener: (...values: unknown[]) => void, round: number): Promise<void> {
    if (this.#isStopped) return;
    if (round === this.#round && this.#pause) return this.#subscribed(returned);
    const byTopic = () =>
      this.#state === 'idle' && this.context.client.role('unsubscribe')?.(this.owner.topic, listener);
    await this.context.client.runInContext(this.#offOf(returned) ?? byTopic);
  }

  /** The function that ends the upstream subscription, if `subscribe` returned one. */
  #offOf(returned: unknown): (() => unknown) | undefined {
    // A client that returns itself has an unsubscribe() of its own.
    if (returned === undefined || this.context.client.isSame(returned)) return undefined;
    if (isAsyncIterable(returned)) return () => endIterable(returned);
    const off = endOf(returned);
    if (!off) this.context.warn(oddSubscription(this.context.name, show(returned)));
    return off;
  }

  async #unsubscribe(): Promise<void> {
    this.#state = 'unsubscribing';
    const round = ++this.#round;
    this.owner.unsubscribing();
    try {
      const unsubscribe = this.context.client.role('unsubscribe');
      const off = this.#off ?? (() => unsubscribe?.(this.owner.topic, this.#listener));
      const result = this.context.client.runInContext(off);
      if (isThenable(result) && (await this.#inTime(result, 'unsubscribe')) === LATE) void this.#awaitLateEnd(result);
    } catch (error) {
      this.context.report(error);
    }
    if (round !== this.#round) return;
    this.#off = undefined;
    this.#state = 'idle';
    this.advance();
  }

  /**
   * If the real client identifies subscriptions by topic and not by listener, the late call may end the one made meanwhile.
   */
  async #awaitLateEnd(result: PromiseLike<unknown>): Promise<void> {
    this.#lateOnes++;
    try {
      await result;
    } catch (error) {
      this.context.report(error);
    }
    this.#lateOnes--;
    if (this.#isStopped) return;
    if (this.#state === 'subscribing') this.#isDoubtful = true;
    else if (this.#state === 'active') this.#renew();
    else this.advance();
  }

  #renew(): void {
    this.#isDoubtful = false;
    this.owner.renewing();
    void this.#unsubscribe();
  }

  #called(round: number, values: readonly unknown[]): void {
    if (round === this.#round) this.owner.called(values);
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
