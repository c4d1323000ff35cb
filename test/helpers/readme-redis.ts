// A Redis of its own for the README's program, where the machine has one.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';

export interface Redis extends AsyncDisposable {
  readonly url: string;
}

/** Resolves when it takes connections; `undefined` where the machine has no `redis-server`. */
export async function startRedis(): Promise<Redis | undefined> {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir()];
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // What kept it from starting.
  const failed = once(server, 'error').then(() => false);
  if (!(await Promise.race([isReady(server), failed]))) return undefined;
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL');
      await once(server, 'close');
    },
  };
}

async function isReady(server: ChildProcess): Promise<boolean> {
  for await (const line of createInterface({ input: server.stdout! }))
    if (line.includes('Ready to accept')) return true;
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
