// A small embedded upstream over a unix-domain socket (a named pipe on Windows), as a library and as a process of its own.
// It is asked about itself in process or over IPC, never over a connection that it would have to count.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLines, writeLine } from './lines.js';
import type { Connections, Executed, Request, SeenConnection, UpstreamStats } from './protocol.js';
import { type Connection, type Refusal, UpstreamState } from './state.js';

export interface UpstreamOptions {
  /** Where to listen; by default a fresh address in a temporary folder, which is removed at the end. */
  readonly path?: string | undefined;
  /** Called on every change. */
  readonly onConnections?: ((connections: Connections) => void) | undefined;
}

/** A running upstream. */
export interface Upstream {
  readonly path: string;
  stats(): UpstreamStats;
  executed(): readonly Executed[];
  /** All connections that there ever were. */
  seen(): readonly SeenConnection[];
  /** Which of these ids ran. */
  ran(ids: readonly string[]): readonly string[];
  /** Cuts all connections; new ones are welcome. */
  drop(): void;
  close(): Promise<void>;
}

/** Resolves once it listens. */
export async function startUpstream({ path, onConnections }: UpstreamOptions = {}): Promise<Upstream> {
  const address = path ?? freshPath();
  const state = new UpstreamState();
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, state, () => onConnections?.(state.connections()));
  });
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  await listen(server, address);
  return {
    path: address,
    stats: () => state.stats(),
    executed: () => state.executed,
    seen: () => state.seen,
    ran: ids => state.ran(ids),
    drop,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      drop();
      await closed;
      if (path === undefined) removeFreshPath(address);
    },
  };
}

function serve(socket: Socket, state: UpstreamState, changed: () => void): void {
  const connection = state.connect(update => writeLine(socket, update));
  const slow = new Set<NodeJS.Timeout>();
  changed();
  readLines<Request>(socket, request => {
    const reply = answer(state, connection, request);
    if (request.op !== 'slow') return writeLine(socket, reply);
    const timer = setTimeout(() => {
      slow.delete(timer);
      writeLine(socket, reply);
    }, request.ms);
    slow.add(timer);
  });
  // A client that was killed: 'close' follows and says it all.
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const timer of slow) clearTimeout(timer);
    state.disconnect(connection);
    changed();
  });
}

function answer(state: UpstreamState, connection: Connection, request: Request): object {
  try {
    return { n: request.n, value: state.run(connection, request) };
  } catch (error) {
    const { message, code } = error as Refusal;
    return { n: request.n, error: { message, code } };
  }
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

let count = 0;

function freshPath(): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\csc-upstream-${process.pid}-${++count}`;
  return join(mkdtempSync(join(tmpdir(), 'csc-upstream-')), 'socket');
}

/** Also for the parent of an upstream that was killed. A named pipe is gone with its process. */
export function removeFreshPath(address: string): void {
  if (process.platform !== 'win32') rmSync(dirname(address), { recursive: true, force: true });
}

// ------------------------------------------------------------------------------------------------ as a process

/** parent -> upstream */
export interface Ask {
  readonly ask: number;
  readonly what: 'stats' | 'executed' | 'seen' | 'drop' | 'ran';
  readonly ids?: readonly string[];
}

/** upstream -> parent */
export type Reply =
  | { readonly listening: string }
  | { readonly failed: string }
  | { readonly connections: Connections }
  | { readonly answer: number; readonly value: unknown };

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv[2]);

async function main(path?: string): Promise<void> {
  // Ctrl-C reaches the whole foreground; the parent decides when this process ends.
  process.on('SIGINT', () => {});
  try {
    const upstream = await startUpstream({ path, onConnections: connections => reply({ connections }) });
    // The parent's way to end it; comes also when the parent was killed.
    process.on('disconnect', () => upstream.close());
    process.on('SIGTERM', () => process.disconnect?.());
    process.on('message', ({ ask, what, ids = [] }: Ask) => reply({ answer: ask, value: upstream[what](ids) }));
    reply({ listening: upstream.path });
  } catch (error) {
    reply({ failed: String(error) });
    process.disconnect?.();
  }
}

function reply(message: Reply): void {
  if (process.connected) process.send?.(message, () => {});
}
