// What the leader says to the members, in the order it is said to each of them. What waits for the primary is bounded as
// what waits on a direct connection is: where the real client is faster than the channel the newest values stay.

import { Backlog } from '../protocol/backlog.js';
import { type Bundle, EXT, Kind, kindOf, Overload } from '../protocol/bundle.js';
import { classOf } from '../protocol/classes.js';
import { BundleBuilder } from '../protocol/frames.js';
import type { Outbox } from '../protocol/outbox.js';
import type { Part, Payload } from '../protocol/payload.js';
import type { Clock } from '../utils/clock.js';

export interface SenderOptions {
  readonly group: string;
  readonly term: number;
  /** The leader's own worker, whose frames never leave the process. */
  readonly self: number;
  readonly clock: Clock;
  readonly outbox: Outbox;
  /** What may wait for one process. */
  readonly maxQueuedBytes: number;
  /** Calls back once, when some of what waits in the outbox has left. */
  whenRoom(callback: () => void): void;
  deliverHere(bundle: Bundle): void;
  /** Members that are spoken to past the primary; none of them without it. */
  readonly lanes?: Lanes | undefined;
}

/** The way to one member past the primary. */
export interface Lane {
  put(kind: number, id: number, text: string, parts?: readonly Part[]): void;
  /** Writes what there is room for, now. */
  flush(): void;
  /** What is put and flushed now is written at once, as far as it is known. */
  readonly isClear: boolean;
  /** Nothing goes to the member by the relay. */
  readonly hasNoRelay: boolean;
}

export interface Lanes {
  of(workerId: number): Lane | undefined;
  /** The members that have a lane. */
  readonly active: readonly number[];
}

const NOBODY: readonly number[] = [];

/** Answers that are under way when there are many. */
const MANY = 512;

/**
 * Bytes of values that may wait for the primary: results wait behind them, for 0.9 s with an upstream of 1 GB a second on two
 * cores, and for 1.8 s with 8 MiB. Where fewer wait, what was kept back follows.
 */
const MOST_VALUE_BYTES = 2 * 1024 * 1024;
const ROOM_BYTES = 1024 * 1024;

/** How many bytes may be put before it is looked again what waits, which takes longer the more it is. */
const LOOK_BYTES = 256 * 1024;

export class Sender {
  /** The bundle that holds the last frame for a member: another one may join it if it is for the same members. */
  readonly #last = new Map<number, BundleBuilder>();
  #here: BundleBuilder | undefined;
  /** What the primary doesn't read as fast as the real client says it. */
  readonly #backlog = new Backlog();
  #isAwaitingRoom = false;
  #unseenBytes = 0;
  #waitingBytes = 0;

  constructor(private readonly options: SenderOptions) {}

  /** How a member is spoken to. */
  routeTo(workerId: number): 'local' | 'relay' | 'direct' {
    const { self, lanes } = this.options;
    if (workerId === self) return 'local';
    return lanes?.of(workerId) ? 'direct' : 'relay';
  }

  to(workerId: number, kind: number, id: number, text: string, parts?: readonly Part[]): void {
    const lane = this.options.lanes?.of(workerId);
    if (lane) return lane.put(kind, id, text, parts);
    if (workerId !== this.options.self && this.#isCrowded(text, parts)) {
      const what = this.#place([workerId], undefined, kind, id, text, parts);
      if (what === 'kept') return;
      if (what === 'no room') return this.#openFor(workerId).add(Kind.OVERLOADED, id, Overload.RESULT);
    }
    const bundle = this.#openFor(workerId);
    bundle.add(kind, id, text, parts);
    this.#flushEarly(bundle);
  }

  payloadTo(workerId: number, kind: number, id: number, { text, ext, parts }: Payload): void {
    this.to(workerId, ext ? kind | EXT : kind, id, text, parts);
  }

