// The calls of one member: they wait for a leader, are sent, and end exactly once.

import { decodeError } from '../codec/decode-error.js';
import { decodeValue } from '../codec/decode-value.js';
import { encodeError } from '../codec/encode-error.js';
import { markRemote } from '../codec/local-stack.js';
import type { OwnTypes } from '../codec/own-types.js';
import { closed, costLeaders, leaderLost, overloaded } from '../errors/call-errors.js';
import type { Outcome, SharedClientError } from '../errors/shared-client-error.js';
import { brokenFrame, brokenResult, resultNotSerializable, unsendableResult } from '../errors/value-errors.js';
import { CallCounts, type FailureReason } from '../metrics/call-counts.js';
import { EXT, Kind } from '../protocol/bundle.js';
import { isAnswer } from '../protocol/classes.js';
import type { FrameView } from '../protocol/frame-reader.js';
import type { Route } from '../route/route.js';
import { stopListeningToAbort } from '../utils/abort-listeners.js';
import { type AsyncContext, neutralContext } from '../utils/async-context.js';
import type { Clock } from '../utils/clock.js';
import { Deadlines } from '../utils/deadlines.js';
import { defer } from '../utils/deferred.js';
import { NumberedTable } from '../utils/numbered-table.js';
import type { Call, CallSignal } from './call.js';
import { outcomeOf, reasonOf, withOutcomeOf } from './call-outcome.js';
import { CallStreams } from './call-streams.js';

/** Bytes of calls that may wait in this process for a leader, or for a primary that does not read. */
export const MOST_WAITING_BYTES = 64 * 1024 * 1024;

export interface CallsOptions {
  readonly clock: Clock;
  /** Creates the error for a call whose deadline passed. */
  timeout(method: string, timeoutMs: number, outcome: Outcome): Error;
  /** How many leaders may be lost with one call. */
  readonly maxLeadersLost: number;
  /** `maxLeadersLost` leaders were lost with this call. */
  costly(call: Call): void;
  /** The application's own types. */
  readonly own?: OwnTypes | undefined;
  /** A call or a result was refused because the queue is full. */
  overloaded?(what: 'calls' | 'results'): void;
}

export class Calls {
  /** Numbered in the order in which the calls were made. */
  readonly #calls = new NumberedTable<Call>();
  readonly #options: CallsOptions;
  #route: Route | undefined;
  #waiting = 0;
  #waitingBytes = 0;
  /** Called after a call ended, while `whenEnded` waits. */
  readonly #whenFewer = new Set<() => void>();
  readonly counts = new CallCounts();
  readonly #deadlines: Deadlines<Call>;
  readonly streams: CallStreams;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock, call => this.#expire(call));
    const { clock, own } = options;
    this.streams = new CallStreams({
      clock,
      own,
      opened: call => this.#deadlines.remove(call),
      expired: call => this.#expire(call),
      broken: (call, error) => this.cancel(call, error),
      ended: call => {
        if (this.#remove(call)) this.counts.succeeded(clock.now() - call.madeAt);
      },
      abort: (call, reason) => this.sendAbort(call, 0, reason),
    });
  }

  get waiting(): number {
    return this.#waiting;
  }

  get inFlight(): number {
    return this.#calls.size - this.#waiting;
  }

  /** Bytes of the calls that wait for a leader. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * Accepts a call.
   * @throws {SharedClientError} `ERR_OVERLOADED`: the queue is full
   */
  make(call: Call): void {
    if (this.#isOverloaded(call)) {
      this.#options.overloaded?.('calls');
      this.counts.failedWith('ERR_OVERLOADED', 0);
      throw overloaded('not-started');
    }
    this.#calls.add(call);
    if (call.inputs) this.streams.accept(call);
    // A deadline keeps the process alive.
    if (!call.isRepeated) this.#deadlines.add(call);
    if (this.#route) {
      this.#send(call, this.#route);
      this.counts.queued.add(0);
    } else this.#wait(call);
  }

  /** The context in which a call was made, while it is in progress. */
  contextOf(id: number): AsyncContext | undefined {
    return this.#calls.get(id)?.context;
  }

