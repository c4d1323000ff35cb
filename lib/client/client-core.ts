// What all handles that came of one createSharedClient call have in common: their member, their events, what they asked for.

import { canonicalKey } from '../codec/canonical-key.js';
import { encodeValue, type SignalWriter } from '../codec/encode-value.js';
import { createNonError, isError } from '../codec/error-classes.js';
import { MAX_KEY } from '../codec/limits.js';
import { rejectWhereAwaited } from '../codec/local-stack.js';
import { callChannel, publishDiagnostic } from '../diagnostics/channels.js';
import { closed, invalidOption, tooLarge, unknownMethod } from '../errors/errors.js';
import { isCallableName } from '../leader/method-names.js';
import { rolesOf } from '../leader/real-client.js';
import { type Arguments, Call, type CallKind, type CallSignal, encodeArguments } from '../member/call.js';
import type { Member } from '../member/member.js';
import type { MemberObserver, RoleChange } from '../member/observer.js';
import type { Sticky } from '../member/sticky-publications.js';
import type { ResyncEvent } from '../member/subscriptions.js';
import type { ContextOption, HandleOptions, MethodRole, ResolvedWith } from '../options/options.js';
import { nextNumber } from '../protocol/ids.js';
import { Kind } from '../protocol/messages.js';
import { listenToAbort } from '../utils/abort-listeners.js';
import { afterTurn } from '../utils/after-turn.js';
import { MAX_TIMER_MS } from '../utils/clock.js';
import { createEmitter, type Emitter } from '../utils/emitter.js';
import { MultiMap } from '../utils/multi-map.js';
import { CallerTrace } from './caller-trace.js';
import { Subscription } from './subscription.js';
import { SubscriptionIterator } from './subscription-iterator.js';

export type ValueListener = (value: unknown, info: { readonly term: number; readonly replayed: boolean }) => unknown;

export class ClientCore implements MemberObserver {
  readonly emitter: Emitter;
  readonly upstreamEmitter: Emitter;
  /** By topic's key. */
  readonly subscriptions = new MultiMap<string, Subscription>();
  /** The last term for which a `resync` of each key was told. */
  readonly #resynced = new Map<string, number>();
  #closing: Promise<void> | undefined;
  #isGone = false;
  readonly #roles: ReadonlyMap<MethodRole, string>;

  constructor(
    readonly member: Member,
    readonly options: HandleOptions,
    /** Defines these methods on the handles. */
    private readonly define: (names: readonly string[]) => void,
    /** This was the member's last. */
    private readonly release: () => Promise<void>,
  ) {
    const onThrow = (error: unknown) => this.error(error);
    this.emitter = createEmitter(onThrow);
    this.upstreamEmitter = createEmitter(onThrow, { wildcard: true });
    this.#roles = rolesOf(member.options.methods);
    member.observers.add(this);
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** It is closed, and hears no more of its member, which may live on with other handles. */
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

  /** A closed handle leads nothing, whatever other handles of its member do. */
  async resign(): Promise<void> {
    if (!this.isClosed) await this.member.resign();
  }

  /** Waits for a leader first, as a call does. */
  async transfer(workerId?: number): Promise<void> {
    if (this.isClosed) throw closed('The shared client');
    await this.member.transfer(workerId, this.options.readyTimeoutMs, this);
  }

  // -------------------------------------------------------------------------------------------------------- calls

  invoke(method: unknown, args: readonly unknown[], with_: ResolvedWith): Promise<unknown> {
    if (!isCallableName(method)) return new Promise(resolve => refuse(unknownMethod(method), resolve));
    return this.#call(Kind.CALL, method, args, with_);
  }

  publish(args: readonly unknown[], with_: ResolvedWith): Promise<unknown> {
    return this.#call(Kind.PUBLISH, this.#nameOf('publish'), args, with_);
  }

  /** Ends what is said under a key. */
  async unpublish(stickyKey: unknown, with_: ResolvedWith): Promise<void> {
    const key = canonicalKey(stickyKey, 'key');
    // What was published by this handle was withdrawn when it closed.
    if (!this.isClosed) await this.#takeBack(key, with_.timeoutMs);
  }

  async #takeBack(key: string, timeoutMs?: number): Promise<void> {
    const sticky = this.member.stickyPublications.unpublish(key);
    if (sticky) await this.#sendWithdrawal(key, sticky, timeoutMs);
  }