  /** By the relay, after all that was said so; what follows to this member begins a bundle. */
  toByRelay(workerId: number, kind: number, id: number, text: string): void {
    if (this.#isCrowded(text) && this.#place([workerId], undefined, kind, id, text) === 'kept') return;
    this.#openFor(workerId).add(kind, id, text);
    this.#last.delete(workerId);
  }

  /** The same of a bundle for one member. */
  putOnRelay(bundle: BundleBuilder): void {
    // It follows what was said to the member before.
    this.#backlog.release(kept => this.#putKept(kept));
    for (const workerId of bundle.to as readonly number[]) this.#last.delete(workerId);
    this.options.outbox.open(bundle);
  }

  /** A value for several members crosses to the primary once. */
  payloadToMany(workerIds: readonly number[], kind: number, id: number, payload: Payload): void {
    const { self } = this.options;
    if (workerIds.includes(self)) this.payloadTo(self, kind, id, payload);
    const others = this.#onRelay(
      workerIds.filter(workerId => workerId !== self),
      kind,
      id,
      payload,
    );
    if (others.length === 1) this.payloadTo(others[0]!, kind, id, payload);
    else if (others.length > 1 && !this.#isKept(others, undefined, kind, id, payload))
      this.#openForMany(others).addPayload(kind, id, payload);
  }

  /** To every member there is, also those never heard of. */
  payloadToAll(kind: number, id: number, payload: Payload): void {
    const { group, term, outbox, self } = this.options;
    this.payloadTo(self, kind, id, payload);
    const active = this.options.lanes?.active ?? NOBODY;
    for (const workerId of active) this.payloadTo(workerId, kind, id, payload);
    const but = active.length > 0 ? active : undefined;
    if (this.#isKept('*', but, kind, id, payload)) return;
    const bundle = new BundleBuilder(group, term, '*', undefined, but);
    outbox.open(bundle);
    bundle.addPayload(kind, id, payload);
    this.#last.clear();
  }

  /** Bytes of values that are kept back. */
  get keptBytes(): number {
    return this.#backlog.bytes;
  }

  /** It speaks no more: what was kept back follows, whatever room there is. */
  end(): void {
    this.#backlog.release(bundle => this.#putKept(bundle));
    this.flush();
  }

  /** Whether {@link sayNow} leaves this process at once: else something large waits before it. */
  mayLeaveNow(workerId: number): boolean {
    const { lanes, outbox, self } = this.options;
    const lane = lanes?.of(workerId);
    return workerId === self || lane?.isClear === true || lane?.hasNoRelay === true || outbox.isClear;
  }

  /** Says what may come before what was said earlier: by the relay where that is the faster way. */
  sayNow(workerId: number, kind: number, id: number, text: string): void {
    const { lanes, outbox } = this.options;
    const lane = lanes?.of(workerId);
    if (lane?.isClear || lane?.hasNoRelay) {
      lane.put(kind, id, text);
      lane.flush();
    } else {
      this.#openFor(workerId).add(kind, id, text);
      outbox.flush();
    }
  }

  /** Calls back once, when some of what waits for the primary has left. */
  whenRoom(callback: () => void): void {
    this.options.whenRoom(callback);
  }

  /** Leaves now what waits for the end of the tick. */
  flush(): void {
    this.#deliver();
    this.options.outbox.flush();
  }

  /** Whether it must be looked what waits for the primary before more follows. Hot. */
  #isCrowded(text: string, parts?: readonly Part[]): boolean {
    this.#unseenBytes += bytesOf(text, parts);
    return this.#unseenBytes >= LOOK_BYTES || this.#backlog.size > 0;
  }

  #isKept(
    to: readonly number[] | '*',
    but: readonly number[] | undefined,
    kind: number,
    id: number,
    { text, ext, parts }: Payload,
  ): boolean {
    return this.#isCrowded(text, parts) && this.#place(to, but, ext ? kind | EXT : kind, id, text, parts) === 'kept';
  }

