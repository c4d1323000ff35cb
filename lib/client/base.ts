// What all handles that came of one createSharedClient call have in common: their member, their events, what they asked for.

import { canonicalKey } from '../codec/canonical-key.js';
import { encodeValue } from '../codec/encode-value.js';
import { closed, invalidOption, unknownMethod } from '../errors.js';
import { isCallableName } from '../leader/method-names.js';
import type { CallOwner, CallRequest, CallSignal } from '../member/call.js';
import type { Member, MemberObserver } from '../member/member.js';
import type { ResyncEvent } from '../member/subscriptions.js';
import type { HandleOptions, ResolvedWith } from '../options.js';
import { nextNumber } from '../protocol/ids.js';
import { Kind } from '../protocol/messages.js';
import { createEmitter, type Emitter } from '../utils/emitter.js';
import { Subscription } from './subscription.js';
import { SubscriptionIterator } from './subscription-iterator.js';

export type Listener = (value: unknown, info: { readonly term: number; readonly replayed: boolean }) => unknown;

export class Base implements MemberObserver {
  readonly emitter: Emitter;
  readonly upstreamEmitter: Emitter;
  readonly subscriptions = new Set<Subscription>();
  /** The last term for which a `resync` of each key was told. */
  readonly #resynced = new Map<string, number>();
  #closing: Promise<void> | undefined;

