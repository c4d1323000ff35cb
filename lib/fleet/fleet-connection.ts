// One end of a stream of bytes over an engine.
//
// Messages are numbered, because some may be lost without a notice to either end, such as between two servers. An end that
// misses one, or receives one twice, breaks the connection. So the bytes are always a prefix of what the peer has written.
//
// The end that receives `end` answers it, and both forget the connection: what waits there is lost.

import type { Connection, ConnectionHandlers } from '../transport/direct.js';
import type { Clock } from '../utils/clock.js';
import { type StreamGrants, WINDOW_BYTES } from './stream-grants.js';
import { DATA, END, headBytes, OPEN, RESET, readReason, type StreamMessage, writeHead } from './stream-message.js';

/** How much the connecting end may send before it has read a grant. */
export const FIRST_BYTES = 64 * 1024;
/** How much is sent in one message. */
export const PIECE_BYTES = 64 * 1024;

/** The addresses of both ends of a connection. */
export interface StreamEnds {
  readonly own: string;
  readonly peer: string;
}

/** What all connections of a process share. */
export interface StreamPort {
  readonly clock: Clock;
  readonly grants: StreamGrants;
  /** Memory for a message that is sent: its content is copied then. */
  readonly room: Buffer;
  /** The longest message. */
  readonly maxBytes: number;
  send(to: string, content: Uint8Array, unheard: string): void;
  /** Sends `reset`. */
  reset(ends: StreamEnds, reason: string): void;
  /** Calls `done` once, in a later turn: what was sent to this process has arrived, and what it sent has left; or is lost. */
  flush(done: () => void): void;
  /** Calls `report` later, unless nothing must be reported any more. */
  later(report: () => void): void;
  forget(ends: StreamEnds): void;
}

/** How many bytes may be sent, and how many may be received, before the first message of this end. */
export interface FirstBytes {
  readonly credit: number;
  readonly granted: number;
}

interface Part {
  readonly bytes: Uint8Array;
  /** Called once these bytes, and so all before them, were sent. */
  readonly written?: (() => void) | undefined;
}

export class FleetConnection implements Connection {
  readonly #port: StreamPort;
  #handlers: ConnectionHandlers | undefined;
  #isSilent = false;
  #isClosed = false;
  readonly #queue: Part[] = [];
  waitingBytes = 0;
  /** `write` returned false. */
  #isFull = false;
  /** Number of sent bytes, how many may be sent, and the number of the next message. */
  #sent = 0;
  #credit: number;
  #next = 0;
  /** The same of the other direction. */
  #received = 0;
  #granted: number;
  #expected = 0;
  #isEnding = false;
  #hasSentEnd = false;
  readonly #whenEnded: (() => void)[] = [];
  readonly #settling = new Set<() => void>();

  constructor(
    port: StreamPort,
    readonly ends: StreamEnds,
    { credit, granted }: FirstBytes,
    /** The peer has ended writing, before this end has. Called after the connection is reported as closed. */
    private readonly peerEnded = () => {},
  ) {
    this.#port = port;
    this.#credit = credit;
    this.#granted = granted;
    port.grants.join(granted);
  }

