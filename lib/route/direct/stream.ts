// One end of the direct route between the leader and one member: numbered bundles, kept until the other end has received
// them. If the connection breaks, the next one continues after the last bundle that the other end received.
//
//   not yet received:   | written | waits for space, or a connection | open: accepts frames |
//                        ▲ an acknowledgement releases bundles from here

import type { Bundle } from '../../protocol/bundle.js';
import {
  type About,
  BundleBuilder,
  FRAME_BYTES,
  OVERHEAD_BYTES,
  ownBundle,
  WRITE_BYTES,
} from '../../protocol/frames.js';
import type { Part } from '../../protocol/payload.js';
import type { Connection } from '../../transport/direct.js';
import { acquireBuffer, releaseBuffer } from '../../utils/buffers.js';
import type { Clock } from '../../utils/clock.js';
import type { Mutable } from '../../utils/mutable.js';
import { encodeAck, encodeBundle } from './wire.js';
import type { ReadBundle } from './wire-reader.js';

/** Acknowledge after this many bundles or bytes: the other end keeps them until then. */
const ACK_BUNDLES = 64;
const ACK_BYTES = 256 * 1024;

/** Bytes that may wait for an acknowledgement although the other end has read them. */
export const MOST_UNACKED_BYTES = ACK_BYTES + ACK_BUNDLES * OVERHEAD_BYTES;

export interface StreamOptions {
  readonly group: string;
  readonly term: number;
  readonly clock: Clock;
  /** The worker id of the sender, for bundles that the leader receives. */
  readonly from?: number;
  /** The last bundle number in this direction and term, shared by all routes. */
  readonly numbers: { last: number };
  /** The number of the first incoming bundle, if it is known from the start; see {@link Stream.expect}. */
  readonly first?: number;
  /** Delivers a bundle. Called once per bundle, in the order of the numbers. */
  deliver(bundle: Bundle): void;
  /** There is space again. */
  onRoom?(): void;
}

export class Stream {
  readonly #options: StreamOptions;
  #connection: Connection | undefined;
  #hasRoom = true;
  #isScheduled = false;
  #kept: BundleBuilder[] = [];
  /** How many of the kept bundles were written. */
  #writtenCount = 0;
  #open: BundleBuilder | undefined;
  /** Bytes of the kept bundles, except the open one. */
  #keptBytes = 0;
  /** The number of the last bundle that has begun to be written. */
  begun = 0;
  /** The number of the last received bundle; 0 before the first. */
  received = 0;
  /** The number of the last bundle that the other end accepted, once it accepts no more. */
  final: number | undefined;
  #toAck = 0;
  #toAckBytes = 0;
  #isAckScheduled = false;
  /** Bundles that arrived before all data on the other route had. `undefined` once they were delivered. */
  #held: Bundle[] | undefined = [];

