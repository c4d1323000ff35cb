// Lets frames through to the leader while it has its lease, for a slice of time after which timers and I/O have a turn.
// Until then the other frames wait in the inbox.

import { encodeError } from '../codec/encode-error.js';
import { brokenFrame } from '../errors/errors.js';
import { droppedWithdrawals } from '../errors/warnings.js';
import { type Bundle, Kind, Overload } from '../protocol/bundle.js';
import { FrameReader, type FrameView } from '../protocol/frame-reader.js';
import type { Clock } from '../utils/clock.js';
import { forCalls, handBack } from './hand-back.js';
import { Inbox } from './inbox.js';
import type { Sender } from './sender.js';
import type { ServiceOptions } from './service-options.js';

/**
 * How long a leader works before timers and I/O have a turn: the work that it has at once, after a failover above all, may
 * take many times its lease. How long it works for one sender before the next one's turn.
 */
const SLICE_MS = 10;
const TURN_MS = 2;

export interface FrameHandler {
  /** A frame of a member. @returns false if it has to wait after all */
  handle(from: number, frame: FrameView, now: number): boolean;
  /** The primary says that a member left or died. */
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
  /** Timers and I/O had a turn since the slice began. */
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
    // A call may have ended the term by itself.
    if (this.#mode === 'closed') handBack(reader.rest, this.#sender);
    else this.#keep(reader.rest);
  }

  /** Goes on in a later turn with the frames that wait. */
  schedule(): void {
    if (this.#isScheduled || this.#inbox.isIdle) return;
    this.#isScheduled = true;
    this.#clock.yield(() => {
      this.#isScheduled = false;
      this.#work();
    });
  }

  /** Frames of this sender wait until {@link letGo}. */
  hold(sender: number): void {
    this.#inbox.hold(sender);
  }

  letGo(sender: number): void {
    this.#inbox.letGo(sender);
    this.schedule();
  }

  /** Lets all frames through that wait. Later ones don't need the lease. */
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

  /** If the bundle can't be read, the callers of its calls are told. */
  #readerOf(bundle: Bundle): FrameReader | undefined {
    try {
      return new FrameReader(bundle);
    } catch {
      const refusal = encodeError(brokenFrame('bundle.x', 'JSON', 'not-started'));
      forCalls(bundle, (from, id) => this.#sender.payloadTo(from, Kind.ERROR, id, refusal));
      return undefined;
    }
  }

  /** Reads on for `ms`. @returns whether all was read */
  #read({ f }: Bundle, reader: FrameReader, ms: number): boolean {
    const startedAt = this.#clock.now();
    // The clock is read for each frame: the one before it may have blocked the event loop until the lease was over.
    for (let now = startedAt; this.#hasTime(now) && now - startedAt < ms; now = this.#clock.now()) {
      const frame = reader.next();
      if (!frame) return true;
      if (f === undefined) {
        if (frame.kind === Kind.MEMBER_LEFT) this.#handler.memberLeft(frame.id);
      } else if (!this.#handler.handle(f, frame, now)) {
        reader.repeat();
        return false;
      }
      if (this.#mode === 'closed') break;
    }
    return reader.isAtEnd;
  }

  /**
   * Whether something may be started now: in the lease, and before timers and I/O must have a turn. If they had one since
   * the slice began, the next slice begins here, because setting work aside costs more than going on.
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

  /** Calls and subscriptions for which there is no room are refused before they begin. */
  #keep(bundle: Bundle): void {
    const refused = this.#inbox.add(bundle, this.#clock.now());
    this.schedule();
    if (!refused) return;
    const { f, h } = refused;
    if (f !== undefined)
      for (let i = 0; i < h.length; i += 4) this.#sender.to(f, Kind.OVERLOADED, h[i + 1]!, Overload.CALL);
  }

  /** One slice of the frames that wait, each sender in turn. Without a lease {@link schedule} is called when it is back. */
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
