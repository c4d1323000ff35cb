// Makes the calls and publications of a client's handles.

import { canonicalKey } from '../codec/canonical-key.js';
import { MAX_KEY } from '../codec/limits.js';
import { rejectWhereAwaited } from '../codec/local-stack.js';
import { UnreadBlob } from '../codec/unread-blobs.js';
import { callChannel } from '../diagnostics/channels.js';
import { closed, unknownMethod } from '../errors/call-errors.js';
import { stickyStream, tooLarge } from '../errors/value-errors.js';
import { isCallableName } from '../leader/method-names.js';
import { rolesOf } from '../leader/real-client.js';
import { type Arguments, encodeArguments, signalsInArguments, streamsInArguments } from '../member/arguments.js';
import { Call, type CallKind, type CallSignal } from '../member/call.js';
import type { Member } from '../member/member.js';
import type { Sticky } from '../member/sticky-publications.js';
import type { ContextOption, HandleOptions, MethodRole, ResolvedWith } from '../options/options.js';
import { Kind } from '../protocol/bundle.js';
import { nextNumber } from '../protocol/ids.js';
import { listenToAbort } from '../utils/abort-listeners.js';
import { afterTurn } from '../utils/after-turn.js';
import { type CallPromise, toCallPromise } from './call-promise.js';
import { CallerTrace } from './caller-trace.js';

/** The client whose handles make the calls. */
export interface CallerOwner {
  readonly member: Member;
  readonly options: HandleOptions;
  readonly isClosed: boolean;
  error(error: unknown): void;
}

export interface CallWith extends ResolvedWith {
  /** Replaces what the hook `inject` would return, as JSON: of a call that is passed on. */
  readonly carrier?: string | undefined;
  /** Its caller is elsewhere, and traces it there. */
  readonly isPassedOn?: boolean;
}

export class Caller {
  readonly #roles: ReadonlyMap<MethodRole, string>;
  /** Calls that wait until a blob of an earlier call has been read, so that the order is kept. */
  #behind: (() => void)[] | undefined;
  readonly #onError = (error: unknown) => this.owner.error(error);

  constructor(private readonly owner: CallerOwner) {
    this.#roles = rolesOf(owner.member.options.methods);
  }

  invoke(method: unknown, args: readonly unknown[], with_: ResolvedWith): CallPromise {
    if (!isCallableName(method)) return toCallPromise(new Promise(resolve => refuse(unknownMethod(method), resolve)));
    const promise = toCallPromise(new Promise(takeResolve));
    lastPromise = promise;
    this.make(Kind.CALL, method, args, with_, lastResolve);
    return promise;
  }

  publish(args: readonly unknown[], with_: ResolvedWith): Promise<unknown> {
    const promise = new Promise(takeResolve);
    this.make(Kind.PUBLISH, this.#nameOf('publish'), args, with_, lastResolve);
    return promise;
  }

  /**
   * Makes a call, or refuses it. Hot: creates nothing that is not needed for every call.
   * @param fail without it, `succeed` is the `resolve` of a promise
   * @returns the call, if it was made at once
   */
  make(
    kind: CallKind,
    method: string,
    args: readonly unknown[],
    with_: CallWith,
    succeed: Call['succeed'],
    fail?: Call['fail'],
    trace?: CallerTrace,
  ): Call | undefined {
    const promise = lastPromise;
    lastPromise = undefined;
    if (this.#behind) {
      this.#behind.push(this.#later(kind, method, args, with_, succeed, fail, trace));
      return undefined;
    }
    if (!trace && callChannel.hasSubscribers && !with_.isPassedOn)
      return this.#watched(kind, method, args, with_, succeed, fail);
    try {
      const call = this.#start(kind, method, args, with_, succeed, fail, trace);
      if (call) call.promise = promise;
      return call;
    } catch (error) {
      if (error instanceof UnreadBlob) {
        this.#behind = [this.#later(kind, method, args, with_, succeed, fail, trace)];
        void this.#read(error, succeed, fail, trace);
      } else refuse(error, succeed, fail, trace);
      return undefined;
    }
  }

  /** Separate, because a closure in {@link make} would cost every call the memory for its captured variables. */
  #later(...call: Parameters<Caller['make']>): () => void {
    return () => void this.make(...call);
  }

