// The calls that a leader runs in its term: starts each one, answers it when it has ended, and limits their number.

import { encodeError } from '../codec/encode-error.js';
import { encodeData } from '../codec/encode-value.js';
import { isStream } from '../codec/handles.js';
import { UnreadBlob } from '../codec/unread-blobs.js';
import { cameLate, leaderLost, timedOut, unknownMethod } from '../errors/call-errors.js';
import { SharedClientError } from '../errors/shared-client-error.js';
import { brokenArguments, resultNotSerializable } from '../errors/value-errors.js';
import { tooManyRunning } from '../errors/warnings.js';
import type { ContextOption } from '../options/options.js';
import { Kind, Overload } from '../protocol/bundle.js';
import type { FrameView } from '../protocol/frame-reader.js';
import type { Payload } from '../protocol/payload.js';
import type { Timer } from '../utils/clock.js';
import { Deadlines } from '../utils/deadlines.js';
import { isThenable } from '../utils/is-thenable.js';
import { NumberedTable } from '../utils/numbered-table.js';
import { ArgumentStreams } from './argument-streams.js';
import type { LeaseGate } from './lease-gate.js';
import { argumentsOf, bytesOfFrame, decodeArguments, decodeReason, methodOf } from './read-call.js';
import { ResultStreams } from './result-streams.js';
import { type Limit, RunningCall } from './running-call.js';
import { RETURNED } from './served-client.js';
import type { ServiceOptions } from './service-options.js';
import { type Method, type MethodOwner, startMethod } from './start-method.js';
import type { StickyRegister } from './sticky-register.js';
import type { Suspects } from './suspects.js';

/** Limits of concurrent calls and of the bytes of their arguments: a real client may be slow, or never answer. */
const MOST_RUNNING = 50_000;
const MOST_RUNNING_BYTES = 256 * 1024 * 1024;

/** The answer to a call whose caller wants no result. */
const NOTHING = encodeData(undefined, 'result');

export interface CallParts {
  readonly gate: LeaseGate;
  readonly suspects: Suspects;
  readonly sticky: StickyRegister;
}

export class RunningCalls implements MethodOwner {
  /** The hooks for calls that have a carrier. */
  readonly context: ContextOption | undefined;
  readonly report: (error: unknown) => void;
  readonly #options: ServiceOptions;
  readonly #parts: CallParts;
  readonly #inputs: ArgumentStreams;
  readonly #outputs: ResultStreams;
  /** By worker. */
  readonly #running = new Map<number, NumberedTable<RunningCall>>();
  #count = 0;
  #bytes = 0;
  /** Deadlines of repeated publications, because no caller times them out. */
  readonly #limits: Deadlines<Limit>;
  #whenDrained: (() => void) | undefined;
  #drainTimer: Timer | undefined;

  constructor(options: ServiceOptions, parts: CallParts) {
    this.context = options.options.context;
    this.report = options.report;
    this.#options = options;
    this.#parts = parts;
    const { sender, self, client } = options;
    this.#inputs = new ArgumentStreams({ sender, self, own: client.own });
    this.#outputs = new ResultStreams(options, parts.gate, this, {
      ended: (call, count) => {
        if (this.#untrack(call)) this.#answer(call, { text: String(count), ext: false, parts: undefined });
      },
      failed: (call, error) => {
        if (this.#untrack(call)) this.#fail(call, error);
      },
      closed: call => void this.#untrack(call),
      drop: item => this.#releaseHandles(item),
    });
    this.#limits = new Deadlines(options.clock, ({ call }) => this.#overdue(call));
  }

  routeOf(workerId: number): string {
    return this.#options.sender.routeTo(workerId);
  }

