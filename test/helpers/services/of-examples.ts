// The Redis of examples and pages: of the test's own, so that every connection that it counts is the example's.

import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { createClient } from 'redis';
import { freePort, startService } from './process.js';

export async function startRedisServer(t: ExecutionContext, ...more: string[]) {
  const port = await freePort();
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir(), ...more];
  const start = () => startService(t, 'redis-server', args, /ready to accept connections/i);
  const url = `redis://127.0.0.1:${port}`;
  const connect = async () => {
    const admin = createClient({ url, socket: { reconnectStrategy: false } }).on('error', () => {});
    await admin.connect();
    return admin;
  };
  let server = await start();
  if (!server) return undefined;
  let admin = await connect();
  t.teardown(() => admin.destroy());
  return {
    url,
    get admin() {
      return admin;
    },
    connections: async () => (await admin.clientList()).length - 1,
    /** As if its machine was restarted: it keeps nothing. */
    async stopFor(ms: number) {
      admin.destroy();
      await server!.kill();
      await sleep(ms);
      server = await start();
      admin = await connect();
    },
  };
}