  #first: number | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#first = options.first;
  }

  /** Sets the other end's first number. @returns false if the received bundles start elsewhere and must be sent again */
  expect(first: number): boolean {
    this.#first = first;
    if ((this.#held?.[0]?.n ?? first) === first) return true;
    this.#held = [];
    this.received = 0;
    return false;
  }

  /** The number of the last bundle that was delivered. */
  get delivered(): number {
    const [first] = this.#held ?? [];
    return first ? first.n! - 1 : this.received;
  }

  /** Whether the other end may have a bundle. */
  mayHaveArrived(number: number): boolean {
    return number <= (this.final ?? this.begun);
  }

  /** Bundles that the other end has not acknowledged. */
  get unacked(): readonly BundleBuilder[] {
    return this.#kept;
  }

  /** Bytes of these bundles. */
  get waitingBytes(): number {
    return this.#keptBytes + (this.#open?.bytes ?? 0);
  }

  /** Bytes that have not left this process. */
  get queuedBytes(): number {
    return (this.#connection?.waitingBytes ?? 0) + this.#unwrittenBytes;
  }

  get #unwrittenBytes(): number {
    let bytes = 0;
    for (let i = this.#writtenCount; i < this.#kept.length; i++) bytes += this.#kept[i]!.bytes;
    return bytes;
  }

  /** Like `Outbox.isClear`. */
  get isClear(): boolean {
    if (!this.#connection || !this.#hasRoom) return false;
    return this.#connection.bytesAhead + this.#unwrittenBytes <= WRITE_BYTES;
  }

  /** Whether the next frame starts a new bundle. */
  get isNextBundle(): boolean {
    return !this.#open || this.#open.isFull;
  }

  /** Adds a frame; `about` is for calls. @returns the number of its bundle */
  put(kind: number, id: number, text: string, parts?: readonly Part[], about?: About): number {
    let open = this.#open;
    if (!open || open.isFull) open = this.#begin();
    open.add(kind, id, text, parts, about);
    return open.number!;
  }

  /** Sends before the end of the tick if the open bundle is large enough, given `inFlight` calls in progress. */
  flushEarly(inFlight: number): void {
    if (this.#open?.isWorthAWrite(inFlight)) this.flush();
  }

  /** Writes now what fits; `all`: everything. */
  flush(all = false): void {
    while (this.#connection && (all || this.#hasRoom) && this.#writtenCount < this.#kept.length) {
      const bundle = this.#kept[this.#writtenCount++]!;
      if (bundle === this.#open) this.#seal();
      this.begun = bundle.number!;
      this.#wasAcked();
      const bytes = encodeBundle(bundle, this.received, acquireBuffer);
      this.#hasRoom = this.#connection.write(bytes, () => releaseBuffer(bytes[0]!));
    }
  }

  /** The connection has space again. */
  drained(): void {
    this.#hasRoom = true;
    this.flush();
    this.#options.onRoom?.();
  }

  /** Continues on a new connection, after bundle `received` of the other end. */
  attach(connection: Connection, received: number): void {
    this.acked(received);
    this.#connection = connection;
    this.#hasRoom = true;
    this.#writtenCount = 0;
    // The bundles still kept did not arrive.
    if (this.#kept.length > 0) this.begun = this.#kept[0]!.number! - 1;
    this.flush();
  }

  detach(): void {
    this.#connection = undefined;
  }

  /** The other end has received all bundles up to this number. */
  acked(number: number): void {
    let count = 0;
    while (count < this.#kept.length && this.#kept[count]!.number! <= number && this.#kept[count] !== this.#open) {
      this.#keptBytes -= this.#kept[count]!.bytes;
      count++;
    }
    if (count === 0) return;
    this.#kept.splice(0, count);
    this.#writtenCount = Math.max(0, this.#writtenCount - count);
  }

  /** Accepts a bundle from the connection. @returns false if a bundle before it is missing */
  receive(number: number, bundle: ReadBundle): boolean {
    const next = this.received > 0 ? this.received + 1 : this.#first;
    if (next !== undefined && number > next) return false;
    if (number <= this.received) return true;
    this.received = number;
    const { group: g, term: t, from } = this.#options;
    const { h, x, m, p } = bundle;
    const complete: Mutable<Bundle> = { g, t, n: number, h, x };
    if (from !== undefined) complete.f = from;
    if (m) complete.m = m;
    if (p) complete.p = p;
    if (this.#held) this.#held.push(ownBundle(complete));
    else this.#options.deliver(complete);
    this.#ackInTime(bundle);
    return true;
  }

  /** All earlier data on the other route has arrived. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bundle of held) this.#options.deliver(bundle);
  }

  /** Ends the stream. Returns the bundles after `received`, which the other end will not get from it. */
  takeRest(received: number): BundleBuilder[] {
    this.acked(received);
    const rest = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#open = undefined;
    this.detach();
    return rest;
  }

  #begin(): BundleBuilder {
    const { group, term, numbers, clock } = this.#options;
    if (this.#open) this.#seal();
    this.#open = new BundleBuilder(group, term, undefined, ++numbers.last);
    this.#kept.push(this.#open);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      clock.defer(() => {
        this.#isScheduled = false;
        this.flush();
      });
    }
    return this.#open;
  }

  #seal(): void {
    this.#open!.sealed = true;
    this.#keptBytes += this.#open!.bytes;
    this.#open = undefined;
  }

  /** Must count at least as much as the sender does. A bundle sent before the turn ends carries the acknowledgement. */
  #ackInTime({ h, x, p }: ReadBundle): void {
    this.#toAckBytes += x.length + (h.length / 4) * FRAME_BYTES;
    if (p) for (const part of p) this.#toAckBytes += (part as Part).length;
    this.#toAck++;
    if (!this.#isAckDue || this.#isAckScheduled) return;
    this.#isAckScheduled = true;
    this.#options.clock.yield(() => {
      this.#isAckScheduled = false;
      if (this.#isAckDue) this.#ack();
    });
  }

  get #isAckDue(): boolean {
    return this.#toAck >= ACK_BUNDLES || this.#toAckBytes >= ACK_BYTES;
  }

  #ack(): void {
    this.#wasAcked();
    this.#connection?.write([encodeAck(this.received)]);
  }

  #wasAcked(): void {
    this.#toAck = 0;
    this.#toAckBytes = 0;
  }
}
