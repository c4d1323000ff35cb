// One end of a connection over a socket of `node:net`.

import type { Socket } from 'node:net';
import type { Clock } from '../utils/clock.js';
import type { Connection, ConnectionHandlers } from './direct.js';

export class SocketConnection implements Connection {
  #handlers: ConnectionHandlers | undefined;
  #problem: Error | undefined;
  #isClosed = false;
  #whenClosed: (() => void)[] = [];

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
    /** The buffer that Node reads into, instead of allocating chunks. */
    private readonly room?: Buffer,
  ) {}

  /** Node has read `count` bytes into the buffer. @returns whether to continue reading */
  read(count: number): boolean {
    this.#handlers?.data(this.room!.subarray(0, count));
    return true;
  }

  /** Starts reporting events. */
  report(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    // A connection must not keep the process alive by itself.
    this.socket
      .unref()
      .on('data', chunk => this.#handlers?.data(chunk))
      .on('drain', () => this.#handlers?.drained())
      .on('error', problem => {
        this.#problem = problem;
      })
      .on('close', () => this.#closed());
  }

  get waitingBytes(): number {
    return this.socket.writableLength;
  }

  get bytesAhead(): number {
    return this.waitingBytes;
  }

  write(parts: readonly Uint8Array[], written?: () => void): boolean {
    const { socket } = this;
    if (!socket.writable) return true;
    // After a failed write the system may still access the bytes.
    const done = written && ((problem?: Error | null) => problem || written());
    const last = parts.length - 1;
    if (last === 0) return socket.write(parts[0]!, done);
    socket.cork();
    for (let i = 0; i <= last; i++) socket.write(parts[i]!, i === last ? done : undefined);
    socket.uncork();
    return !socket.writableNeedDrain;
  }

  end(written: () => void): void {
    let isDone = false;
    const done = () => {
      if (isDone) return;
      isDone = true;
      written();
    };
    if (this.#isClosed) return this.clock.defer(done);
    this.#whenClosed.push(done);
    this.socket.end(done);
  }

  destroy(): void {
    this.#handlers = undefined;
    this.socket.destroy();
  }

  /**
   * Data of the peer is already in the socket buffer, so one whole turn of the event loop that starts now reads it. The
   * current turn may have polled before the data arrived.
   */
  settle(done: () => void): void {
    this.clock.yield(() => this.clock.yield(done));
  }

  #closed(): void {
    this.#isClosed = true;
    for (const done of this.#whenClosed.splice(0)) done();
    const handlers = this.#handlers;
    this.#handlers = undefined;
    handlers?.closed(this.#problem);
  }
}
