// Sends the leader's frames to the members, in order for each of them. Like a direct connection, the queue to the primary is
// bounded: if the real client is faster than the channel, only the newest values are kept.

import { Backlog, MOST_VALUE_BYTES } from '../protocol/backlog.js';
import { type Bundle, EXT, Kind, kindOf, Overload } from '../protocol/bundle.js';
import { classOf, isDroppable } from '../protocol/classes.js';
import { BundleBuilder } from '../protocol/frames.js';
import type { Outbox } from '../protocol/outbox.js';
import type { Part, Payload } from '../protocol/payload.js';
import type { Clock } from '../utils/clock.js';

export interface SenderOptions {
  readonly group: string;
  readonly term: number;
  /** The leader's own worker. Its frames never leave the process. */
  readonly self: number;
  readonly clock: Clock;
  readonly outbox: Outbox;
  /** Maximum bytes that may wait for one process. */
  readonly maxQueuedBytes: number;
  /** Calls back once, when some of the data that waits in the outbox has left. */
  whenRoom(callback: () => void): void;
  deliverHere(bundle: Bundle): void;
  /** Direct connections to members. Without it, there are none. */
  readonly lanes?: Lanes | undefined;
}

/** The direct connection to one member. */
export interface Lane {
  put(kind: number, id: number, text: string, parts?: readonly Part[]): void;
  /** Writes now what there is capacity for. */
  flush(): void;
  /** Whether a frame that is put and flushed now is written at once, as far as is known. */
  readonly isClear: boolean;
  /** Nothing is sent to the member by the relay. */
  readonly hasNoRelay: boolean;
}

export interface Lanes {
  of(workerId: number): Lane | undefined;
  /** The members that have a lane. */
  readonly active: readonly number[];
}

const NOBODY: readonly number[] = [];

/** The number of calls in flight that is assumed when deciding whether to write a bundle early. */
const MANY = 512;

/** Once no more than this waits, the values that were kept back follow. */
const ROOM_BYTES = 1024 * 1024;

/** Bytes that may be sent before the size of the outbox is read again. Reading it takes longer the more waits. */
const LOOK_BYTES = 256 * 1024;

export class Sender {
  /** The bundle that holds the last frame for a member. The next frame may join it if it is for the same members. */
  readonly #last = new Map<number, BundleBuilder>();
  #here: BundleBuilder | undefined;
  /** Values that the real client produced faster than the primary reads. */
  readonly #backlog = new Backlog();
  #isAwaitingRoom = false;
  #unseenBytes = 0;
  #waitingBytes = 0;

  constructor(private readonly options: SenderOptions) {}

  /** The route to a member. */
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

  /** Sends by the relay, after everything sent by it before. The next frame for this member begins a new bundle. */
  toByRelay(workerId: number, kind: number, id: number, text: string): void {
    if (this.#isCrowded(text) && this.#place([workerId], undefined, kind, id, text) === 'kept') return;
    this.#openFor(workerId).add(kind, id, text);
    this.#last.delete(workerId);
  }

  /** Sends a bundle for one member by the relay. */
  putOnRelay(bundle: BundleBuilder): void {
    // It must follow everything that was sent to the member before.
    this.#backlog.release(kept => this.#putKept(kept));
    for (const workerId of bundle.to as readonly number[]) this.#last.delete(workerId);
    this.options.outbox.open(bundle);
  }

  /** A value for several members is sent to the primary once. */
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

  /** Sends to every member, including those that this leader does not know of. */
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

  /** Nothing more will be sent: values that were kept back follow, whatever the capacity. */
  end(): void {
    this.#backlog.release(bundle => this.#putKept(bundle));
    this.flush();
  }

  /** Whether {@link sendNow} can write at once. Otherwise something large waits before it. */
  mayLeaveNow(workerId: number): boolean {
    const { lanes, outbox, self } = this.options;
    const lane = lanes?.of(workerId);
    return workerId === self || lane?.isClear === true || lane?.hasNoRelay === true || outbox.isClear;
  }

  /** Sends a frame that may overtake earlier ones: by the relay if that is faster. */
  sendNow(workerId: number, kind: number, id: number, text: string): void {
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

  /** Calls back once, when some of the data that waits for the primary has left. */
  whenRoom(callback: () => void): void {
    this.options.whenRoom(callback);
  }

  /** Sends now what would wait for the end of the tick. */
  flush(): void {
    this.#deliver();
    this.options.outbox.flush();
  }

  /** Whether the size of the outbox must be checked before more is sent. Hot. */
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

  /**
   * Decides where a frame goes, given what waits for the primary. Without capacity, a value is kept back, and a result is
   * replaced by OVERLOADED.
   */
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
    if (isDroppable(kindOf(kind))) {
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

  /** Bytes that wait for the primary, approximately. */
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

  /** Sends to the members that have a lane. @returns the others */
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
      // In a later turn: a loop of calls in the leader's own worker must not block its event loop.
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
