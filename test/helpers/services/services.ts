// Servers that some tests need: found, or started where the program is installed, or else the test says that it skips.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A Redis that runs. */
export interface RedisService {
  /** For `createClient` of the package `redis`; JSON carries it. */
  readonly address: { readonly url: string } | { readonly socket: { readonly path: string; readonly tls: false } };
  /** Ends it, if it was started here. */
  close(): Promise<void>;
}

const DEFAULT_URL = 'redis://127.0.0.1:6379';

/** The one at `REDIS_URL`, or at the default address, or one of our own. Ends with the test. */
export async function findRedis(t: ExecutionContext): Promise<RedisService | undefined> {
  const service = await locateRedis();
  if (service) t.teardown(() => service.close());
  else skip(t, `Redis: none at ${DEFAULT_URL}, REDIS_URL is not set, and redis-server is not installed`);
  return service;
}

/** The same without a test, for whoever closes it. */
export async function locateRedis(): Promise<RedisService | undefined> {
  const url = process.env.REDIS_URL ?? ((await answers(6379)) ? DEFAULT_URL : undefined);
  return url ? { address: { url }, close: async () => {} } : startRedis();
}

/** Says so where it is seen; a machine that must have all servers fails. */
export function skip(t: ExecutionContext, why: string): void {
  if (process.env.REQUIRE_SERVICES === '1') return t.fail(`REQUIRE_SERVICES=1, but there is no ${why}`);
  t.log(`SKIPPED, no ${why}`);
  t.pass();
}

/** Whether something listens there. */
export async function answers(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function startRedis(): Promise<RedisService | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'csc-redis-'));
  const path = join(folder, 'socket');
  const options = ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] });
  const close = async () => {
    if (server.pid !== undefined && server.exitCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    rmSync(folder, { recursive: true });
  };
  try {
    await once(server, 'spawn');
    for await (const chunk of server.stdout) if (/ready to accept connections/i.test(String(chunk))) break;
    return { address: { socket: { path, tls: false } }, close };
  } catch {
    await close();
    return undefined;
  }
}
