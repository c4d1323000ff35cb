// The direct road's connections between real processes: a unix-domain socket in a directory that only this user may
// enter, on Windows a named pipe with a name that nobody guesses.

import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { type Clock, systemClock } from '../utils/clock.js';
import type { DirectTransport, Listener, ListenerHandlers } from './direct.js';
import { SocketConnection } from './socket-connection.js';
import { makeDirectory, newAddress, notOurs, removeSocket, socketFolder } from './socket-files.js';
import { sweepSockets } from './socket-sweep.js';

/** What {@link createSockets} works on; a test brings its own. */
export interface SocketsParts {
  readonly clock?: Clock;
  readonly platform?: NodeJS.Platform;
  /** Where the directories are made. */
  readonly folder?: () => string;
}

export function createSockets({
  clock = systemClock,
  platform = process.platform,
  folder = socketFolder,
}: SocketsParts = {}): DirectTransport {
  const isWindows = platform === 'win32';
  if (!isWindows) void sweepSockets([folder(), ...(folder === socketFolder ? [tmpdir()] : [])], clock);
  return {
    listen: handlers => {
      const id = randomUUID();
      const address = isWindows ? `\\\\.\\pipe\\csc-${id}` : newAddress(folder(), id);
      const listener = new SocketListener(address, isWindows, handlers, clock);
      const { announce = (_address, proceed) => proceed() } = handlers;
      clock.defer(() => announce(address, () => listener.open()));
      return listener;
    },
    connect: (address, handlers) => {
      const problem = isWindows ? undefined : notOurs(address);
      const connection = new SocketConnection(problem ? new Socket().destroy(problem) : connect(address), clock);
      connection.report(handlers);
      return connection;
    },
    remove: removeSocket,
  };
}

class SocketListener implements Listener {
  #server: Server | undefined;
  #isClosed = false;

  constructor(
    private readonly address: string,
    private readonly isPipe: boolean,
    private readonly handlers: ListenerHandlers,
    private readonly clock: Clock,
  ) {}

  open(): void {
    if (this.#isClosed) return;
    try {
      if (!this.isPipe) makeDirectory(this.address);
      this.#listen();
    } catch (error) {
      this.handlers.failed(error as Error);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#server?.close();
    removeSocket(this.address);
    this.handlers.removed?.(this.address);
  }

  #listen(): void {
    const { handlers, clock, address } = this;
    this.#server = createServer(socket => {
      const connection = new SocketConnection(socket, clock);
      connection.report(handlers.accept(connection));
    })
      .on('error', problem => this.#isClosed || handlers.failed(problem))
      .on('listening', () => this.#isClosed || handlers.listening(address))
      // Exclusive: or a cluster worker would have its primary listen in its place.
      .listen({ path: address, exclusive: true })
      .unref();
  }
}
