// The direct road's connections between real processes: a unix-domain socket in a directory that only this user may
// enter, on Windows a named pipe with a name that nobody guesses. The only door to `node:net` and `node:fs`.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
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
const OURS = /^csc-[A-Za-z0-9]{6}$/;
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
      try {
        const address = isWindows ? `\\\\.\\pipe\\${PREFIX}${randomUUID()}` : makePath(folder());
        return listenAt(address, handlers, clock);
      } catch (error) {
        clock.defer(() => handlers.failed(error as Error));
        return { close() {} };
      }
    },
    connect: (address, handlers) => {
      const connection = new SocketConnection(connect(address), clock);
      connection.report(handlers);
      return connection;
    },
    remove: removeSocket,
  };
}

function makePath(folder: string): string {
  // What mkdtemp adds has six characters.
  if (Buffer.byteLength(join(folder, `${PREFIX}123456`, SOCKET)) > MOST_PATH_BYTES)
    throw new Error(`${folder} is too long for the path of a socket; set TMPDIR to a shorter one`);
  return join(mkdtempSync(join(folder, PREFIX)), SOCKET);
}

function listenAt(address: string, handlers: ListenerHandlers, clock: Clock): Listener {
  const server: Server = createServer(socket => {
    const connection = new SocketConnection(socket, clock);
    connection.report(handlers.accept(connection));
  });
  let isClosed = false;
  server.on('error', problem => isClosed || handlers.failed(problem));
  server.on('listening', () => isClosed || handlers.listening(address));
  // Exclusive: or a cluster worker would have its primary listen in its place.
  server.listen({ path: address, exclusive: true });
  server.unref();
  return {
    close() {
      isClosed = true;
      server.close();
      removeSocket(address);
    },
  };
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