  /** Where a frame goes, with what waits for the primary: a value without room is kept back, a result has none. */
  #place(
    to: readonly number[] | '*',
    but: readonly number[] | undefined,
    kind: number,
    id: number,
    text: string,
    parts?: readonly Part[],
  ): 'next' | 'kept' | 'no room' {
    const bytes = bytesOf(text, parts);
    const { group: g, term: t, maxQueuedBytes } = this.options;
    const what = classOf(kindOf(kind));
    const waiting = this.#lookAtOutbox();
    const room = Math.max(maxQueuedBytes - waiting - bytes, ROOM_BYTES);
    if (what === 'result') {
      this.#backlog.trim(room);
      return waiting > 0 && waiting + bytes > maxQueuedBytes ? 'no room' : 'next';
    }
    const most = Math.min(MOST_VALUE_BYTES, maxQueuedBytes);
    if (what !== 'value' || (this.#backlog.size === 0 && (waiting === 0 || waiting + bytes <= most))) return 'next';
    const frame = { h: [kind, id, text.length, parts?.length ?? 0], x: `[${text}]`, ...(parts && { p: parts }) };
    this.#backlog.keep({ g, t, to, ...(but && { but }), ...frame }, room);
    this.#awaitRoom();
    return 'kept';
  }

  /** Bytes that wait for the primary, about. */
  #lookAtOutbox(): number {
    if (this.#unseenBytes >= LOOK_BYTES) {
      this.#unseenBytes = 0;
      this.#waitingBytes = this.options.outbox.waitingBytes;
    }
    return this.#waitingBytes + this.#unseenBytes;
  }

  #awaitRoom(): void {
    if (this.#isAwaitingRoom) return;
    this.#isAwaitingRoom = true;
    this.options.whenRoom(() => {
      this.#isAwaitingRoom = false;
      this.#waitingBytes = this.options.outbox.waitingBytes;
      this.#unseenBytes = 0;
      const hasRoom = () => this.#lookAtOutbox() <= ROOM_BYTES;
      this.#backlog.release(bundle => this.#putKept(bundle), hasRoom);
      if (this.#backlog.size > 0) this.#awaitRoom();
    });
  }

  #putKept({ to, but, h, x, p }: Bundle): void {
    const { group, term, outbox } = this.options;
    const bundle = new BundleBuilder(group, term, to, undefined, but);
    bundle.add(h[0]!, h[1]!, x.slice(1, -1), p as readonly Part[] | undefined);
    bundle.sealed = true;
    this.#unseenBytes += bundle.bytes;
    outbox.open(bundle);
    this.#last.clear();
  }

  /** Says it to those that have a lane. @returns the others */
  #onRelay(workerIds: readonly number[], kind: number, id: number, payload: Payload): readonly number[] {
    const { lanes } = this.options;
    if (!lanes || lanes.active.length === 0) return workerIds;
    return workerIds.filter(workerId => {
      if (!lanes.of(workerId)) return true;
      this.payloadTo(workerId, kind, id, payload);
      return false;
    });
  }

  #flushEarly(bundle: BundleBuilder): void {
    if (bundle !== this.#here && bundle.isWorthAWrite(MANY)) this.options.outbox.flush();
  }

  #openFor(workerId: number): BundleBuilder {
    const { group, term, self } = this.options;
    if (workerId === self) return this.#openHere();
    const last = this.#last.get(workerId);
    if (last && !last.isFull && (last.to as readonly number[]).length === 1) return last;
    return this.#remember(new BundleBuilder(group, term, [workerId]));
  }

  #openForMany(workerIds: readonly number[]): BundleBuilder {
    const last = this.#last.get(workerIds[0]!);
    const isShared =
      last &&
      !last.isFull &&
      last.to?.length === workerIds.length &&
      workerIds.every(id => this.#last.get(id) === last);
    if (isShared) return last;
    return this.#remember(new BundleBuilder(this.options.group, this.options.term, workerIds));
  }

  #remember(bundle: BundleBuilder): BundleBuilder {
    for (const workerId of bundle.to as readonly number[]) this.#last.set(workerId, bundle);
    this.options.outbox.open(bundle);
    return bundle;
  }

  #openHere(): BundleBuilder {
    if (!this.#here) {
      this.#here = new BundleBuilder(this.options.group, this.options.term);
      // A loop of calls in the leader's own worker must not keep everybody else out of its event loop.
      this.options.clock.yield(() => this.#deliver());
    }
    return this.#here;
  }

  #deliver(): void {
    const bundle = this.#here;
    this.#here = undefined;
    if (bundle) this.options.deliverHere(bundle.seal());
  }
}

function bytesOf(text: string, parts: readonly Part[] | undefined): number {
  let bytes = text.length;
  if (parts) for (const part of parts) bytes += part.length;
  return bytes;
}
