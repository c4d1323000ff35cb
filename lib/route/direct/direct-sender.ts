// What the leader says to one member by the direct route, bounded: where the member doesn't read, the newest values stay,
// and results without room end their calls.

import { Backlog } from '../../protocol/backlog.js';
import { Kind, kindOf, Overload } from '../../protocol/bundle.js';
import { classOf } from '../../protocol/classes.js';
import type { BundleBuilder } from '../../protocol/frames.js';
import type { Part } from '../../protocol/payload.js';
import type { FramedConnection } from './framed-connection.js';
import { MOST_UNACKED_BYTES, type Stream } from './stream.js';

/** What may wait for members that don't read. */
export interface Limits {
  /** For one of them, in bytes. */
  readonly maxQueuedBytes: number;
  /** For all of them. */
  readonly maxQueuedTotalBytes: number;
}

/** Bytes that may wait for any member, whatever waits for all. */
export const ALWAYS_FREE_BYTES = 1024 * 1024;

/** Answers that are under way when there are many. */
const MANY = 512;

export class DirectSender {
  line: FramedConnection | undefined;
  /** The connection closed. */
  onClosed: (() => void) | undefined;
  readonly #backlog = new Backlog();

  /**
   * @param id the stream's
   * @param hasNoRelay nothing goes to the member by the relay
   * @param isOverloaded whether `bytes` more may not wait for this member
   * @param room bytes of values that may be kept for it
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

  /** Bytes that wait: those that the member isn't known to have, and values that are kept back. */
  get waitingBytes(): number {
    return this.stream.waitingBytes + this.keptBytes;
  }

  get keptBytes(): number {
    return this.#backlog.bytes;
  }

  /** Bytes that haven't left this process. */
  get queuedBytes(): number {
    return this.stream.queuedBytes + this.keptBytes;
  }

  get isClear(): boolean {
    return this.stream.isClear;
  }

  put(kind: number, id: number, text: string, parts?: readonly Part[]): void {
    const { stream } = this;
    // Most of the time little waits, and nothing needs to be looked at.
    if (stream.waitingBytes + text.length > ALWAYS_FREE_BYTES || this.#backlog.size > 0 || parts)
      return this.#putBounded(kind, id, text, parts);
    stream.put(kind, id, text, parts);
    stream.flushEarly(MANY);
  }

  flush(): void {
    this.stream.flush();
  }

  /** Some of what waited has gone. */
  onRoom(): void {
    if (this.#backlog.size > 0) this.#release(() => this.stream.waitingBytes <= ALWAYS_FREE_BYTES);
  }

  /** As {@link Stream.takeRest}, with what was kept back. */
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
    const isOverloaded = this.#isOverloaded(stream.waitingBytes, bytes);
    const plain = kindOf(kind);
    // A value must not overtake those that are kept back, even where it is small enough to find room, and a subscription
    // that is confirmed must not hear values from before.
    const waits = classOf(plain) === 'value';
    if (waits && (isOverloaded || this.#backlog.size > 0)) {
      const { group: g, term: t } = this;
      const frame = { h: [kind, id, text.length, parts?.length ?? 0], x: `[${text}]` };
      return this.#backlog.keep({ g, t, ...frame, ...(parts && { p: parts }) }, this.room());
    }
    if (isOverloaded && classOf(plain) === 'result') stream.put(Kind.OVERLOADED, id, Overload.RESULT);
    else stream.put(kind, id, text, parts);
    stream.flushEarly(MANY);
    if (this.#backlog.size > 0) this.#backlog.trim(this.room());
  }

  #isOverloaded(waiting: number, bytes: number): boolean {
    // What is alone may be as large as it likes, or it would never get through. Less may wait though all of it was read, and
    // for what is kept back then no acknowledgement would make room.
    if (waiting <= MOST_UNACKED_BYTES || waiting + bytes <= ALWAYS_FREE_BYTES) return false;
    return this.isOverloaded(waiting, bytes);
  }
}