  /** Starts reporting events. */
  report(handlers: ConnectionHandlers): void {
    if (!this.#isSilent) this.#handlers = handlers;
  }

  /** Sends the first message of the connecting end. */
  open(listener: string, self: Uint8Array): void {
    if (self.length > this.#pieceBytes) this.close(new Error('the engine takes only shorter messages'));
    else this.#send(listener, { type: OPEN, number: 0 }, self.length, body => body.set(self));
  }

  get bytesAhead(): number {
    return this.waitingBytes;
  }

  write(parts: readonly Uint8Array[], written?: () => void): boolean {
    if (this.#isClosed || this.#isEnding) return true;
    const filled = parts.filter(({ length }) => length > 0);
    if (filled.length === 0) written?.();
    for (const [index, bytes] of filled.entries()) {
      this.#queue.push({ bytes, written: index === filled.length - 1 ? written : undefined });
      this.waitingBytes += bytes.length;
    }
    this.#flush();
    this.#isFull ||= this.waitingBytes > WINDOW_BYTES;
    return !this.#isFull;
  }

  end(written: () => void): void {
    if (this.#isClosed) return this.#port.clock.yield(written);
    this.#isEnding = true;
    this.#whenEnded.push(written);
    this.#flush();
  }

  destroy(): void {
    this.#isSilent = true;
    this.#handlers = undefined;
    this.refuse('the other end has closed the connection');
  }

  settle(done: () => void): void {
    const { clock, flush } = this.#port;
    if (this.#isClosed) return clock.yield(done);
    const settled = () => {
      if (this.#settling.delete(settled)) done();
    };
    this.#settling.add(settled);
    flush(settled);
  }

  /** Closes both ends. */
  refuse(reason: string, problem?: Error): void {
    if (this.#isClosed) return;
    this.#port.reset(this.ends, reason);
    this.close(problem);
  }

  /** Closes this end. */
  close(problem?: Error): void {
    const { clock, forget, grants, later } = this.#port;
    this.#isClosed = true;
    this.#queue.length = 0;
    this.waitingBytes = 0;
    this.#isFull = false;
    forget(this.ends);
    grants.leave(this.#openBytes);
    later(() => {
      const handlers = this.#handlers;
      this.#handlers = undefined;
      handlers?.closed(problem);
    });
    for (const done of [...this.#whenEnded.splice(0), ...this.#settling]) clock.yield(done);
  }

  /** Handles a message of the peer. */
  receive({ type, number, grant, body }: StreamMessage): void {
    if (type === RESET) return this.close(new Error(readReason(body)));
    if (type !== DATA && type !== END) return this.#break('a message is of an unknown kind or version');
    if (number !== this.#expected) return this.#break('a message was lost or repeated');
    if (body.length > this.#openBytes) return this.#break('more was sent than granted');
    this.#expected = following(number);
    if (grant > this.#credit) this.#credit = grant;
    if (type === END) return this.#peerEnded();
    this.#received += body.length;
    this.#port.grants.received(body.length);
    if (body.length > 0) this.#handlers?.data(body);
    this.#flush();
    this.#resume();
    this.grantMore();
  }

  /** Sends a grant alone if half of the window was used since the last one. */
  grantMore(): void {
    if (!this.#isClosed && this.#openBytes <= this.#window / 2) this.#sendNumbered(DATA, 0);
  }

  /** Granted to the peer, and not received. */
  get #openBytes(): number {
    return this.#granted - this.#received;
  }

  get #window(): number {
    return this.#port.grants.windowOf(this.#openBytes);
  }

  get #pieceBytes(): number {
    return Math.max(Math.min(PIECE_BYTES, this.#port.maxBytes - headBytes(this.ends.own)), 1);
  }

  #break(reason: string): void {
    this.refuse(reason, new Error(reason));
  }

  /** The peer has sent its last message. */
  #peerEnded(): void {
    const isFirst = !this.#hasSentEnd;
    if (isFirst) this.#sendNumbered(END, 0);
    this.close();
    if (isFirst) this.#port.later(this.peerEnded);
  }

  #resume(): void {
    if (!this.#isFull || this.waitingBytes > WINDOW_BYTES / 2) return;
    this.#isFull = false;
    this.#handlers?.drained();
  }

  /** Sends what may be sent. */
  #flush(): void {
    while (this.waitingBytes > 0 && this.#sent < this.#credit) this.#sendPiece();
    if (this.waitingBytes > 0 || !this.#isEnding || this.#isClosed) return;
    if (!this.#hasSentEnd) {
      this.#hasSentEnd = true;
      this.#sendNumbered(END, 0);
    }
    for (const done of this.#whenEnded.splice(0)) this.#port.flush(done);
  }

  #sendPiece(): void {
    const size = Math.min(this.waitingBytes, this.#credit - this.#sent, this.#pieceBytes);
    const done: (() => void)[] = [];
    this.#sent += size;
    this.waitingBytes -= size;
    this.#sendNumbered(DATA, size, body => this.#take(body, done));
    // They may write more.
    for (const written of done) written();
  }

  /** Fills the body with the next waiting bytes. */
  #take(body: Buffer, done: (() => void)[]): void {
    for (let at = 0; at < body.length; ) {
      const { bytes, written } = this.#queue[0]!;
      const taken = bytes.subarray(0, body.length - at);
      body.set(taken, at);
      at += taken.length;
      if (taken.length < bytes.length) {
        this.#queue[0] = { bytes: bytes.subarray(taken.length), written };
      } else {
        this.#queue.shift();
        if (written) done.push(written);
      }
    }
  }

  #sendNumbered(type: number, size: number, fill?: (body: Buffer) => void): void {
    const number = this.#next;
    this.#next = following(number);
    this.#send(this.ends.peer, { type, number }, size, fill);
  }

  /** Every message carries the latest grant. */
  #send(to: string, head: Pick<StreamMessage, 'type' | 'number'>, size: number, fill?: (body: Buffer) => void): void {
    const { grants, room, send } = this.#port;
    const { own } = this.ends;
    const more = Math.max(this.#window - this.#openBytes, 0);
    this.#granted += more;
    grants.granted(more);
    const start = writeHead(room, { ...head, grant: this.#granted, from: own });
    fill?.(room.subarray(start, start + size));
    send(to, room.subarray(0, start + size), own);
  }
}

/** Numbers start again after the last that fits into a message. */
const following = (number: number): number => (number + 1) >>> 0;