  /** @returns false if the call has to wait: for the lease, or until its member knows that it begins */
  handle(from: number, frame: FrameView, now: number): boolean {
    const { sender, warn, options } = this.#options;
    const { id } = frame;
    const bytes = bytesOfFrame(frame);
    if (this.#isFull(bytes)) {
      warn(tooManyRunning(options.name));
      sender.to(from, Kind.OVERLOADED, id, Overload.CALL);
      return true;
    }
    if (!this.#parts.suspects.mayBegin(from, id)) return false;
    try {
      return this.#begin(from, frame, bytes, now);
    } catch (error) {
      sender.payloadTo(from, Kind.ERROR, id, this.#encodeError(error));
      return true;
    }
  }

  #begin(from: number, frame: FrameView, bytes: number, now: number): boolean {
    const { term, self, clock, contextOf, client, options } = this.#options;
    const { gate, suspects, sticky: published } = this.#parts;
    const { kind, id, ext, one, parts, deadline } = frame;
    const method = methodOf(frame);
    const { args, key, carrier, isRepeated, isIdempotent } = argumentsOf(frame);
    const call = new RunningCall(options.name, term, from, id, method, deadline, now, this.#inputs);
    if (now > deadline && kind === Kind.UNPUBLISH) published.takeBack(from, key as string);
    if (now > deadline) throw cameLate(method);
    const given = ext ? decodeArguments(args, parts, call, from !== self, client.own) : args;
    // The lease may have ended while large arguments were decoded.
    if (ext && gate.mustHold(clock.now())) {
      this.#inputs.release(call);
      return false;
    }
    const list = one ? [given] : given;
    if (!Array.isArray(list)) throw brokenArguments();
    call.carrier = carrier;
    call.isRepeated = isRepeated;
    call.isIdempotent = isIdempotent;
    call.wantsNoResult = kind !== Kind.CALL;
    call.bytes = bytes;
    suspects.begin(from, id);
    if (from === self) call.context = contextOf(id) ?? call.context;
    const sticky = typeof key === 'string' ? key : undefined;
    if (sticky !== undefined && kind === Kind.PUBLISH) published.add(from, sticky, list);
    // The call contains the arguments, because a leader appointed after the publication does not have them.
    if (sticky !== undefined && kind === Kind.UNPUBLISH) published.delete(from, sticky);
    if (client.forwarder) this.#passOn(call, kind, sticky, list);
    else if (kind === Kind.PUBLISH) this.#start(call, client.role('publish'), list);
    else if (kind === Kind.UNPUBLISH) this.#unpublish(call, client.role('unpublish'), list);
    else this.#start(call, client.method(method), list);
    return true;
  }

  #unpublish(call: RunningCall, unpublish: Method | undefined, args: unknown[]): void {
    if (unpublish) this.#start(call, unpublish, args);
    else this.#succeed(call, undefined);
  }

  #start(call: RunningCall, method: Method | undefined, args: unknown[]): void {
    if (!method) throw unknownMethod(call.method);
    let result: unknown;
    try {
      result = call.context.runInAsyncScope(startMethod, undefined, call, method, args, this);
    } catch (error) {
      return this.#fail(call, error);
    }
    if (!isThenable(result)) return this.#succeed(call, result);
    if (call.isRepeated) this.#limit(call);
    this.#await(call, result);
  }

