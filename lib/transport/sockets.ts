// The direct road's connections between real processes: a unix-domain socket in a directory that only this user may
// enter, on Windows a named pipe with a name that nobody guesses. Its only door to `node:net` and `node:fs`.

import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Clock, systemClock } from '../utils/clock.js';
import type { DirectTransport, Listener, ListenerHandlers } from './direct.js';
import { SocketConnection } from './socket-connection.js';

/** What {@link createSockets} works on; a test brings its own. */
export interface SocketsParts {
  readonly clock?: Clock;
  readonly platform?: NodeJS.Platform;
  /** Where the directories are made. */
  readonly folder?: () => string;
}

/** The directory's name begins so. */
const PREFIX = 'csc-';
const OURS = /^csc-[0-9a-f]{12}$/;
const SOCKET = 'leader';

/** The kernel takes no longer path, and Node 20 cuts it short without a word. macOS has the least. */
const MOST_PATH_BYTES = 103;

export function createSockets({
  clock = systemClock,
  platform = process.platform,
  folder = tmpdir,
}: SocketsParts = {}): DirectTransport {
  const isWindows = platform === 'win32';
  return {
    listen: handlers => {
      const id = randomUUID();
      // Of a directory nobody needs to guess the name; it only has to be short.
      const address = isWindows ? `\\\\.\\pipe\\${PREFIX}${id}` : join(folder(), PREFIX + id.slice(-12), SOCKET);
      const listener = new SocketListener(address, isWindows, handlers, clock);
      const { announce = (_address, proceed) => proceed() } = handlers;
      clock.defer(() => announce(address, () => listener.open()));
      return listener;
    },
    connect: (address, handlers) => {
      const connection = new SocketConnection(connect(address), clock);
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
    this.#isClosed = true;
    this.#server?.close();
    removeSocket(this.address);
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

function makeDirectory(address: string): void {
  if (Buffer.byteLength(address) > MOST_PATH_BYTES)
    throw new Error(`${address} is too long for the path of a socket; set TMPDIR to a shorter one`);
  // As mkdtemp does it, but with a name that was told before: fails where it is there already.
  mkdirSync(dirname(address), { mode: 0o700 });
}

/** Removes a socket of ours and its directory, if they are there; touches nothing else, and never throws. */
export function removeSocket(address: string): void {
  const directory = dirname(address);
  if (basename(address) !== SOCKET || !OURS.test(basename(directory))) return;
  attempt(() => unlinkSync(address));
  attempt(() => unlinkSync(secretFile(address)));
  attempt(() => rmdirSync(directory));
}

/** Puts the secrets of an address where only this user reads them, for a control plane that others read too. */
export function keepSecrets(address: string, secrets: object): void {
  writeFileSync(secretFile(address), JSON.stringify(secrets), { mode: 0o600 });
}

/** What {@link keepSecrets} kept. @throws where there is nothing */
export function readSecrets(address: string): unknown {
  return JSON.parse(readFileSync(secretFile(address), 'utf8'));
}

const secretFile = (address: string): string => join(dirname(address), 'secrets');

/** It may be gone already. */
function attempt(remove: () => void): void {
  try {
    remove();
  } catch {}
}
