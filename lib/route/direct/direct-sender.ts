// Sends the leader's data to one member on the direct route, with a limit: if the member does not read, only the newest
// values are kept, and results that do not fit end their calls.

import { Backlog, MOST_VALUE_BYTES } from '../../protocol/backlog.js';
import { Kind, kindOf, Overload } from '../../protocol/bundle.js';
import { classOf, isDroppable } from '../../protocol/classes.js';
import type { BundleBuilder } from '../../protocol/frames.js';
import type { Part } from '../../protocol/payload.js';
import type { Clocks } from './clocks.js';
import type { FramedConnection } from './framed-connection.js';
import { MOST_UNACKED_BYTES, type Stream } from './stream.js';

/** Limits for data that waits for members that do not read. */
export interface Limits {
  /** Bytes per member. */
  readonly maxQueuedBytes: number;
  /** Bytes for all members. */
  readonly maxQueuedTotalBytes: number;
}

/** Bytes that may always wait for a member, regardless of the total. */
export const ALWAYS_FREE_BYTES = 1024 * 1024;

/** Assumed number of answers in progress: only large batches are sent before the end of the tick. */
const MANY = 512;

export class DirectSender {
  line: FramedConnection | undefined;
  /** How the clocks of its two ends differ. */
  clocks: Clocks | undefined;
  /** Called when the connection has closed. */
  onClosed: (() => void) | undefined;
  readonly #backlog = new Backlog();

  /**
   * @param id id of the stream
   * @param hasNoRelay the member never uses the relay
   * @param isOverloaded whether `bytes` more would exceed the limits for this member
   * @param room bytes of values that may be kept for the member
   */
  constructor(
    readonly id: number,
    readonly stream: Stream,
    readonly hasNoRelay: boolean,
    private readonly group: string,
    private readonly term: number,
    private readonly isOverloaded: (waiting: number, bytes: number) => boolean,
    private readonly room: () => number,
  ) {}

  /** Bytes that wait: unacknowledged bundles and kept values. */
  get waitingBytes(): number {
    return this.stream.waitingBytes + this.keptBytes;
  }

  get keptBytes(): number {
    return this.#backlog.bytes;
  }

  /** Bytes that have not left this process. */
  get queuedBytes(): number {
    return this.stream.queuedBytes + this.keptBytes;
  }

  get isClear(): boolean {
    return this.stream.isClear;
  }

  put(kind: number, id: number, text: string, parts?: readonly Part[]): void {
    const { stream } = this;
    // Fast path: usually little waits.
    if (stream.waitingBytes + text.length > ALWAYS_FREE_BYTES || this.#backlog.size > 0 || parts)
      return this.#putBounded(kind, id, text, parts);
    stream.put(kind, id, text, parts);
    stream.flushEarly(MANY);
  }

  flush(): void {
    this.stream.flush();
  }

  /** Some of the waiting data has been sent. */
  onRoom(): void {
    if (this.#backlog.size > 0) this.#release(() => this.stream.waitingBytes <= ALWAYS_FREE_BYTES);
  }

  /** Like {@link Stream.takeRest}, including the kept values. */
  takeRest(received: number): BundleBuilder[] {
    this.#release();
    return this.stream.takeRest(received);
  }

  #release(hasRoom?: () => boolean): void {
    this.#backlog.release(
      ({ h, x, p }) => this.stream.put(h[0]!, h[1]!, x.slice(1, -1), p as readonly Part[]),
      hasRoom,
    );
  }

  #putBounded(kind: number, id: number, text: string, parts: readonly Part[] | undefined): void {
    const { stream } = this;
    let bytes = text.length;
    if (parts) for (const part of parts) bytes += part.length;
    const plain = kindOf(kind);
    const isValue = classOf(plain) === 'value';
    const isOverloaded = this.#isOverloaded(stream.waitingBytes, bytes, isValue);
    // A value must not overtake kept values, even if it is small enough to fit, and a confirmed subscription must not
    // receive older values.
    if (isValue && (isOverloaded || this.#backlog.size > 0)) {
      const { group: g, term: t } = this;
      const frame = { h: [kind, id, text.length, parts?.length ?? 0], x: `[${text}]` };
      return this.#backlog.keep({ g, t, ...frame, ...(parts && { p: parts }) }, this.room());
    }
    if (isOverloaded && isDroppable(plain)) stream.put(Kind.OVERLOADED, id, Overload.RESULT);
    else stream.put(kind, id, text, parts);
    stream.flushEarly(MANY);
    if (this.#backlog.size > 0) this.#backlog.trim(this.room());
  }

  #isOverloaded(waiting: number, bytes: number, isValue: boolean): boolean {
    // A single item may have any size, or it would never be sent. Up to `MOST_UNACKED_BYTES` may be unacknowledged although
    // all of it was read; no acknowledgement would then release values that are kept.
    if (waiting <= MOST_UNACKED_BYTES || waiting + bytes <= ALWAYS_FREE_BYTES) return false;
    return (isValue && waiting + bytes > MOST_VALUE_BYTES) || this.isOverloaded(waiting, bytes);
  }
}