  async #sendWithdrawal(key: string, sticky: Sticky, timeoutMs = this.#timeoutOf('unpublish')): Promise<void> {
    const { calls, clock, stickyPublications } = this.member;
    await new Promise<unknown>((resolve, refuse) => {
      const reject = (error: unknown) => {
        stickyPublications.keepWithdrawal(key, sticky);
        refuse(error);
      };
      const call = new Call(
        Kind.UNPUBLISH,
        nextNumber(),
        'unpublish',
        sticky.args,
        key,
        clock.now(),
        timeoutMs,
        true,
        this,
        resolve,
        reject,
      );
      try {
        calls.make(call);
      } catch (error) {
        reject(error);
      }
    });
  }

  /** As `invoke`, without a promise: one of two functions is called, once. For rooms above that have a use for it. */
  invokeBack(
    method: string,
    args: readonly unknown[],
    with_: ResolvedWith,
    succeed: Call['succeed'],
    fail: Call['fail'],
  ): void {
    this.#make(Kind.CALL, method, args, with_, succeed, fail);
  }

  /** Hot: nothing is made that isn't needed for every call. */
  #call(kind: CallKind, method: string, args: readonly unknown[], with_: ResolvedWith): Promise<unknown> {
    const promise = new Promise(takeResolve);
    this.#make(kind, method, args, with_, lastResolve);
    return promise;
  }

  /** @param fail without it `succeed` is the `resolve` of a promise */
  #make(
    kind: CallKind,
    method: string,
    args: readonly unknown[],
    with_: ResolvedWith,
    succeed: Call['succeed'],
    fail?: Call['fail'],
  ): void {
    if (callChannel.hasSubscribers) return this.#watched(kind, method, args, with_, succeed, fail);
    try {
      this.#start(kind, method, args, with_, succeed, fail);
    } catch (error) {
      refuse(error, succeed, fail);
    }
  }

  #watched(
    kind: CallKind,
    method: string,
    args: readonly unknown[],
    with_: ResolvedWith,
    succeed: Call['succeed'],
    fail?: Call['fail'],
  ): void {
    const trace = new CallerTrace(this.member, method);
    trace.start(() => {
      try {
        this.#start(kind, method, args, with_, succeed, fail, trace);
      } catch (error) {
        trace.failed(error, () => refuse(error, succeed, fail));
      }
    });
  }

  #start(
    kind: CallKind,
    method: string,
    args: readonly unknown[],
    with_: ResolvedWith,
    resolve: Call['succeed'],
    reject: Call['fail'] | undefined,
    trace?: CallerTrace,
  ): void {
    const { member } = this;
    const { signal } = with_;
    if (this.#closing) throw closed('The shared client', 'not-started');
    if (member.link.toError) throw member.link.toError('not-started');
    signal?.throwIfAborted();
    const said = member.options.methods.get(method);
    found = undefined;
    let payload = encodeArguments(args, signalCollector);
    const signals = found as AbortSignal[] | undefined;
    if (member.options.context) payload = this.#withContext(payload, member.options.context);
    const timeoutMs = with_.timeoutMs ?? this.options.methodTimeouts.get(method) ?? this.options.timeoutMs;
    const isSticky = kind === Kind.PUBLISH && with_.sticky !== undefined;
    const sticky = isSticky ? canonicalKey(with_.sticky, 'sticky') : undefined;
    const isOneway = with_.oneway ?? said?.role === 'oneway';
    const onFail = isOneway ? this.#onError : reject;
    let succeed = isOneway ? ignore : resolve;
    let fail: Call['fail'] | undefined = onFail;
    if (trace) ({ succeed, fail } = trace.watch(succeed, onFail));
    if (sticky !== undefined) {
      this.#publishSticky(sticky, payload, timeoutMs, with_, succeed, fail);
      if (isOneway) resolve(undefined);
      return;
    }
    const isIdempotent = with_.idempotent ?? said?.idempotent ?? false;
    const call = new Call(
      isOneway && kind === Kind.CALL ? Kind.ONEWAY : kind,
      nextNumber(),
      method,
      payload,
      undefined,
      member.clock.now(),
      timeoutMs,
      isIdempotent,
      this,
      succeed,
      fail,
    );
    if (trace) trace.call = call;
    if (signal || signals) this.#watchSignals(call, signal, signals);
    member.calls.make(call);
    // It was accepted; how it ends is nobody's but the handle's `error`.
    if (isOneway) resolve(undefined);
  }

  /** What the user's hook gives to come along; where it can't, the call goes without. */
  #withContext(args: Arguments, { inject }: ContextOption): Arguments {
    try {
      const carrier = inject();
      const text = carrier === undefined || carrier === null ? undefined : JSON.stringify(carrier);
      if (text !== undefined && text.length > MAX_KEY) throw tooLarge('What inject() gave', MAX_KEY);
      return text === undefined ? args : { ...args, carrier: text };
    } catch (error) {
      this.error(error);
      return args;
    }
  }

  #watchSignals(call: Call, own: AbortSignal | undefined, inside: readonly AbortSignal[] = []): void {
    const signals: CallSignal[] = inside.map((signal, i) => ({ signal, number: i + 1 }));
    if (own) signals.push({ signal: own, number: 0 });
    call.signals = signals;
    for (const signal of signals) {
      signal.listener = () => this.member.calls.aborted(call, signal);
      listenToAbort(signal.signal, signal.listener);
    }
  }

  #publishSticky(
    key: string,
    args: Arguments,
    timeoutMs: number,
    with_: ResolvedWith,
    succeed: Call['succeed'],
    onFail: ((error: unknown) => void) | undefined,
  ): void {
    const failLater = onFail ?? (error => succeed(rejectWhereAwaited(error)));
    let isMade = false;
    const fail = (error: unknown) => (isMade ? failLater(error) : refuse(error, succeed, onFail));
    this.member.stickyPublications.publish(key, {
      args,
      timeoutMs,
      handle: this,
      succeed,
      fail,
      onError: this.#onError,
      signal: with_.signal,
      onAbort: (key, sticky) => void this.#sendWithdrawal(key, sticky).catch(this.#onError),
    });
    isMade = true;
  }

  readonly #onError = (error: unknown) => this.error(error);

  /** What is said of the real client's method holds for the handle's own that stands in for it. */
  #nameOf(role: MethodRole): string {
    return this.#roles.get(role) ?? role;
  }

  #timeoutOf(role: MethodRole): number {
    return this.options.methodTimeouts.get(this.#nameOf(role)) ?? this.options.timeoutMs;
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
    const iterator = new SubscriptionIterator(with_.maxQueued);
    // A loop that iterates anew after each error must find a turn of the event loop in it.
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
      timeoutMs: with_.timeoutMs ?? this.#timeoutOf('subscribe'),
      signal: with_.signal,
      onEnd,
    });
  }

  /** Told once a key and term, whatever the number of subscriptions to it. */
  resync(event: ResyncEvent): void {
    // Within one term, of a primary that was gone for a while, each is another one.
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
    // Calls are given time to end, which takes a process that lives on.
    const alive = member.clock.setTimer(() => {}, MAX_TIMER_MS);
    alive.ref();
    member.readiness.end(closed('The shared client'), this);
    for (const subscription of [...this.subscriptions]) subscription.unsubscribe();
    await this.#endCalls();
    // To the end it hears what becomes of its member: that it leads no longer, or that its real client closes slowly.
    if (member.observers.size === 1) await this.release();
    member.observers.delete(this);
    alive.clear();
    this.#isGone = true;
    this.emitter.emit('close');
    this.emitter.clear();
    this.upstreamEmitter.clear();
  }

  /** What is under way may end, in time; what is sticky is taken back. */
  async #endCalls(): Promise<void> {
    const { calls, stickyPublications, link, options } = this.member;
    // Where one doesn't get there, the leader does it by itself once the member has left.
    const taken = stickyPublications.keysOf(this).map(key => this.#takeBack(key).catch(() => {}));
    if (link.isLinked) await calls.whenEnded(this, options.drainTimeoutMs);
    calls.failAll(outcome => closed('The shared client', outcome), this);
    await Promise.all(taken);
  }
}

/** It is refused before it began. */
function refuse(error: unknown, succeed: Call['succeed'], fail?: Call['fail']): void {
  afterTurn(() => (fail ? fail(error) : succeed(Promise.reject(error))));
}

const ignore = () => {};

let lastResolve!: (value: unknown) => void;

/** The same executor for every promise: it runs at once, so what it leaves here is taken at once. */
function takeResolve(resolve: (value: unknown) => void): void {
  lastResolve = resolve;
}

/** The signals in the arguments that were encoded last. */
let found: AbortSignal[] | undefined;

/** Shared by all calls: encoding is synchronous. */
const signalCollector: SignalWriter = {
  add(signal) {
    found ??= [];
    return found.push(signal);
  },
};