  /** The caller gives up: the call ends at once, and the leader is notified. */
  cancel(call: Call, error: unknown, reason: FailureReason = 'cancelled'): void {
    if (!this.#isUnderWay(call)) return;
    this.sendAbort(call, 0, error);
    call.stream?.clear();
    this.#abandon(call, error, reason);
  }

  /** Like `cancel`, with an error that states whether the call may have begun. */
  giveUp(call: Call, toError: (outcome: Outcome) => Error): void {
    const error = toError(outcomeOf(call));
    this.cancel(call, error, reasonOf(error));
  }

  /** A signal of the caller aborted. The call's own signal ends the call; a signal in its arguments is only forwarded. */
  aborted(call: Call, { number, signal }: CallSignal): void {
    if (number === 0) this.cancel(call, signal.reason);
    else if (this.#isUnderWay(call)) this.sendAbort(call, number, signal.reason);
  }

  /** Forwards an abort, so that the leader's copy of the signal aborts too. */
  sendAbort(call: Call, number: number, reason: unknown): void {
    if (!call.route) return;
    // Always the tagged form.
    const { text, parts } = encodeError(reason);
    call.route.send(Kind.CANCEL | EXT, call.id, `[${number},${text}]`, parts);
  }

  /**
   * A leader is available: sends the waiting calls in the order they were made, after `sayFirst` has run.
   * @param lostTerm the last term that a route led to, if its leader was lost
   */
  open(route: Route, sayFirst: () => void, lostTerm?: number): void {
    if (lostTerm !== undefined) this.#countLosses(lostTerm);
    this.#route = route;
    sayFirst();
    if (this.#waiting === 0) return;
    const now = this.#options.clock.now();
    for (const call of this.#calls.inOrder()) {
      // Sending one call may have ended another.
      if (!call.route && this.#isUnderWay(call)) this.#resume(call, route, now);
    }
  }

  /** There is no leader any more, or it accepts no more calls. */
  shut(): void {
    this.#route = undefined;
  }

  /** Handles a frame about a call, read at `now`. @returns whether it was one */
  receive(frame: FrameView, term: number, now: number): boolean {
    if (frame.kind === Kind.BEGUN) return this.#begun(frame.id, term);
    if (!isAnswer(frame.kind)) return this.streams.receive(frame, term);
    const call = this.#calls.get(frame.id);
    // The id may be that of a stream or of a subscription: all share one number space.
    if (!call && frame.kind === Kind.OVERLOADED) return this.streams.receive(frame, term);
    if (call?.route?.term === term) this.#answer(call, frame, now);
    return true;
  }

  #begun(id: number, term: number): boolean {
    const call = this.#calls.get(id);
    if (call) call.begunIn = term;
    return call !== undefined;
  }

  /** A bundle cannot be parsed, but its head still names the calls that it answered. */
  receiveBroken(id: number, term: number): void {
    const call = this.#calls.get(id);
    if (call?.route?.term === term) this.#fail(call, brokenFrame('bundle.x', 'JSON', 'unknown'));
  }

  /**
   * Nothing more arrives on this route. Calls that the leader received may have run; the others can be sent again.
   * @param received the number of the last bundle that the primary received
   */
  end(route: Route, received: number): void {
    for (const call of this.#calls.inOrder()) {
      // Ending one call may have caused the application to cancel another.
      if (call.route !== route || !this.#isUnderWay(call)) continue;
      if (!route.isInHands(call.bundle, received)) this.#again(call);
      else if (call.isIdempotent && !call.hasStreamed) {
        this.counts.resent++;
        call.wasLost = true;
        call.lostIn = route.term;
        this.#again(call);
      } else this.#fail(call, leaderLost(call.method, 'unknown'));
    }
  }

  /** A call that crashes every leader must not take down all of them, so the leaders that were lost with it are counted. */
  #countLosses(term: number): void {
    for (const call of this.#calls.inOrder()) {
      if (!this.#isUnderWay(call) || !this.isTooCostly(call, term)) continue;
      this.#fail(call, costLeaders(call.method, call.losses));
    }
  }

  /** Counts that the leader of `term` was lost. @returns whether it was the last that may be lost with this call */
  isTooCostly(call: Call, term: number): boolean {
    if (call.lostIn !== term) return false;
    if (call.losses === 0 || call.begunIn === term) call.losses++;
    if (call.losses < this.#options.maxLeadersLost) return false;
    call.isGivenUp = true;
    this.#options.costly(call);
    return true;
  }

  /** Ends the calls that no leader has had yet. */
  returnWaiting(error: unknown): void {
    for (const call of this.#calls.inOrder()) if (!call.route && !call.wasLost) this.#abandon(call, error, 'cancelled');
  }

  /** Ends the streams that one handle reads. */
  endStreams(handle: object, error: Error): void {
    for (const call of this.#calls.inOrder()) {
      if (call.handle === handle && call.stream && this.#isUnderWay(call)) this.#endStream(call, error);
    }
  }

  #endStream(call: Call, error: Error): void {
    this.sendAbort(call, 0, error);
    this.#fail(call, error);
  }

  close(): void {
    this.streams.close();
    this.#deadlines.close();
  }

  /** Ends all calls, or those of one handle. */
  failAll(toError: (outcome: Outcome) => Error, handle?: object): void {
    for (const call of this.#calls.inOrder()) {
      if (handle && call.handle !== handle) continue;
      // If only the handle closes, the leader still runs its calls and must be notified.
      if (handle) this.giveUp(call, toError);
      else this.#abandon(call, toError(outcomeOf(call)));
    }
  }

  /** Resolves when all calls of this handle have ended, or after `ms`. */
  async whenEnded(handle: object, ms: number): Promise<void> {
    if (!this.#hasCallsOf(handle)) return;
    const limit = defer();
    const timer = this.#options.clock.setTimer(() => limit.resolve(), ms);
    timer.ref();
    const check = () => {
      if (!this.#hasCallsOf(handle)) limit.resolve();
    };
    this.#whenFewer.add(check);
    await limit.promise;
    this.#whenFewer.delete(check);
    timer.clear();
  }

  #hasCallsOf(handle: object): boolean {
    for (const call of this.#calls) if (call.handle === handle) return true;
    return false;
  }

  #isUnderWay(call: Call): boolean {
    return this.#calls.get(call.id) === call;
  }

  #isOverloaded(call: Call): boolean {
    if (!this.#route) return this.#waiting > 0 && this.#waitingBytes + call.bytes > MOST_WAITING_BYTES;
    return this.#route.isNextBundle && this.#route.waitingBytes > MOST_WAITING_BYTES;
  }

  #send(call: Call, route: Route): void {
    call.route = route;
    if (call.losses > 0) route.send(Kind.SUSPECT, call.id, '0');
    call.bundle = route.send(call.wireKind, call.id, call.text, call.parts, call);
    if (call.signals) {
      for (const { signal, number } of call.signals) if (signal.aborted) this.sendAbort(call, number, signal.reason);
    }
    // The pending write must not retain the caller's context.
    neutralContext.runInAsyncScope(route.flushEarly, route, this.#calls.size);
  }

  #wait(call: Call): void {
    call.route = undefined;
    this.#waiting++;
    this.#waitingBytes += call.bytes;
  }

  #resume(call: Call, route: Route, now: number): void {
    this.#waiting--;
    this.#waitingBytes -= call.bytes;
    // A call that is sent again was already counted at its first send.
    if (call.bundle === 0) this.counts.queued.add(now - call.madeAt);
    this.#send(call, route);
  }

  #again(call: Call): void {
    this.#wait(call);
    if (this.#route) this.#resume(call, this.#route, this.#options.clock.now());
  }

  #answer(call: Call, frame: FrameView, now: number): void {
    const { kind, json, ext, parts } = frame;
    switch (kind) {
      case Kind.RESULT:
        return call.stream ? this.streams.end(call, json) : this.#succeed(call, json, ext, parts, now);
      case Kind.STREAM:
        this.streams.open(call);
        // It would keep its client from closing.
        if (call.handle.isClosed) this.#endStream(call, closed('The shared client', 'unknown'));
        return;
      case Kind.ITEM:
        return this.streams.item(call, frame);
      case Kind.ERROR:
        return this.#fail(
          call,
          markRemote(withOutcomeOf(call, decodeError(json, ext, parts, undefined, this.#options.own))),
        );
      case Kind.RETURNED:
        // The leader accepts no more calls.
        if (this.#route === call.route) this.#route = undefined;
        return this.#again(call);
      case Kind.OVERLOADED:
        return this.#refused(call, json);
    }
  }

  /** The queue of a process is full, or what was to be sent is too large for its channel. */
  #refused(call: Call, what: unknown): void {
    call.hasRun = what !== 0;
    if (what === 2) return this.#fail(call, unsendableResult(call.method));
    this.#options.overloaded?.(call.hasRun ? 'results' : 'calls');
    const error = overloaded(call.hasRun || call.wasLost ? 'unknown' : 'not-started');
    // An item was dropped: the source has to be ended.
    if (call.stream) this.sendAbort(call, 0, error);
    this.#fail(call, error);
  }

  #succeed(call: Call, json: unknown, ext: boolean, parts: FrameView['parts'], now: number): void {
    let value = json;
    try {
      // Nothing else reads its parts, so the value may own them.
      if (ext) value = decodeValue(json, true, parts, undefined, true, this.#options.own);
    } catch (error) {
      const isOwnType = (error as SharedClientError).code === 'ERR_NOT_SERIALIZABLE';
      const toError = isOwnType ? resultNotSerializable : brokenResult;
      return this.#fail(call, toError(call.method, error as SharedClientError));
    }
    this.#remove(call);
    this.counts.succeeded(now - call.madeAt);
    call.succeed(value);
  }

  /** Ends a call that its leader, if it was sent to one, has not answered. */
  #abandon(call: Call, error: unknown, reason?: FailureReason): void {
    if (call.route) call.lostIn = call.route.term;
    this.#fail(call, error, reason);
  }

  #fail(call: Call, error: unknown, reason = reasonOf(error)): void {
    if (!this.#remove(call)) return;
    this.counts.failedWith(reason, this.#options.clock.now() - call.madeAt);
    call.fail(error);
  }

  #expire(call: Call): void {
    const error = this.#options.timeout(call.method, call.timeoutMs, outcomeOf(call));
    this.cancel(call, error, reasonOf(error));
  }

  #remove(call: Call): boolean {
    if (!this.#calls.delete(call)) return false;
    if (!call.route) {
      this.#waiting--;
      this.#waitingBytes -= call.bytes;
    }
    this.#deadlines.remove(call);
    if (call.stream || call.inputs) this.streams.release(call);
    if (call.signals)
      for (const { signal, listener } of call.signals) if (listener) stopListeningToAbort(signal, listener);
    if (this.#whenFewer.size > 0) for (const check of this.#whenFewer) check();
    return true;
  }
}
