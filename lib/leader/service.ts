// The leader at work in one term: starts calls, feeds topics, keeps what each member left with it. Starts nothing
// outside its lease.

import { canonicalKey } from '../codec/canonical-key.js';
import { decodeValue } from '../codec/decode-value.js';
import { encodeError } from '../codec/encode-error.js';
import { encodeValue } from '../codec/encode-value.js';
import {
  brokenArguments,
  brokenFrame,
  cameLate,
  leaderLost,
  resultNotSerializable,
  SharedClientError,
  timedOut,
  unknownMethod,
} from '../errors/errors.js';
import { droppedWithdrawals, tooManyRunning } from '../errors/warnings.js';
import type { Served } from '../metrics/served.js';
import type { MemberOptions } from '../options/options.js';
import { isCall } from '../protocol/classes.js';
import { FrameReader, type FrameView } from '../protocol/frames.js';
import { type Bundle, Kind, kindOf, Overload } from '../protocol/messages.js';
import type { Payload } from '../protocol/payload.js';
import type { AsyncContext } from '../utils/async-context.js';
import type { Clock, Timer } from '../utils/clock.js';
import { Deadlines } from '../utils/deadlines.js';
import { isThenable } from '../utils/is-thenable.js';
import { MultiMap } from '../utils/multi-map.js';
import { NumberedTable } from '../utils/numbered-table.js';
import { Inbox } from './inbox.js';
import type { RealClient } from './real-client.js';
import { type Limit, RunningCall } from './running-call.js';
import type { Sender } from './sender.js';
import { type Method, type MethodOwner, startMethod } from './start-method.js';
import { type Subscriber, Topic, type TopicOwner } from './topic.js';

export interface ServiceOptions {
  readonly term: number;
  readonly client: RealClient;
  readonly options: MemberOptions;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly self: number;
  /** Where it is counted what ran. */
  readonly served: Served;
  /** In which a call of our own worker was made. */
  contextOf(id: number): AsyncContext | undefined;
  /** Whether this leader may act at this moment of the clock. */
  hasLease(now: number): boolean;
  /** Errors that concern no call and no subscriber. */
  report(error: unknown): void;
  /** Something about the real client needs attention. */
  warn(text: string): void;
}

/**
 * How long a leader works before timers and I/O have a turn: what it has to do at once, after a failover above all, may take
 * many times its lease. How long it works for one sender before it is the next one's turn.
 */
const SLICE_MS = 10;
const TURN_MS = 2;

/** Calls that may run at a time, and what they may hold: a real client may be slower than its callers, or never answer. */
const MOST_RUNNING = 50_000;
const MOST_RUNNING_BYTES = 256 * 1024 * 1024;

/** Events of the real client that may wait for the lease; beyond it the oldest are dropped. */
const MOST_HELD_EVENTS = 1000;

export class Service implements TopicOwner, MethodOwner {
  readonly term: number;
  readonly client: RealClient;
  readonly sender: Sender;
  readonly replay: 'last' | 'none';
  readonly clock: Clock;
  readonly #options: MemberOptions;
  readonly #self: number;
  readonly #served: Served;
  readonly #contextOf: ServiceOptions['contextOf'];
  readonly #hasLease: (now: number) => boolean;
  readonly #report: (error: unknown) => void;
  readonly #warn: (text: string) => void;
  #state: 'serving' | 'draining' | 'stopped' = 'serving';
  /** By worker, the number of the last bundle of its member that came. */
  readonly received = new Map<number, number>();
  /** What waits for the lease, or for its turn. */
  readonly #inbox = new Inbox(() => this.#warn(droppedWithdrawals(this.#self)));
  #sliceEndsAt = Number.NEGATIVE_INFINITY;
  /** Timers and I/O had a turn since the slice began. */
  #hasTurned = true;
  #isScheduled = false;
  #heldEvents: { readonly index: number; readonly payload: Payload }[] = [];
  /** By worker. */
  readonly #running = new Map<number, NumberedTable<RunningCall>>();
  #runningCount = 0;
  #runningBytes = 0;
  /** Of repeated publications: no caller gives them up. */
  readonly #limits: Deadlines<Limit>;
  readonly #topics = new Map<string, Topic>();
  #lastTopic = 0;
  /** Which topic a subscription is of: by worker, then by the subscription's number. */
  readonly #subscriptions = new Map<number, Map<number, Topic>>();
  /** What is taken back when its publisher goes: by worker, then by key, the arguments. */
  readonly #sticky = new Map<number, Map<string, unknown[]>>();
  /** Calls and subscriptions by which a leader may have been lost: by worker. */
  readonly #suspects = new MultiMap<number, number>();
  #whenDrained: (() => void) | undefined;
  #drainTimer: Timer | undefined;

