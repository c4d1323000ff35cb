// Passes frames to the leader while it holds its lease, for one slice of time; then timers and I/O have a turn. All other
// frames wait in the inbox.

import { encodeError } from '../codec/encode-error.js';
import { brokenFrame } from '../errors/value-errors.js';
import { droppedWithdrawals } from '../errors/warnings.js';
import { type Bundle, Kind, Overload } from '../protocol/bundle.js';
import { FrameReader, type FrameView } from '../protocol/frame-reader.js';
import type { Clock } from '../utils/clock.js';
import { forCalls, handBack } from './hand-back.js';
import { Inbox } from './inbox.js';
import type { Sender } from './sender.js';
import type { ServiceOptions } from './service-options.js';

/**
 * `SLICE_MS`: how long a leader works before timers and I/O have a turn. The work that is there at once, above all after a
 * failover, may take many times the lease. `TURN_MS`: how long it works for one sender before the next one's turn.
 */
const SLICE_MS = 10;
const TURN_MS = 2;

export interface FrameHandler {
  /** Handles a frame of a member. @returns false if the frame has to wait after all */
  handle(from: number, frame: FrameView, now: number): boolean;
  /** The primary reports that a member left or died. */
  memberLeft(workerId: number): void;
}

export class LeaseGate {
  readonly #handler: FrameHandler;
  readonly #clock: Clock;
  readonly #sender: Sender;
  readonly #hasLease: (now: number) => boolean;
  /** Frames that wait for the lease, or for their turn. */
  readonly #inbox: Inbox;
  #mode: 'needs lease' | 'open' | 'closed' = 'needs lease';
  #sliceEndsAt = Number.NEGATIVE_INFINITY;
  /** Whether timers and I/O had a turn since the slice began. */
  #hasTurned = true;
  #isScheduled = false;

  constructor({ clock, sender, self, hasLease, warn }: ServiceOptions, handler: FrameHandler) {
    this.#handler = handler;
    this.#clock = clock;
    this.#sender = sender;
    this.#hasLease = hasLease;
    this.#inbox = new Inbox(() => warn(droppedWithdrawals(self)));
  }

  /** Bytes that wait. */
  get heldBytes(): number {
    return this.#inbox.bytes;
  }

  /** Whether frames have to wait for the lease. */
  mustHold(now: number): boolean {
    return this.#mode === 'needs lease' && !this.#hasLease(now);
  }

  receive(bundle: Bundle): void {
    if (!this.#inbox.isEmpty || !this.#hasTime(this.#clock.now())) return this.#keep(bundle);
    const reader = this.#readerOf(bundle);
    if (!reader || this.#read(bundle, reader, Number.POSITIVE_INFINITY)) return;
    // A call may have ended the term while it ran.
    if (this.#mode === 'closed') handBack(reader.rest, this.#sender);
    else this.#keep(reader.rest);
  }

  /** Continues with the waiting frames in a later turn. */
  schedule(): void {
    if (this.#isScheduled || this.#inbox.isIdle) return;
    this.#isScheduled = true;
    this.#clock.yield(() => {
      this.#isScheduled = false;
      this.#work();
    });
  }

  /** The frames of this sender wait until {@link release}. */
  hold(sender: number): void {
    this.#inbox.hold(sender);
  }

  release(sender: number): void {
    this.#inbox.release(sender);
    this.schedule();
  }

  /** Passes all waiting frames on. Later frames do not need the lease. */
  open(): void {
    this.#mode = 'open';
    this.#sliceEndsAt = Number.POSITIVE_INFINITY;
    for (const bundle of this.#inbox.take()) {
      const reader = this.#readerOf(bundle);
      if (reader) this.#read(bundle, reader, Number.POSITIVE_INFINITY);
    }
    this.#sliceEndsAt = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#mode = 'closed';
  }

  /** If the bundle cannot be parsed, its calls are answered with an error. */
  #readerOf(bundle: Bundle): FrameReader | undefined {
    try {
      return new FrameReader(bundle);
    } catch {
      const refusal = encodeError(brokenFrame('bundle.x', 'JSON', 'not-started'));
      forCalls(bundle, (from, id) => this.#sender.payloadTo(from, Kind.ERROR, id, refusal));
      return undefined;
    }
  }

  /** Reads for at most `ms`. @returns whether everything was read */
  #read({ f }: Bundle, reader: FrameReader, ms: number): boolean {
    const startedAt = this.#clock.now();
    // The clock is read for each frame: the frame before may have blocked the event loop until the lease was over.
    for (let now = startedAt; this.#hasTime(now) && now - startedAt < ms; now = this.#clock.now()) {
      const frame = reader.next();
      if (!frame) return true;
      if (f === undefined) {
        if (frame.kind === Kind.MEMBER_LEFT) this.#memberLeft(frame);
      } else if (!this.#handler.handle(f, frame, now)) {
        reader.repeat();
        return false;
      }
      if (this.#mode === 'closed') break;
    }
    return reader.isAtEnd;
  }

  /**
   * Whether work may start now: within the lease, and before timers and I/O must have a turn. If they had one since the
   * slice began, the next slice begins here, because deferring work costs more than continuing.
   */
  #hasTime(now: number): boolean {
    if (this.mustHold(now)) return false;
    if (now >= this.#sliceEndsAt && this.#hasTurned) this.#beginSlice(now);
    return now < this.#sliceEndsAt;
  }

  #beginSlice(now: number): void {
    this.#sliceEndsAt = now + SLICE_MS;
    this.#hasTurned = false;
    this.#clock.yield(() => {
      this.#hasTurned = true;
    });
  }

  /** Its successor may have waited for that. */
  #memberLeft({ id, json }: FrameView): void {
    this.#handler.memberLeft(id);
    if (typeof json === 'number' && json !== 0) this.release(json);
  }

  /** Queues the bundle. Calls and subscriptions that do not fit are refused before they begin. */
  #keep(bundle: Bundle): void {
    const successor = successorIn(bundle);
    if (successor !== undefined) this.#inbox.hold(successor);
    const refused = this.#inbox.add(bundle, this.#clock.now());
    this.schedule();
    if (!refused) return;
    const { f, h } = refused;
    if (f !== undefined)
      for (let i = 0; i < h.length; i += 4) this.#sender.to(f, Kind.OVERLOADED, h[i + 1]!, Overload.CALL);
  }

  /** Works one slice on the waiting frames, each sender in turn. When the lease is renewed, {@link schedule} is called. */
  #work(): void {
    this.#beginSlice(this.#clock.now());
    for (let item = this.#inbox.next(); item && this.#hasTime(this.#clock.now()); item = this.#inbox.next()) {
      item.reader ??= this.#readerOf(item.bundle);
      const isRead = !item.reader || this.#read(item.bundle, item.reader, TURN_MS);
      if (this.#mode === 'closed') return;
      if (isRead) this.#inbox.end(item);
    }
    if (!this.mustHold(this.#clock.now())) this.schedule();
  }
}

/** The member that takes the place of one that left: what it sends is handled after everything of the other one. */
function successorIn({ f, h, x }: Bundle): number | undefined {
  if (f !== undefined || h[0] !== Kind.MEMBER_LEFT || x === '[0]') return undefined;
  return Number(x.slice(1, -1));
}
