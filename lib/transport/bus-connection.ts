// One end of a connection over the bus. The daemon keeps what a process doesn't read, so no more is on its way to a peer
// than a window; and a piece is small, because the daemon does nothing else while it passes one on.

import type { Clock } from '../utils/clock.js';
import type { Connection, ConnectionHandlers } from './direct.js';

/** 64 kB as base64. */
const PIECE_BYTES = 48 * 1024;
/** On its way and not yet known to have been taken. */
export const WINDOW_BYTES = 256 * 1024;
/** The peer tells what it has taken so often: before the window is full. */
const ACK_BYTES = WINDOW_BYTES / 2;

/** What the two ends of a connection say to each other; `BusStreams` tells what the fields mean. */
export interface StreamMessage {
  readonly c: string;
  readonly n?: number;
  readonly d?: string;
  readonly e?: 1;
  readonly l?: string | undefined;
  readonly a?: number;
  readonly r?: string;
  readonly s?: 1;
}

export interface BusConnectionOptions {
  readonly clock: Clock;
  /** Whom the first piece is for, at the end that connects. */
  readonly listener: string | undefined;
  say(message: Omit<StreamMessage, 'c'>, written?: () => void): void;
  /** Calls `done` once what others had said was read. */
  echo(done: () => void): void;
  forget(): void;
}

export class BusConnection implements Connection {
  readonly #options: BusConnectionOptions;
  #handlers: ConnectionHandlers | undefined;
  #queue: Uint8Array[] = [];
  waitingBytes = 0;
  #isScheduled = false;
  /** A writer waits for room. */
  #isFull = false;
  /** Pieces, and their bytes. */
  #said = 0;
  #saidBytes = 0;
  #ackedBytes = 0;
  #heard = 0;
  #heardBytes = 0;
  #toldBytes = 0;
  #isClosed = false;
  /** Nothing is written any more; what then is to be called. */
  #ended: (() => void) | undefined;

  constructor(options: BusConnectionOptions) {
    this.#options = options;
    if (options.listener !== undefined) this.#schedule();
  }

  /** Begins to report. */
  report(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
  }

  get bytesAhead(): number {
    return this.waitingBytes;
  }

  write(parts: readonly Uint8Array[]): boolean {
    if (this.#isClosed || this.#ended) return true;
    for (const part of parts) {
      this.#queue.push(part);
      this.waitingBytes += part.length;
    }
    this.#isFull = this.waitingBytes >= WINDOW_BYTES;
    this.#schedule();
    return !this.#isFull;
  }

  end(written: () => void): void {
    if (this.#isClosed) return this.#options.clock.defer(written);
    let isDone = false;
    this.#ended = () => {
      if (isDone) return;
      isDone = true;
      written();
    };
    this.#schedule();
  }

  destroy(): void {
    this.#handlers = undefined;
    if (this.#isClosed) return;
    this.#options.say({ r: 'it was closed' });
    this.close();
  }

  settle(done: () => void): void {
    const { clock, echo } = this.#options;
    // What the peer wrote in this turn has then left it.
    clock.yield(() => echo(done));
  }

  /** It is over. */
  close(problem?: Error): void {
    const { clock, forget } = this.#options;
    this.#isClosed = true;
    this.#queue = [];
    this.waitingBytes = 0;
    forget();
    clock.defer(() => {
      this.#ended?.();
      const handlers = this.#handlers;
      this.#handlers = undefined;
      handlers?.closed(problem);
    });
  }

  /** A message of the peer's. */
  receive({ n, d, e, a, r }: StreamMessage): void {
    if (r !== undefined) return this.close(new Error(r));
    if (a !== undefined) return this.#acked(a);
    if (n !== this.#heard) return this.#fail('something is missing');
    this.#heard++;
    if (d !== undefined) this.#take(Buffer.from(d, 'base64'));
    if (!e || this.#isClosed) return;
    this.#options.say({ r: 'it was ended' });
    this.close();
  }

  #take(chunk: Buffer): void {
    this.#heardBytes += chunk.length;
    this.#handlers?.data(chunk);
    if (this.#isClosed || this.#heardBytes - this.#toldBytes < ACK_BYTES) return;
    this.#toldBytes = this.#heardBytes;
    this.#options.say({ a: this.#heardBytes });
  }

  #acked(bytes: number): void {
    // Nobody has taken more than was said.
    this.#ackedBytes = Math.min(bytes, this.#saidBytes);
    this.#flush();
  }

  #fail(why: string): void {
    this.#options.say({ r: why });
    this.close(new Error(why));
  }

  /** What is written in one tick leaves together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.clock.defer(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isClosed) return;
    const { say, listener } = this.#options;
    if (this.#said === 0 && listener !== undefined && this.waitingBytes === 0) say({ n: this.#said++, l: listener });
    while (this.waitingBytes > 0 && this.#saidBytes - this.#ackedBytes < WINDOW_BYTES) {
      const piece = this.#next();
      const isFirst = this.#said === 0 && listener !== undefined;
      say({ n: this.#said++, ...(isFirst && { l: listener }), d: piece.toString('base64') });
    }
    if (this.waitingBytes > 0) return;
    if (this.#ended) say({ n: this.#said++, e: 1 }, this.#ended);
    else if (this.#isFull) {
      this.#isFull = false;
      this.#handlers?.drained();
    }
  }

  #next(): Buffer {
    const parts: Uint8Array[] = [];
    let room = PIECE_BYTES;
    let count = 0;
    for (; count < this.#queue.length && room > 0; count++) {
      const part = this.#queue[count]!.subarray(0, room);
      parts.push(part);
      room -= part.length;
    }
    // Of the last one a rest may stay.
    const rest = this.#queue[count - 1]!.subarray(parts.at(-1)!.length);
    this.#queue.splice(0, count, ...(rest.length > 0 ? [rest] : []));
    const piece = Buffer.concat(parts);
    this.waitingBytes -= piece.length;
    this.#saidBytes += piece.length;
    return piece;
  }
}