  /** Reads the bytes of a blob. Then its call continues, and the calls made after it. */
  async #read(blob: UnreadBlob, succeed: Call['succeed'], fail?: Call['fail'], trace?: CallerTrace): Promise<void> {
    try {
      await blob.read();
    } catch (error) {
      this.#behind!.shift();
      refuse(error, succeed, fail, trace);
    }
    const behind = this.#behind!;
    this.#behind = undefined;
    for (const call of behind) {
      if (this.#behind) (this.#behind as (() => void)[]).push(call);
      else call();
    }
  }

  #watched(
    kind: CallKind,
    method: string,
    args: readonly unknown[],
    with_: CallWith,
    succeed: Call['succeed'],
    fail?: Call['fail'],
  ): Call | undefined {
    const trace = new CallerTrace(this.owner.member, method);
    return trace.start(() => this.make(kind, method, args, with_, succeed, fail, trace));
  }

  #start(
    kind: CallKind,
    method: string,
    args: readonly unknown[],
    with_: CallWith,
    resolve: Call['succeed'],
    reject: Call['fail'] | undefined,
    trace: CallerTrace | undefined,
  ): Call | undefined {
    const { member, options, isClosed } = this.owner;
    const { signal } = with_;
    if (isClosed) throw closed('The shared client', 'not-started');
    if (member.link.toError) throw member.link.toError('not-started');
    signal?.throwIfAborted();
    const settings = member.options.methods.get(method);
    let payload = encodeArguments(args, member.own);
    const signals = signalsInArguments();
    const inputs = streamsInArguments();
    if (with_.carrier !== undefined) payload = { ...payload, carrier: with_.carrier };
    else if (member.options.context) payload = this.#withContext(payload, member.options.context);
    const isIdempotent = with_.idempotent ?? settings?.idempotent ?? false;
    if (isIdempotent && member.options.across) payload = { ...payload, isIdempotent };
    const timeoutMs = with_.timeoutMs ?? options.methodTimeouts.get(method) ?? options.timeoutMs;
    const isOneway = with_.oneway ?? settings?.role === 'oneway';
    let succeed = isOneway ? ignore : resolve;
    let fail = isOneway ? this.#onError : reject;
    if (trace) ({ succeed, fail } = trace.watch(succeed, fail));
    let call: Call | undefined;
    if (kind === Kind.PUBLISH && with_.sticky !== undefined) {
      if (inputs) throw stickyStream();
      this.#publishSticky(canonicalKey(with_.sticky, 'sticky'), payload, timeoutMs, signal, succeed, fail);
    } else {
      call = new Call(
        isOneway && kind === Kind.CALL ? Kind.ONEWAY : kind,
        nextNumber(),
        method,
        payload,
        undefined,
        member.clock.now(),
        timeoutMs,
        isIdempotent,
        this.owner,
        succeed,
        fail,
      );
      if (trace) trace.call = call;
      if (with_.maxQueued !== undefined) call.window = with_.maxQueued;
      call.inputs = inputs;
      if (signal || signals) this.#watchSignals(call, signal, signals);
      member.calls.make(call);
    }
    // The call was accepted. If it fails, only the handle's `error` event reports that.
    if (isOneway) resolve(undefined);
    return call;
  }

  /** Adds the carrier from the user's `inject` hook. If the hook fails, the call is sent without one. */
  #withContext(args: Arguments, { inject }: ContextOption): Arguments {
    try {
      const carrier = inject();
      const text = carrier === undefined || carrier === null ? undefined : JSON.stringify(carrier);
      if (text !== undefined && text.length > MAX_KEY) throw tooLarge('What inject() gave', MAX_KEY);
      return text === undefined ? args : { ...args, carrier: text };
    } catch (error) {
      this.owner.error(error);
      return args;
    }
  }

  #watchSignals(call: Call, own: AbortSignal | undefined, inside: readonly AbortSignal[] = []): void {
    const signals: CallSignal[] = inside.map((signal, i) => ({ signal, number: i + 1 }));
    if (own) signals.push({ signal: own, number: 0 });
    call.signals = signals;
    for (const signal of signals) {
      signal.listener = () => this.owner.member.calls.aborted(call, signal);
      listenToAbort(signal.signal, signal.listener);
    }
  }

  #publishSticky(
    key: string,
    args: Arguments,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    succeed: Call['succeed'],
    onFail: Call['fail'] | undefined,
  ): void {
    const failLater = onFail ?? (error => succeed(rejectWhereAwaited(error)));
    let isMade = false;
    const fail = (error: unknown) => (isMade ? failLater(error) : refuse(error, succeed, onFail));
    this.owner.member.stickyPublications.publish(key, {
      args,
      timeoutMs,
      handle: this.owner,
      succeed,
      fail,
      onError: this.#onError,
      signal,
      onAbort: (key, sticky) => void this.#sendWithdrawal(key, sticky).catch(this.#onError),
    });
    isMade = true;
  }

  /** Ends the publication under a key. */
  async unpublish(stickyKey: unknown, with_: ResolvedWith): Promise<void> {
    const key = canonicalKey(stickyKey, 'key');
    // The publications of this client were withdrawn when its handles were closed.
    if (!this.owner.isClosed) await this.takeBack(key, with_.timeoutMs);
  }

  async takeBack(key: string, timeoutMs?: number): Promise<void> {
    const sticky = this.owner.member.stickyPublications.unpublish(key);
    if (sticky) await this.#sendWithdrawal(key, sticky, timeoutMs);
  }

  async #sendWithdrawal(key: string, sticky: Sticky, timeoutMs?: number): Promise<void> {
    try {
      await this.#unpublish(key, sticky.args, timeoutMs);
    } catch (error) {
      this.owner.member.stickyPublications.keepWithdrawal(key, sticky);
      throw error;
    }
  }

  /** Ends a publication that may have been made elsewhere: the leader is told in any case. */
  async withdraw(stickyKey: unknown, args: readonly unknown[], timeoutMs?: number): Promise<unknown> {
    const { own, stickyPublications } = this.owner.member;
    const key = canonicalKey(stickyKey, 'key');
    const sticky = stickyPublications.unpublish(key);
    if (sticky) return this.#sendWithdrawal(key, sticky, timeoutMs);
    return this.#unpublish(key, encodeArguments(args, own), timeoutMs);
  }

  #unpublish(key: string, args: Arguments, timeoutMs = this.timeoutOf('unpublish')): Promise<unknown> {
    const { calls, clock } = this.owner.member;
    return new Promise((resolve, reject) => {
      const [id, now] = [nextNumber(), clock.now()];
      const kind = Kind.UNPUBLISH;
      calls.make(new Call(kind, id, 'unpublish', args, key, now, timeoutMs, true, this.owner, resolve, reject));
    });
  }

  /** The options of the real client's method also apply to the handle's own method of that role. */
  #nameOf(role: MethodRole): string {
    return this.#roles.get(role) ?? role;
  }

  timeoutOf(role: MethodRole): number {
    const { methodTimeouts, timeoutMs } = this.owner.options;
    return methodTimeouts.get(this.#nameOf(role)) ?? timeoutMs;
  }
}

/** Rejects a call that has not begun. */
function refuse(error: unknown, succeed: Call['succeed'], fail?: Call['fail'], trace?: CallerTrace): void {
  if (trace) trace.failed(error, () => refuse(error, succeed, fail));
  else afterTurn(() => (fail ? fail(error) : succeed(Promise.reject(error))));
}

const ignore = () => {};

let lastResolve!: (value: unknown) => void;
/** The promise of the call that is about to be made. */
let lastPromise: Promise<unknown> | undefined;

/** One executor for all promises. It runs synchronously, so the caller reads `lastResolve` right after. */
function takeResolve(resolve: (value: unknown) => void): void {
  lastResolve = resolve;
}
