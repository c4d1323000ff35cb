// What all handles from one createSharedClient() call share: the member, events, subscriptions, and close().

import { canonicalKey } from '../codec/canonical-key.js';
import { encodeValue } from '../codec/encode-value.js';
import { createNonError, isError } from '../codec/error-classes.js';
import { publishDiagnostic } from '../diagnostics/channels.js';
import { closed } from '../errors/call-errors.js';
import { invalidOption } from '../errors/option-errors.js';
import type { Member } from '../member/member.js';
import type { MemberObserver, RoleChange } from '../member/observer.js';
import type { ResyncEvent } from '../member/subscriptions.js';
import type { HandleOptions, ResolvedWith } from '../options/options.js';
import { MAX_TIMER_MS } from '../utils/clock.js';
import { createEmitter, type Emitter } from '../utils/emitter.js';
import { MultiMap } from '../utils/multi-map.js';
import { Caller } from './caller.js';
import { Subscription } from './subscription.js';
import { SubscriptionIterator } from './subscription-iterator.js';

/** Values that wait in an iterator, unless `with({ maxQueued })` sets another number. */
const MOST_QUEUED = 1000;

export type ValueListener = (value: unknown, info: { readonly term: number; readonly replayed: boolean }) => unknown;

export class ClientCore implements MemberObserver {
  readonly emitter: Emitter;
  readonly upstreamEmitter: Emitter;
  readonly caller: Caller;
  /** By the key of the topic. */
  readonly subscriptions = new MultiMap<string, Subscription>();
  /** The last term for which a `resync` of each key was emitted. */
  readonly #resynced = new Map<string, number>();
  #closing: Promise<void> | undefined;
  #isGone = false;

  constructor(
    readonly member: Member,
    readonly options: HandleOptions,
    /** Defines these methods on the handles. */
    private readonly define: (names: readonly string[]) => void,
    /** Called if this was the member's last observer. */
    private readonly release: () => Promise<void>,
  ) {
    const onThrow = (error: unknown) => this.error(error);
    this.emitter = createEmitter(onThrow);
    this.upstreamEmitter = createEmitter(onThrow, { wildcard: true });
    this.caller = new Caller(this);
    member.observers.add(this);
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** It is closed, and receives nothing more from its member, which may live on with other handles. */
  get isGone(): boolean {
    return this.#isGone;
  }

  async ready(): Promise<void> {
    if (this.isClosed) throw closed('The shared client');
    await this.member.readiness.wait(this.options.readyTimeoutMs, this);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** A closed handle does not lead, whatever other handles of its member do. */
  async resign(): Promise<void> {
    if (!this.isClosed) await this.member.resign();
  }

  /** Waits for a leader first, as a call does. */
  async transfer(workerId?: number): Promise<void> {
    if (this.isClosed) throw closed('The shared client');
    await this.member.transfer(workerId, this.options.readyTimeoutMs, this);
  }

  // ------------------------------------------------------------------------------------------------ subscriptions

  subscribe(
    topic: unknown,
    listener: ValueListener | undefined,
    with_: ResolvedWith,
  ): Subscription | SubscriptionIterator {
    if (listener !== undefined && typeof listener !== 'function')
      throw invalidOption('listener', 'a function', listener);
    if (listener) return this.#subscribe(topic, listener, with_);
    const iterator = new SubscriptionIterator(with_.maxQueued ?? MOST_QUEUED);
    // The error is delivered in a later turn, so that a loop that iterates again after each error cannot block the event
    // loop.
    if (this.isClosed) iterator.refuse(closed('The shared client'));
    else
      iterator.attach(
        this.#subscribe(
          topic,
          value => iterator.push(value),
          with_,
          () => iterator.end(),
        ),
      );
    return iterator;
  }

  async unsubscribe(topic: unknown, listener: unknown): Promise<void> {
    const key = canonicalKey(topic, 'topic');
    for (const subscription of this.subscriptions.of(key)) {
      if (listener === undefined || subscription.listener === listener) subscription.unsubscribe();
    }
  }

  #subscribe(topic: unknown, listener: ValueListener, with_: ResolvedWith, onEnd?: () => void): Subscription {
    if (this.isClosed) throw closed('The shared client');
    return new Subscription({
      base: this,
      key: canonicalKey(topic, 'topic'),
      topic,
      payload: encodeValue(topic, 'topic'),
      listener,
      delivery: with_.delivery,
      timeoutMs: with_.timeoutMs ?? this.caller.timeoutOf('subscribe'),
      signal: with_.signal,
      onEnd,
    });
  }

  /** Emitted once per key and term, whatever the number of subscriptions to it. */
  resync(event: ResyncEvent): void {
    // Within one term (the primary was gone for a while), each resync is a new one.
    if (event.reason === 'failover' && event.fromTerm !== event.toTerm) {
      if (this.#resynced.get(event.key) === event.toTerm) return;
      this.#resynced.set(event.key, event.toTerm);
    }
    const { name, link } = this.member;
    publishDiagnostic('resync', { side: 'member', member: link.self.workerId, group: name, ...event });
    this.emitter.emit('resync', event);
  }

  // ------------------------------------------------------------------------------------------------------- events

  leader(event: RoleChange): void {
    this.emitter.emit('leader', event);
  }

  follower(event: RoleChange): void {
    this.emitter.emit('follower', event);
  }

  error(error: unknown): void {
    this.emitter.emit('error', isError(error) ? error : createNonError(error));
  }

  warning(message: string): void {
    this.emitter.emit('warning', { message });
  }

  upstream(event: string, copy: () => unknown[]): void {
    this.upstreamEmitter.emitCopies(event, copy);
  }

  methods(names: readonly string[]): void {
    this.define(names);
  }

  async #close(): Promise<void> {
    const { member } = this;
    // Calls get time to end, so the process must stay alive.
    const alive = member.clock.setTimer(() => {}, MAX_TIMER_MS);
    alive.ref();
    member.readiness.end(closed('The shared client'), this);
    for (const subscription of [...this.subscriptions]) subscription.unsubscribe();
    member.calls.endStreams(this, closed('The shared client', 'unknown'));
    await this.#endCalls();
    // Until the member has left, this handle still receives its events, such as `follower` or a warning about a slow close.
    if (member.observers.size === 1) await this.release();
    member.observers.delete(this);
    alive.clear();
    this.#isGone = true;
    this.emitter.emit('close');
    this.emitter.clear();
    this.upstreamEmitter.clear();
  }

  /** Waits for the calls in progress, up to a limit, and withdraws the sticky publications. */
  async #endCalls(): Promise<void> {
    const { calls, stickyPublications, link, options } = this.member;
    // If a withdrawal does not arrive, the leader withdraws the publication once the member has left.
    const taken = stickyPublications.keysOf(this).map(key => this.caller.takeBack(key).catch(() => {}));
    if (link.isLinked) await calls.whenEnded(this, options.drainTimeoutMs);
    calls.failAll(outcome => closed('The shared client', outcome), this);
    await Promise.all(taken);
  }
}
