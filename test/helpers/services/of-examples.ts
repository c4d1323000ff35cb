// The servers of the examples: of the test's own, so that every connection they count is the example's.

import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { Client } from 'pg';
import { createClient } from 'redis';
import { freePort, startService } from './process.js';
import { skip } from './services.js';

/** A server that tells how many are connected to it, the test itself aside. */
export interface CountingService {
  readonly url: string;
  connections(): Promise<number>;
}

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

/** A database of its own in the server that runs. */
export async function makeDatabase(t: ExecutionContext) {
  const { PGHOST: host = '127.0.0.1', PGPORT = '5432', PGUSER: user = 'postgres' } = process.env;
  const port = Number(PGPORT);
  const database = `csc_test_${process.pid}`;
  const connect = async (database: string) => {
    const client = new Client({ host, port, user, database });
    await client.connect();
    return client;
  };
  const server = await connect('postgres').catch(error => {
    skip(t, `PostgreSQL at ${host}:${port}: ${error.message}`);
  });
  if (!server) return undefined;
  await server.query(`CREATE DATABASE ${database}`);
  const admin = await connect(database);
  t.teardown(async () => {
    await admin.end();
    await server.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await server.end();
  });
  return {
    url: `postgres://${user}@${host}:${port}/${database}`,
    admin,
    /** Ends all sessions but our own, as a restart of the server would. */
    async cut() {
      await server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> $2', [
        database,
        await pidOf(admin),
      ]);
    },
    async connections() {
      const { rows } = await server.query('SELECT pid FROM pg_stat_activity WHERE datname = $1', [database]);
      return rows.length - 1;
    },
  };
}

const pidOf = async (client: Client): Promise<number> =>
  (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;

export async function startNats(t: ExecutionContext): Promise<CountingService | undefined> {
  const [port, monitor] = [await freePort(), await freePort()];
  const args = ['-a', '127.0.0.1', '-p', `${port}`, '-m', `${monitor}`];
  if (!(await startService(t, 'nats-server', args, /Server is ready/))) return undefined;
  return {
    url: `nats://127.0.0.1:${port}`,
    async connections() {
      const response = await fetch(`http://127.0.0.1:${monitor}/connz`);
      return ((await response.json()) as { num_connections: number }).num_connections;
    },
  };
}

/** It has no list of its clients, but its log tells of each that comes and goes, as it does. */
export async function startMosquitto(t: ExecutionContext): Promise<CountingService | undefined> {
  const port = await freePort();
  const mosquitto = await startService(t, 'mosquitto', ['-v', '-p', `${port}`], /mosquitto version .* running/);
  if (!mosquitto) return undefined;
  const count = (pattern: RegExp) => mosquitto.lines.filter(line => pattern.test(line)).length;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    connections: async () => count(/New client connected/) - count(/Client \S+ (?:disconnected|closed its connection)/),
  };
}
