// The direct route's connections between real processes: a unix-domain socket in a directory that only this user can access;
// on Windows a named pipe with an unguessable name.

import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { connect, createServer, type Server, Socket } from 'node:net';
import { type Clock, systemClock, type Timer } from '../utils/clock.js';
import type { DirectListener, DirectTransport, ListenerHandlers } from './direct.js';
import { SocketConnection } from './socket-connection.js';
import {
  bindingOf,
  checkSocket,
  makeDirectory,
  newAddress,
  notOurs,
  removeSocket,
  socketFolder,
  temporaryFolder,
} from './socket-files.js';
import { sweepSockets } from './socket-sweep.js';

/** How often to check that others can still find the socket: tools that delete old temporary files may remove it. */
const CHECK_MS = 2000;

/** Node's own read size. */
const READ_BYTES = 64 * 1024;

/** Dependencies of {@link createSockets}, replaceable in tests. */
export interface SocketsParts {
  readonly clock?: Clock;
  readonly platform?: NodeJS.Platform;
  /** The folder in which directories are created. */
  readonly folder?: () => string;
}

export function createSockets({
  clock = systemClock,
  platform = process.platform,
  folder = socketFolder,
}: SocketsParts = {}): DirectTransport {
  const isWindows = platform === 'win32';
  if (!isWindows) void sweepSockets([folder(), ...(folder === socketFolder ? [temporaryFolder()] : [])], clock);
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
      const onread = isWindows ? undefined : { buffer: room(), callback: (count: number) => connection.read(count) };
      const socket = problem ? new Socket().destroy(problem) : connect({ path: address, onread });
      const connection: SocketConnection = new SocketConnection(socket, clock, onread?.buffer);
      connection.report(handlers);
      return connection;
    },
    remove: removeSocket,
  };
}

/**
 * The read buffer of all connections opened here. Each handles its bytes before the next read. Without it Node allocates a
 * buffer of this size per read. Not on Windows, where several reads may be in progress at a time.
 */
let readRoom: Buffer | undefined;

function room(): Buffer {
  readRoom ??= Buffer.allocUnsafeSlow(READ_BYTES);
  return readRoom;
}

class SocketListener implements DirectListener {
  #server: Server | undefined;
  #check: Timer | undefined;
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
    this.#check?.clear();
    this.#server?.close();
    removeSocket(this.address);
    this.handlers.removed?.(this.address);
  }

  #listen(): void {
    const { handlers, clock, address, isPipe } = this;
    this.#server = createServer(socket => {
      const connection = new SocketConnection(socket, clock);
      connection.report(handlers.accept(connection));
    })
      .on('error', problem => this.#isClosed || handlers.failed(problem))
      .on('listening', () => this.#isClosed || this.#listening())
      // Exclusive: otherwise a cluster worker would let its primary listen instead.
      .listen({ path: isPipe ? address : bindingOf(address), exclusive: true })
      .unref();
  }

  #listening(): void {
    const { handlers, address, isPipe } = this;
    if (!isPipe) {
      try {
        renameSync(bindingOf(address), address);
      } catch (error) {
        return handlers.failed(error as Error);
      }
      this.#watch();
    }
    handlers.listening(address);
  }

  #watch(): void {
    this.#check = this.clock.setTimer(() => {
      try {
        checkSocket(this.address);
        this.#watch();
      } catch (error) {
        this.handlers.lost?.(error as Error);
      }
    }, CHECK_MS);
  }
}
