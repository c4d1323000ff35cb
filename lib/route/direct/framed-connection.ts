// One end of a connection with its reader. Unreadable data closes the connection, as if the peer were gone.

import type { Connection, ConnectionHandlers } from '../../transport/direct.js';
import { type WireHandlers, WireReader } from './wire-reader.js';

export interface FrameHandlers extends WireHandlers {
  drained(): void;
  /** The connection is closed. Called at most once, and not after {@link FramedConnection.destroy}. */
  closed(problem?: Error): void;
}

export class FramedConnection {
  connection!: Connection;
  /** For the transport. */
  readonly events: ConnectionHandlers;
  readonly #reader: WireReader;
  #isOver = false;

  constructor(handlers: FrameHandlers) {
    this.#reader = new WireReader(handlers);
    this.events = {
      data: chunk => this.#read(chunk, handlers),
      drained: () => this.#isOver || handlers.drained(),
      closed: problem => this.#close(handlers, problem),
    };
  }

  /** The peer has proved its identity. */
  trust(): void {
    this.#reader.trust();
  }

  /** Closes the connection and stops reporting. */
  destroy(): void {
    this.#isOver = true;
    this.#reader.stop();
    this.connection.destroy();
  }

  #read(chunk: Uint8Array, handlers: FrameHandlers): void {
    if (this.#isOver) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.connection.destroy();
      this.#close(handlers, error as Error);
    }
  }

  #close(handlers: FrameHandlers, problem: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    handlers.closed(problem);
  }
}
