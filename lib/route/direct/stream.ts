// One end of what goes by the direct route between the leader and one member: bundles with numbers, kept until the other
// end has them. A connection may break, and the next one goes on where the other end says that it stopped.
//
//   not yet received:   | written | waits for room, or a connection | open: frames can join |
//                        ▲ what an acknowledgement lets go of

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

/** What the other end keeps meanwhile is small enough. */
const ACK_BUNDLES = 64;
const ACK_BYTES = 256 * 1024;

/** Bytes that may wait for an acknowledgement though the other end has read them. */
export const MOST_UNACKED_BYTES = ACK_BYTES + ACK_BUNDLES * OVERHEAD_BYTES;

export interface StreamOptions {
  readonly group: string;
  readonly term: number;
  readonly clock: Clock;
  /** Whose what comes is, where the leader hears it. */
  readonly from?: number;
  /** The numbers given out in this direction and term, on whatever route. */
  readonly numbers: { last: number };
  /** The number of the first bundle that will come, where it is known from the beginning; see {@link Stream.expect}. */
  readonly first?: number;
  /** A bundle came; each comes once, in the order of their numbers. */
  deliver(bundle: Bundle): void;
  /** There is room again. */
  onRoom?(): void;
}

export class Stream {
  readonly #options: StreamOptions;
  #connection: Connection | undefined;
  #hasRoom = true;
  #isScheduled = false;
  #kept: BundleBuilder[] = [];
  /** Of those that are kept, how many were written. */
  #writtenCount = 0;
  #open: BundleBuilder | undefined;
  /** Bytes of what is kept, but for the open one. */
  #keptBytes = 0;
  /** The number of the last bundle that was begun to be written. */
  begun = 0;
  /** The number of the last bundle that came; 0 before the first. */
  received = 0;
  /** The number of the last bundle that the other end took, once it takes no more. */
  final: number | undefined;
  #toAck = 0;
  #toAckBytes = 0;
  #isAckScheduled = false;
  /** What came before all that was sent by the other route. */
  #held: Bundle[] | undefined = [];

  #first: number | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#first = options.first;
  }

  /** With which number the other end begins. @returns whether what has come does; else it must be sent again */
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

  /** Whether a bundle that was put may be in the other end's hands. */
  mayHaveArrived(number: number): boolean {
    return number <= (this.final ?? this.begun);
  }

  /** What the other end isn't known to have. */
  get unacked(): readonly BundleBuilder[] {
    return this.#kept;
  }

  /** Its bytes. */
  get waitingBytes(): number {
    return this.#keptBytes + (this.#open?.bytes ?? 0);
  }

  /** Bytes that haven't left this process. */
  get queuedBytes(): number {
    return (this.#connection?.waitingBytes ?? 0) + this.#unwrittenBytes;
  }

  get #unwrittenBytes(): number {
    let bytes = 0;
    for (let i = this.#writtenCount; i < this.#kept.length; i++) bytes += this.#kept[i]!.bytes;
    return bytes;
  }

  /** As that of an outbox. */
  get isClear(): boolean {
    if (!this.#connection || !this.#hasRoom) return false;
    return this.#connection.bytesAhead + this.#unwrittenBytes <= WRITE_BYTES;
  }

  /** The next frame begins a bundle. */
  get isNextBundle(): boolean {
    return !this.#open || this.#open.isFull;
  }

  /** Puts a frame; `about` is for calls. @returns the number of the bundle it travels in */
  put(kind: number, id: number, text: string, parts?: readonly Part[], about?: About): number {
    let open = this.#open;
    if (!open || open.isFull) open = this.#begin();
    open.add(kind, id, text, parts, about);
    return open.number!;
  }

  /** Lets a batch leave before the end of the tick if it's worth a write, with `inFlight` calls under way. */
  flushEarly(inFlight: number): void {
    if (this.#open?.isWorthAWrite(inFlight)) this.flush();
  }

  /** Writes what there is room for, now; `all`: the rest too. */
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

  /** The connection has room again. */
  drained(): void {
    this.#hasRoom = true;
    this.flush();
    this.#options.onRoom?.();
  }

  /** A connection is there, whose other end has had what came up to `received`: goes on after that. */
  attach(connection: Connection, received: number): void {
    this.acked(received);
    this.#connection = connection;
    this.#hasRoom = true;
    this.#writtenCount = 0;
    // What is kept after that didn't arrive.
    if (this.#kept.length > 0) this.begun = this.#kept[0]!.number! - 1;
    this.flush();
  }

  detach(): void {
    this.#connection = undefined;
  }

  /** The other end has all up to this number. */
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

  /** Takes what came by the connection. @returns false if there is something missing before it */
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

  /** All that was sent by the other route before has come. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bundle of held) this.#options.deliver(bundle);
  }

  /** It is over: hands out what the other end, which has all up to `received`, will not get by it. */
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

  /** Counts at least as much as the other end does. An answer that leaves before the turn is over brings it along. */
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
