// One end of a connection over the bus, which sends bytes in numbered pieces. The daemon buffers what a process does not
// read, and is blocked while it forwards a piece. So pieces are small, and only a few may be unacknowledged.
//
// The bundle numbers of lib/route/direct/stream.ts cannot replace the piece numbers. A bundle is acknowledged as a whole and
// may have hundreds of megabytes; the daemon would buffer all of it, and heartbeats would wait behind it. And at the end of
// a term all waiting data is written without waiting for acknowledgements.

import type { Clock } from '../utils/clock.js';
import type { Connection, ConnectionHandlers } from './direct.js';

/** 64 kB as base64. */
const PIECE_BYTES = 48 * 1024;
/** Maximum number of unacknowledged pieces. */
export const MOST_PIECES = 8;

/** A message between the two ends of a connection; `BusStreams` describes the fields. */
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
  /** The listener that the first piece names; only at the connecting end. */
  readonly listener: string | undefined;
  send(message: Omit<StreamMessage, 'c'>, written?: () => void): void;
  /** Calls `done` once everything that others had sent was read. */
  echo(done: () => void): void;
  forget(): void;
}

export class BusConnection implements Connection {
  readonly #options: BusConnectionOptions;
  #handlers: ConnectionHandlers | undefined;
  #queue: Uint8Array[] = [];
  waitingBytes = 0;
  #isScheduled = false;
  /** `write` returned false. */
  #isFull = false;
  /** Number of sent pieces, and of those that the peer has acknowledged. */
  #sent = 0;
  #acked = 0;
  /** Number of received pieces, and of those that were acknowledged to the peer. */
  #received = 0;
  #acknowledged = 0;
  #isClosed = false;
  /** Set once nothing more will be written; called when everything has left. */
  #ended: (() => void) | undefined;

  constructor(options: BusConnectionOptions) {
    this.#options = options;
    if (options.listener !== undefined) this.#schedule();
  }

  /** Starts reporting events. */
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
    this.#isFull = this.waitingBytes >= MOST_PIECES * PIECE_BYTES;
    this.#schedule();
    return !this.#isFull;
  }

  end(written: () => void): void {
    if (this.#isClosed) return this.#options.clock.defer(written);
    let isDone = false;
    this.#ended = () => {
      if (!isDone) written();
      isDone = true;
    };
    this.#schedule();
  }

  destroy(): void {
    this.#handlers = undefined;
    if (!this.#isClosed) this.#refuse('it was closed');
  }

  settle(done: () => void): void {
    const { clock, echo } = this.#options;
    // By then, what the peer wrote in this turn has left it.
    clock.yield(() => echo(done));
  }

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

  /** Handles a message of the peer. */
  receive({ n, d, e, a, r }: StreamMessage): void {
    if (r !== undefined) return this.close(new Error(r));
    // A peer cannot have received more than was sent.
    if (a !== undefined) this.#acked = Math.min(a, this.#sent);
    if (n !== undefined) this.#receivePiece(n, d, e);
    if (!this.#isClosed && this.waitingBytes > 0) this.#flush();
  }

  #receivePiece(n: number, d: string | undefined, e: 1 | undefined): void {
    if (n !== this.#received) return this.#refuse('something is missing', new Error('something is missing'));
    this.#received++;
    if (d !== undefined) this.#handlers?.data(Buffer.from(d, 'base64'));
    if (this.#isClosed) return;
    if (e) this.#refuse('it was ended');
    else if (this.#received - this.#acknowledged >= MOST_PIECES / 2) this.#send({});
  }

  #refuse(why: string, problem?: Error): void {
    this.#options.send({ r: why });
    this.close(problem);
  }

  /** Data written in one tick is sent together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.clock.defer(() => {
      this.#isScheduled = false;
      if (!this.#isClosed) this.#flush();
    });
  }

  #flush(): void {
    if (this.#sent === 0 && this.#options.listener !== undefined) this.#sendPiece({ l: this.#options.listener });
    while (this.waitingBytes > 0 && this.#sent - this.#acked < MOST_PIECES) this.#sendPiece({});
    if (this.waitingBytes > 0) return;
    if (this.#ended) return this.#send({ n: this.#sent++, e: 1 }, this.#ended);
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#handlers?.drained();
  }

  #sendPiece(first: { readonly l?: string }): void {
    const data = this.waitingBytes > 0 && { d: this.#takePiece().toString('base64') };
    this.#send({ n: this.#sent++, ...first, ...data });
  }

  /** Every message carries an acknowledgement. It is sent alone only if there is nothing else to send. */
  #send(message: Omit<StreamMessage, 'c' | 'a'>, written?: () => void): void {
    this.#acknowledged = this.#received;
    this.#options.send({ ...message, a: this.#received }, written);
  }

  #takePiece(): Buffer {
    const parts: Uint8Array[] = [];
    let room = Math.min(PIECE_BYTES, this.waitingBytes);
    this.waitingBytes -= room;
    while (room > 0) {
      const [part] = this.#queue as [Uint8Array];
      parts.push(part.subarray(0, room));
      if (part.length <= room) this.#queue.shift();
      else this.#queue[0] = part.subarray(room);
      room -= parts.at(-1)!.length;
    }
    return Buffer.concat(parts);
  }
}