  constructor({
    term,
    client,
    options,
    sender,
    clock,
    self,
    served,
    contextOf,
    hasLease,
    report,
    warn,
  }: ServiceOptions) {
    this.term = term;
    this.client = client;
    this.sender = sender;
    this.replay = options.replay;
    this.#options = options;
    this.clock = clock;
    this.#self = self;
    this.#served = served;
    this.#contextOf = contextOf;
    this.#hasLease = hasLease;
    this.#report = report;
    this.#warn = warn;
    this.#limits = new Deadlines(clock, ({ call }) => this.#overdue(call));
  }

  get name(): string {
    return this.#options.name;
  }

  get limitMs(): number {
    return this.#options.openTimeoutMs;
  }

  warn(text: string): void {
    this.#warn(text);
  }

  hasLease(): boolean {
    return this.#hasLease(this.clock.now());
  }

  report(error: unknown): void {
    this.#report(error);
  }

  get context(): MemberOptions['context'] {
    return this.#options.context;
  }

  routeOf(workerId: number): string {
    return this.sender.routeTo(workerId);
  }

  refused({ workerId, id }: Subscriber): void {
    this.#subscriptions.get(workerId)?.delete(id);
  }

  idle(topic: Topic): void {
    if (this.#topics.get(topic.key) === topic) this.#topics.delete(topic.key);
  }

  /** Frames of a member; without `f` it is the primary that speaks. */
  receive(bundle: Bundle): void {
    if (this.#state === 'stopped') return;
    this.#note(bundle);
    if (!this.#inbox.isEmpty || !this.#hasTime(this.clock.now())) return this.#keep(bundle);
    const reader = this.#readerOf(bundle);
    if (!reader || this.#read(bundle, reader, Number.POSITIVE_INFINITY)) return;
    // A call may have ended the term by itself.
    if (this.#isStopped) handBack(reader.rest, this.sender);
    else this.#keep(reader.rest);
  }

  /** Bundles come in order, but for withdrawals that the primary had no room for: they keep their number, and come later. */
  #note({ f, n }: Bundle): void {
    if (f !== undefined && n !== undefined && n > (this.received.get(f) ?? 0)) this.received.set(f, n);
  }

  /** The lease is valid again. */
  release(): void {
    if (this.#state === 'stopped' || !this.hasLease()) return;
    for (const topic of this.#topics.values()) topic.release();
    const events = this.#heldEvents;
    this.#heldEvents = [];
    for (const { index, payload } of events) this.sender.payloadToAll(Kind.EVENT, index, payload);
    this.#schedule();
  }

  /** An event of the real client, for every member. */
  event(event: string, args: unknown[]): void {
    if (this.#state === 'stopped') return;
    const index = this.#options.events.indexOf(event);
    try {
      const payload = encodeValue([event, ...args], 'event');
      if (this.hasLease()) return this.sender.payloadToAll(Kind.EVENT, index, payload);
      this.#heldEvents.push({ index, payload });
      if (this.#heldEvents.length > MOST_HELD_EVENTS) this.#heldEvents.shift();
    } catch (error) {
      this.#report(error);
    }
  }

  /** Starts no call any more; `done` comes once those in progress have ended, or after `ms`. */
  drain(ms: number, done: () => void): void {
    this.#state = 'draining';
    this.#returnWaiting();
    this.#whenDrained = done;
    this.#drainTimer = this.clock.setTimer(() => this.#drained(), ms);
    // In a later turn: whoever asked for it isn't done with asking yet.
    if (this.#runningCount === 0) this.clock.defer(() => this.#drained());
  }

  /** Ends the term here: nothing of it is said any more. */
  stop(): void {
    if (this.#state === 'stopped') return;
    this.#returnWaiting();
    this.sender.end();
    this.#state = 'stopped';
    this.#drainTimer?.clear();
    this.#limits.close();
    for (const calls of this.#running.values()) {
      for (const call of calls.inOrder()) call.abandon(leaderLost(call.method, 'unknown'));
    }
    this.#running.clear();
    this.#runningCount = 0;
    this.#runningBytes = 0;
    for (const topic of this.#topics.values()) topic.stop();
    this.#topics.clear();
  }

  // ------------------------------------------------------------------------------------------------------ frames

  /** Where the bundle can't be read, the callers of calls in it hear that. */
  #readerOf(bundle: Bundle): FrameReader | undefined {
    try {
      return new FrameReader(bundle);
    } catch {
      const refusal = encodeError(brokenFrame('bundle.x', 'JSON', 'not-started'));
      forCalls(bundle, (from, id) => this.sender.payloadTo(from, Kind.ERROR, id, refusal));
      return undefined;
    }
  }

  /** Reads on for `ms`. @returns whether all was read */
  #read({ f }: Bundle, reader: FrameReader, ms: number): boolean {
    const startedAt = this.clock.now();
    // The clock is read for each frame: the one before it may have blocked the event loop, and the lease be over.
    for (let now = startedAt; this.#hasTime(now) && now - startedAt < ms; now = this.clock.now()) {
      const frame = reader.next();
      if (!frame) return true;
      if (f === undefined) {
        if (frame.kind === Kind.MEMBER_LEFT) this.#gone(frame.id);
      } else if (!this.#frame(f, frame, now)) {
        reader.repeat();
        return false;
      }
      if (this.#isStopped) break;
    }
    return reader.isAtEnd;
  }

  #beginSlice(now: number): void {
    this.#sliceEndsAt = now + SLICE_MS;
    this.#hasTurned = false;
    this.clock.yield(() => {
      this.#hasTurned = true;
    });
  }

  /**
   * Whether something may be started now: in the lease, and before timers and I/O must have a turn. Where they had one since
   * the slice began, the next one begins here: to put work aside costs more than to go on.
   */
  #hasTime(now: number): boolean {
    if (this.#mustHold(now)) return false;
    if (now >= this.#sliceEndsAt && this.#hasTurned) this.#beginSlice(now);
    return now < this.#sliceEndsAt;
  }

  /** What there is no room for never began. */
  #keep(bundle: Bundle): void {
    const refused = this.#inbox.add(bundle, this.clock.now());
    this.#schedule();
    if (!refused) return;
    const { f, h } = refused;
    if (f !== undefined)
      for (let i = 0; i < h.length; i += 4) this.sender.to(f, Kind.OVERLOADED, h[i + 1]!, Overload.CALL);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#inbox.isIdle) return;
    this.#isScheduled = true;
    this.clock.yield(() => {
      this.#isScheduled = false;
      this.#work();
    });
  }

  /** A slice of what waits, each sender in turn. Without a lease {@link release} goes on with it. */
  #work(): void {
    this.#beginSlice(this.clock.now());
    for (let item = this.#inbox.next(); item && this.#hasTime(this.clock.now()); item = this.#inbox.next()) {
      item.reader ??= this.#readerOf(item.bundle);
      const isRead = !item.reader || this.#read(item.bundle, item.reader, TURN_MS);
      if (this.#isStopped) return;
      if (isRead) this.#inbox.end(item);
    }
    if (!this.#mustHold(this.clock.now())) this.#schedule();
  }

  get #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  /** Bytes that wait for the lease, for their turn, or for the primary to read. */
  get heldBytes(): number {
    return this.#inbox.bytes + this.sender.keptBytes;
  }

  #mustHold(now: number): boolean {
    return this.#state === 'serving' && !this.#hasLease(now);
  }

  /** @returns false where it must wait after all: for the lease, or until it can be said that it begins */
  #frame(from: number, frame: FrameView, now: number): boolean {
    switch (frame.kind) {
      case Kind.CALL:
      case Kind.ONEWAY:
      case Kind.PUBLISH:
      case Kind.UNPUBLISH:
        return this.#call(from, frame, now);
      case Kind.SUSPECT:
        this.#suspects.add(from, frame.id);
        break;
      case Kind.CANCEL:
        this.#cancel(from, frame);
        break;
      case Kind.SUBSCRIBE:
        return this.#subscribe(from, frame);
      case Kind.UNSUBSCRIBE:
        this.#unsubscribe(from, frame.id);
    }
    return true;
  }

  /**
   * Where a leader was lost with a call or subscription, its member hears before it begins: this leader may be lost with it,
   * too, and what hasn't left the process by then. What else its member sent waits with it.
   */
  #mayBegin(from: number, id: number): boolean {
    if (!this.#suspects.has(from, id) || this.sender.mayLeaveNow(from)) return true;
    this.#inbox.hold(from);
    this.sender.whenRoom(() => {
      this.#inbox.letGo(from);
      this.#schedule();
    });
    return false;
  }

  #begin(from: number, id: number): void {
    if (this.#suspects.delete(from, id)) this.sender.sayNow(from, Kind.BEGUN, id, '0');
  }

  #call(from: number, frame: FrameView, now: number): boolean {
    const { kind, id, ext, one, parts, deadline } = frame;
    if (this.#state === 'draining') {
      this.sender.to(from, Kind.RETURNED, id, '0');
      return true;
    }
    const bytes = bytesOfFrame(frame);
    if (this.#isFull(bytes)) {
      this.#warn(tooManyRunning(this.name));
      this.sender.to(from, Kind.OVERLOADED, id, Overload.CALL);
      return true;
    }
    if (!this.#mayBegin(from, id)) return false;
    try {
      const what = methodOf(frame);
      const { args, key, carrier, isRepeated } = argumentsOf(frame);
      const call = new RunningCall(this.#options.name, this.term, from, id, what, deadline, now);
      if (now > deadline && kind === Kind.UNPUBLISH) this.#takeBackLate(from, key);
      if (now > deadline) throw cameLate(what);
      const said = ext ? decodeArguments(args, parts, call, from !== this.#self) : args;
      // To decode much takes long.
      if (ext && this.#mustHold(this.clock.now())) return false;
      const decoded = one ? [said] : said;
      if (!Array.isArray(decoded)) throw brokenArguments();
      call.carrier = carrier;
      call.isRepeated = isRepeated;
      call.wantsNoResult = kind !== Kind.CALL;
      call.bytes = bytes;
      this.#begin(from, id);
      if (from === this.#self) call.context = this.#contextOf(id) ?? call.context;
      if (kind === Kind.CALL || kind === Kind.ONEWAY) this.#start(call, this.client.method(what), decoded);
      else if (kind === Kind.PUBLISH) this.#publish(call, key, decoded);
      else this.#unpublish(call, key, decoded);
    } catch (error) {
      this.sender.payloadTo(from, Kind.ERROR, id, encodeError(error));
    }
    return true;
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
    this.#track(call);
    if (call.isRepeated) this.#limit(call);
    // Wrapped: a thenable may throw, or settle twice.
    Promise.resolve(result).then(
      value => this.#untrack(call) && this.#succeed(call, value),
      error => this.#untrack(call) && this.#fail(call, error),
    );
  }

  #publish(call: RunningCall, key: unknown, args: unknown[]): void {
    if (typeof key === 'string') ofWorker(this.#sticky, call.workerId).set(key, args);
    this.#start(call, this.client.role('publish'), args);
  }

  /** The arguments come along: a leader that came after the publication never heard of it. */
  #unpublish(call: RunningCall, key: unknown, args: unknown[]): void {
    if (typeof key === 'string') this.#sticky.get(call.workerId)?.delete(key);
    const unpublish = this.client.role('unpublish');
    if (unpublish) this.#start(call, unpublish, args);
    else this.#succeed(call, undefined);
  }

  #succeed(call: RunningCall, value: unknown): void {
    let result: Payload;
    try {
      result = call.wantsNoResult ? NOTHING : encodeValue(value, 'result');
    } catch (error) {
      return this.#fail(call, resultNotSerializable(call.method, error as SharedClientError));
    }
    this.#served.ok++;
    this.#served.duration.add(this.clock.now() - call.startedAt);
    this.sender.payloadTo(call.workerId, Kind.RESULT, call.id, result);
  }

  #fail(call: RunningCall, error: unknown): void {
    this.#served.failed++;
    this.#served.duration.add(this.clock.now() - call.startedAt);
    this.sender.payloadTo(call.workerId, Kind.ERROR, call.id, encodeError(error));
  }

  /** One alone may be as large as it likes. */
  #isFull(bytes: number): boolean {
    if (this.#runningCount === 0) return false;
    return this.#runningCount >= MOST_RUNNING || this.#runningBytes + bytes > MOST_RUNNING_BYTES;
  }

  #limit(call: RunningCall): void {
    const timeoutMs = this.#options.openTimeoutMs;
    const deadline = this.clock.now() + timeoutMs;
    call.limit = { call, timeoutMs, deadline, before: undefined, after: undefined };
    this.#limits.add(call.limit);
  }

  /** What its real client will say of it comes too late. */
  #overdue(call: RunningCall): void {
    const error = timedOut(call.method, this.#options.openTimeoutMs, 'unknown');
    this.#forget(call);
    call.abandon(error);
    this.sender.payloadTo(call.workerId, Kind.ERROR, call.id, encodeError(error));
  }

  #track(call: RunningCall): void {
    this.#runningOf(call.workerId).add(call);
    this.#runningCount++;
    this.#runningBytes += call.bytes;
    this.#served.running++;
  }

  #runningOf(workerId: number): NumberedTable<RunningCall> {
    let running = this.#running.get(workerId);
    if (!running) {
      running = new NumberedTable();
      this.#running.set(workerId, running);
    }
    return running;
  }

  /** @returns whether its caller still waits */
  #untrack(call: RunningCall): boolean {
    this.#served.running--;
    const isOfThisTerm = this.#forget(call);
    if (isOfThisTerm && !call.isEnded) return true;
    this.#served.abandoned++;
    this.#served.duration.add(this.clock.now() - call.startedAt);
    return false;
  }

  /** @returns whether it was known: it is of this term, and not overdue */
  #forget(call: RunningCall): boolean {
    if (!this.#running.get(call.workerId)?.delete(call)) return false;
    if (call.limit) this.#limits.remove(call.limit);
    this.#runningBytes -= call.bytes;
    if (--this.#runningCount === 0 && this.#state === 'draining') this.clock.defer(() => this.#drained());
    return true;
  }

  /** The caller gave up, or a signal in its arguments aborted. */
  #cancel(from: number, { id, json, ext, parts }: FrameView): void {
    const call = this.#running.get(from)?.get(id);
    if (!call || !Array.isArray(json)) return;
    const [number, reason] = json as [number, unknown];
    const decoded = ext ? decodeReason(reason, parts) : reason;
    if (number === 0) call.abandon(decoded);
    else call.abort(number, decoded);
  }

  /** @returns as {@link #frame} */
  #subscribe(from: number, { id, json, ext, parts }: FrameView): boolean {
    // Who draws to its end takes no new subscribers: they come to the next leader by themselves.
    if (this.#state === 'draining') return true;
    if (!this.#mayBegin(from, id)) return false;
    try {
      if (!Array.isArray(json)) throw brokenFrame('a subscription', 'a delivery and a topic');
      const [delivery, encoded] = json as ['all' | 'one', unknown];
      const value = ext ? decodeValue(encoded, true, parts) : encoded;
      const topic = this.#topic(canonicalKey(value, 'topic'), value);
      this.#begin(from, id);
      ofWorker(this.#subscriptions, from).set(id, topic);
      topic.add({ workerId: from, id, delivery });
    } catch (error) {
      this.sender.payloadTo(from, Kind.REFUSED, id, encodeError(error));
    }
    return true;
  }

  #topic(key: string, value: unknown): Topic {
    let topic = this.#topics.get(key);
    if (!topic) {
      topic = new Topic(key, value, ++this.#lastTopic, this);
      this.#topics.set(key, topic);
    }
    return topic;
  }

  #unsubscribe(from: number, id: number): void {
    const own = this.#subscriptions.get(from);
    own?.get(id)?.remove(from, id);
    own?.delete(id);
  }

  /** A member left or died: nobody waits for its calls, and what it left here is taken back. */
  #gone(workerId: number): void {
    for (const call of this.#running.get(workerId)?.inOrder() ?? []) {
      call.abandon(
        new SharedClientError('ERR_CLOSED', 'The worker that made this call is gone.', { outcome: 'unknown' }),
      );
    }
    for (const topic of new Set(this.#subscriptions.get(workerId)?.values())) topic.removeWorker(workerId);
    this.#subscriptions.delete(workerId);
    this.#suspects.deleteAll(workerId);
    const sticky = this.#sticky.get(workerId);
    this.#sticky.delete(workerId);
    for (const args of sticky?.values() ?? []) void this.#takeBack(args);
  }

  /** Nobody waits for it any more, but what was said before may have been said in time. */
  #takeBackLate(workerId: number, key: unknown): void {
    const own = this.#sticky.get(workerId);
    const args = own?.get(key as string);
    own?.delete(key as string);
    if (args) void this.#takeBack(args);
  }

  async #takeBack(args: unknown[]): Promise<void> {
    try {
      await this.client.runInContext(() => this.client.role('unpublish')?.(...args));
    } catch (error) {
      this.#report(error);
    }
  }

  /** The next leader gets the calls that wait. */
  #returnWaiting(): void {
    const state = this.#state;
    this.#state = 'draining';
    this.#sliceEndsAt = Number.POSITIVE_INFINITY;
    for (const bundle of this.#inbox.take()) {
      const reader = this.#readerOf(bundle);
      if (reader) this.#read(bundle, reader, Number.POSITIVE_INFINITY);
    }
    this.#sliceEndsAt = Number.NEGATIVE_INFINITY;
    this.#state = state;
  }

  #drained(): void {
    const done = this.#whenDrained;
    if (!done || this.#state !== 'draining') return;
    this.#whenDrained = undefined;
    this.#drainTimer?.clear();
    done();
  }
}

function bytesOfFrame({ length, parts }: FrameView): number {
  let bytes = length;
  if (parts) for (const part of parts) bytes += part.length;
  return bytes;
}

/** What a call is answered with whose result nobody wants. */
const NOTHING = encodeValue(undefined, 'result');

/** What came for a leader that serves no more, or never will: the next one gets the calls. */
export function handBack(bundle: Bundle, sender: Sender): void {
  forCalls(bundle, (from, id) => sender.to(from, Kind.RETURNED, id, '0'));
}

/** Visits the calls in a bundle of a member. */
function forCalls({ f, h }: Bundle, visit: (from: number, id: number) => void): void {
  if (f === undefined) return;
  for (let i = 0; i < h.length; i += 4) {
    if (isCall(kindOf(h[i]!))) visit(f, h[i + 1]!);
  }
}

/** What a call asks for; whatever the method of the role is called. */
function methodOf({ kind, method }: FrameView): string {
  if (method === undefined) throw brokenFrame('call', 'about a method', 'not-started');
  if (kind === Kind.CALL || kind === Kind.ONEWAY) return method;
  return kind === Kind.PUBLISH ? 'publish' : 'unpublish';
}

interface CallArguments {
  readonly args: unknown;
  readonly key?: unknown;
  readonly carrier?: unknown;
  readonly isRepeated: boolean;
}

function argumentsOf({ json, more }: FrameView): CallArguments {
  if (!more) return { args: json, isRepeated: false };
  if (!Array.isArray(json)) throw brokenFrame('call', 'a list', 'not-started');
  const [args, key, carrier, again] = json as unknown[];
  return { args, key, carrier: again === 1 ? (carrier ?? undefined) : carrier, isRepeated: again === 1 };
}

function ofWorker<K, T>(all: Map<number, Map<K, T>>, workerId: number): Map<K, T> {
  let own = all.get(workerId);
  if (!own) {
    own = new Map();
    all.set(workerId, own);
  }
  return own;
}

/** @param owned nobody else reads the parts: a call of the leader's own worker may be made again with them */
function decodeArguments(args: unknown, parts: FrameView['parts'], call: RunningCall, owned: boolean): unknown {
  try {
    return decodeValue(args, true, parts, call, owned);
  } catch (error) {
    throw brokenArguments(error);
  }
}

/** Never throws: what can't be read is a reason as well. */
function decodeReason(reason: unknown, parts: FrameView['parts']): unknown {
  try {
    return decodeValue(reason, true, parts);
  } catch (error) {
    return error;
  }
}