  constructor(
    readonly member: Member,
    readonly options: HandleOptions,
    /** Defines these methods on the handles. */
    private readonly define: (names: readonly string[]) => void,
    /** This was the member's last. */
    private readonly release: (member: Member) => Promise<void>,
  ) {
    const onThrow = (error: unknown) => this.error(error);
    this.emitter = createEmitter(onThrow);
    this.upstreamEmitter = createEmitter(onThrow, { wildcard: true });
    member.observers.add(this);
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  async ready(): Promise<void> {
    if (this.isClosed) throw closed('The shared client');
    await this.member.ready(this.options.readyTimeoutMs);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // -------------------------------------------------------------------------------------------------------- calls

  invoke(method: unknown, args: readonly unknown[], with_: ResolvedWith): Promise<unknown> {
    if (!isCallableName(method)) return Promise.reject(unknownMethod(method));
    const role = this.member.options.methods.get(method)?.role;
    const oneway = with_.oneway ?? role === 'oneway';
    return this.#request(Kind.CALL, method, args, with_, oneway);
  }

  publish(args: readonly unknown[], with_: ResolvedWith): Promise<unknown> {
    return this.#request(Kind.PUBLISH, 'publish', args, with_, with_.oneway ?? false);
  }

  /** Ends what is said under a key. */
  async unpublish(stickyKey: unknown, with_: ResolvedWith): Promise<void> {
    const key = canonicalKey(stickyKey, 'key');
    await this.#takeBack(key, with_);
  }

  async #takeBack(key: string, with_: Pick<ResolvedWith, 'timeoutMs'> = { timeoutMs: undefined }): Promise<void> {
    const args = this.member.stickies.unpublish(key);
    if (!args) return;
    await new Promise<unknown>((resolve, reject) => {
      const method = 'unpublish';
      const owner = { succeed: resolve, fail: reject };
      this.member.calls.make({
        ...this.#terms(method, with_),
        kind: Kind.UNPUBLISH,
        method,
        args,
        sticky: key,
        isIdempotent: true,
        owner,
      });
    });
  }

  #request(
    kind: CallRequest['kind'],
    method: string,
    args: readonly unknown[],
    with_: ResolvedWith,
    oneway: boolean,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) return reject(closed('The shared client', 'not-started'));
      const toError = this.member.link.toError;
      if (toError) return reject(toError('not-started'));
      if (with_.signal?.aborted) return reject(with_.signal.reason);
      const signals: CallSignal[] = [];
      const payload = encodeValue(args, 'args', {
        add: signal => signals.push({ signal, number: signals.length + 1 }),
      });
      if (with_.signal) signals.push({ signal: with_.signal, number: 0 });
      const owner: CallOwner = oneway
        ? { succeed() {}, fail: error => this.error(error) }
        : { succeed: resolve, fail: reject };
      const request: CallRequest = {
        ...this.#terms(method, with_),
        kind,
        method,
        args: payload,
        isIdempotent: this.#isIdempotent(method, with_),
        signals: signals.length > 0 ? signals : undefined,
        owner,
        trace: captureTrace(),
      };
      if (kind === Kind.PUBLISH && with_.sticky !== undefined) this.#publishSticky(request, with_);
      else this.#make(request);
      if (oneway) resolve(undefined);
    });
  }

  #terms(
    method: string,
    with_: Pick<ResolvedWith, 'timeoutMs'>,
  ): { id: number; timeoutMs: number; deadline: number; handle: object } {
    const timeoutMs = with_.timeoutMs ?? this.options.methodTimeouts.get(method) ?? this.options.timeoutMs;
    return { id: nextNumber(), timeoutMs, deadline: this.member.clock.now() + timeoutMs, handle: this };
  }

  #isIdempotent(method: string, with_: ResolvedWith): boolean {
    return with_.idempotent ?? this.member.options.methods.get(method)?.idempotent ?? false;
  }

  #make(request: CallRequest): void {
    const call = this.member.calls.make(request);
    for (const signal of (call && request.signals) ?? []) {
      signal.listener = () => this.member.calls.aborted(call!, signal);
      signal.signal.addEventListener('abort', signal.listener, { once: true });
    }
  }

  /** In flight when the leader is lost, it is said to the next one: once, as any sticky publication. */
  #publishSticky(request: CallRequest, with_: ResolvedWith): void {
    const sticky = canonicalKey(with_.sticky, 'sticky');
    this.member.stickies.publish(sticky, { ...request, sticky, isIdempotent: true, signals: undefined }, error =>
      this.error(error),
    );
    const { signal } = with_;
    signal?.addEventListener(
      'abort',
      () => void this.unpublish(with_.sticky, with_).catch(error => this.error(error)),
      { once: true },
    );
  }

  // ------------------------------------------------------------------------------------------------ subscriptions

  subscribe(topic: unknown, listener: Listener | undefined, with_: ResolvedWith): Subscription | SubscriptionIterator {
    if (listener !== undefined && typeof listener !== 'function')
      throw invalidOption('listener', 'a function', listener);
    if (listener) return this.#subscribe(topic, listener, with_);
    const iterator = new SubscriptionIterator(with_.maxQueued);
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

  unsubscribe(topic: unknown, listener: unknown): void {
    const key = canonicalKey(topic, 'topic');
    for (const subscription of [...this.subscriptions]) {
      if (subscription.key === key && (listener === undefined || subscription.listener === listener))
        void subscription.unsubscribe();
    }
  }

  #subscribe(topic: unknown, listener: Listener, with_: ResolvedWith, onEnd?: () => void): Subscription {
    if (this.isClosed) throw closed('The shared client');
    return new Subscription({
      base: this,
      key: canonicalKey(topic, 'topic'),
      topic,
      payload: encodeValue(topic, 'topic'),
      listener,
      delivery: with_.delivery,
      timeoutMs: with_.timeoutMs ?? this.options.timeoutMs,
      signal: with_.signal,
      onEnd,
    });
  }

  /** Told once a key and term, whatever the number of subscriptions to it. */
  resync(event: ResyncEvent): void {
    if (event.reason === 'failover') {
      if (this.#resynced.get(event.key) === event.toTerm) return;
      this.#resynced.set(event.key, event.toTerm);
    }
    this.emitter.emit('resync', event);
  }

  // ------------------------------------------------------------------------------------------------------- events

  leader(event: { readonly term: number }): void {
    this.emitter.emit('leader', event);
  }

  follower(event: { readonly term: number }): void {
    this.emitter.emit('follower', event);
  }

  error(error: unknown): void {
    this.emitter.emit('error', error);
  }

  warning(message: string): void {
    this.emitter.emit('warning', { message });
  }

  upstream(event: string, args: unknown[]): void {
    this.upstreamEmitter.emit(event, ...args);
  }

  methods(names: readonly string[]): void {
    this.define(names);
  }

  async #close(): Promise<void> {
    const { member } = this;
    for (const subscription of [...this.subscriptions]) void subscription.unsubscribe();
    await this.#endCalls();
    member.observers.delete(this);
    if (member.observers.size === 0) await this.release(member);
    this.emitter.emit('close');
    this.emitter.clear();
    this.upstreamEmitter.clear();
  }

  /** What is under way may end, in time; what is sticky is taken back. */
  async #endCalls(): Promise<void> {
    const { calls, stickies, link, options } = this.member;
    // Where one doesn't get there, the leader does it by itself once the member has left.
    const taken = stickies.keysOf(this).map(key => this.#takeBack(key).catch(() => {}));
    if (link.isLinked) await calls.whenEnded(this, options.drainTimeoutMs);
    calls.failAll(outcome => closed('The shared client', outcome), this);
    await Promise.all(taken);
  }
}

/** Where the call was made, read only if it fails. */
function captureTrace(): { stack?: string } {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, captureTrace);
  return trace;
}