  /** In the fleet, its leader limits what is repeated. */
  #passOn(call: RunningCall, kind: number, sticky: string | undefined, args: readonly unknown[]): void {
    const { forwarder } = this.#options.client;
    this.#await(
      call,
      call.context.runInAsyncScope(() => forwarder!.run(call, kind, sticky, args)),
    );
  }

  #await(call: RunningCall, result: PromiseLike<unknown>): void {
    this.#track(call);
    // Wrapped, because a thenable may throw, or settle twice.
    Promise.resolve(result).then(
      value => (this.#untrack(call) ? this.#succeed(call, value) : this.#releaseHandles(value)),
      error => this.#untrack(call) && this.#fail(call, error),
    );
  }

  #succeed(call: RunningCall, value: unknown): void {
    if (call.wantsNoResult) {
      this.#answer(call, NOTHING);
      return this.#releaseHandles(value);
    }
    if (isStream(value)) {
      this.#track(call);
      return this.#outputs.open(call, value);
    }
    let result: Payload;
    try {
      result = encodeData(value, 'result', this.#options.client.own);
    } catch (error) {
      if (error instanceof UnreadBlob) return this.#succeedLater(call, value, error);
      this.#fail(call, resultNotSerializable(call.method, error as SharedClientError));
      return this.#releaseHandles(value);
    }
    this.#answer(call, result);
  }

  #succeedLater(call: RunningCall, value: unknown, blob: UnreadBlob): void {
    this.#track(call);
    blob.read().then(
      () => this.#untrack(call) && this.#succeed(call, value),
      error => this.#untrack(call) && this.#fail(call, error),
    );
  }

  #answer(call: RunningCall, result: Payload): void {
    this.#options.served.ok++;
    this.#measure(call);
    this.#options.sender.payloadTo(call.workerId, Kind.RESULT, call.id, result);
  }

  /** Nobody receives the value, so the handles in it have to be released. */
  #releaseHandles(value: unknown): void {
    if (typeof value === 'object' && value !== null) this.#options.client.release(value, this.report);
  }

  #fail(call: RunningCall, error: unknown): void {
    if (error === RETURNED) return this.#options.sender.to(call.workerId, Kind.RETURNED, call.id, '0');
    this.#options.served.failed++;
    this.#measure(call);
    this.#options.sender.payloadTo(call.workerId, Kind.ERROR, call.id, this.#encodeError(error));
  }

  #encodeError(error: unknown): Payload {
    return encodeError(error, undefined, this.#options.client.own);
  }

  /** The call has ended. */
  #measure(call: RunningCall): void {
    if (call.inputs) this.#inputs.release(call);
    this.#options.served.duration.add(this.#options.clock.now() - call.startedAt);
  }

  // ---------------------------------------------------------------------------------------------- calls in progress

  /** A single call may have any size. */
  #isFull(bytes: number): boolean {
    if (this.#count === 0) return false;
    return this.#count >= MOST_RUNNING || this.#bytes + bytes > MOST_RUNNING_BYTES;
  }

  #track(call: RunningCall): void {
    let running = this.#running.get(call.workerId);
    if (!running) {
      running = new NumberedTable();
      this.#running.set(call.workerId, running);
    }
    running.add(call);
    this.#count++;
    this.#bytes += call.bytes;
    this.#options.served.running++;
  }

  /** @returns whether its caller still waits */
  #untrack(call: RunningCall): boolean {
    this.#options.served.running--;
    const isOfThisTerm = this.#forget(call);
    if (isOfThisTerm && !call.isEnded) return true;
    this.#options.served.abandoned++;
    this.#measure(call);
    return false;
  }

  /** @returns whether it was known: it is of this term, and not overdue */
  #forget(call: RunningCall): boolean {
    if (!this.#running.get(call.workerId)?.delete(call)) return false;
    if (call.limit) this.#limits.remove(call.limit);
    this.#bytes -= call.bytes;
    if (--this.#count === 0 && this.#whenDrained) this.#options.clock.defer(() => this.#drainedIfIdle());
    return true;
  }

  #limit(call: RunningCall): void {
    const { clock, options } = this.#options;
    const timeoutMs = options.openTimeoutMs;
    call.limit = { call, timeoutMs, deadline: clock.now() + timeoutMs, before: undefined, after: undefined };
    this.#limits.add(call.limit);
  }

  /** Answers with an error. A later answer of the real client is ignored. */
  #overdue(call: RunningCall): void {
    const error = timedOut(call.method, this.#options.options.openTimeoutMs, 'unknown');
    this.#forget(call);
    call.abandon(error);
    this.#options.sender.payloadTo(call.workerId, Kind.ERROR, call.id, this.#encodeError(error));
  }

  /** The caller took items of a stream that its call returned. */
  pull(from: number, { id, json }: FrameView): void {
    this.#running.get(from)?.get(id)?.output?.pull(json);
  }

  /** An item, or the end, of a stream in the arguments of a call. */
  input(from: number, frame: FrameView): void {
    this.#inputs.receive(from, frame);
  }

  /** The lease is valid again. */
  release(): void {
    this.#outputs.resume();
  }

  /** The caller gave up, or a signal in its arguments aborted. */
  cancel(from: number, { id, json, ext, parts }: FrameView): void {
    const call = this.#running.get(from)?.get(id);
    if (!call || !Array.isArray(json)) return;
    const [number, reason] = json as [number, unknown];
    const decoded = ext ? decodeReason(reason, parts) : reason;
    if (number === 0) call.abandon(decoded);
    else call.abort(number, decoded);
  }

  /** No caller waits for the calls of this worker any more. */
  memberLeft(workerId: number): void {
    for (const call of this.#running.get(workerId)?.inOrder() ?? []) {
      call.abandon(
        new SharedClientError('ERR_CLOSED', 'The worker that made this call is gone.', { outcome: 'unknown' }),
      );
    }
  }

  /** Calls `done` once the calls in progress have ended, or after `ms`. */
  drain(ms: number, done: () => void): void {
    const { clock, client } = this.#options;
    client.forwarder?.returnWaiting();
    this.#whenDrained = done;
    this.#drainTimer = clock.setTimer(() => this.#drained(), ms);
    // In a later turn: the caller of this function has not finished its own turn yet.
    if (this.#count === 0) clock.defer(() => this.#drainedIfIdle());
  }

  /** The result of a call that had ended may be a stream, or a blob that has to be read: then it goes on. */
  #drainedIfIdle(): void {
    if (this.#count === 0) this.#drained();
  }

  #drained(): void {
    const done = this.#whenDrained;
    this.#whenDrained = undefined;
    this.#drainTimer?.clear();
    done?.();
  }

  /** Abandons all calls without an answer. */
  stop(): void {
    this.#whenDrained = undefined;
    this.#drainTimer?.clear();
    this.#limits.close();
    for (const calls of this.#running.values()) {
      for (const call of calls.inOrder()) call.abandon(leaderLost(call.method, 'unknown'));
    }
    this.#running.clear();
    this.#count = 0;
    this.#bytes = 0;
  }
}
