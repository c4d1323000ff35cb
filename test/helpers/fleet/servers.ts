// The servers on which a fleet's engine is tested: those of the machine, and of the test's own.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import type { ExecutionContext } from 'ava';
import { Client, type ClientConfig } from 'pg';
import { freePort, startProgram } from '../services/process.js';
import { answers, skip } from '../services/services.js';

const NATS_PORT = 4222;
const POSTGRES_PORT = 5432;

/** The address of NATS. */
export async function findNats(t: ExecutionContext): Promise<string | undefined> {
  if (await answers(NATS_PORT)) return `127.0.0.1:${NATS_PORT}`;
  return skip(t, `NATS at port ${NATS_PORT}`) as undefined;
}

/** For `new Client()` of `pg`. */
export async function findPostgres(t: ExecutionContext) {
  if (await answers(POSTGRES_PORT))
    return { host: '127.0.0.1', port: POSTGRES_PORT, user: 'postgres', database: 'postgres' };
  return skip(t, `PostgreSQL at port ${POSTGRES_PORT}`) as undefined;
}

/** A network between a process and a server that can lose all messages without a word. */
export async function startValve(t: ExecutionContext, target: string) {
  const [host, port] = target.split(':') as [string, string];
  const sockets = new Set<Socket>();
  const isOpen = { up: true, down: true };
  const server = createServer(socket => {
    const upstream = connect(Number(port), host);
    for (const [from, to, way] of [
      [socket, upstream, 'up'],
      [upstream, socket, 'down'],
    ] as const) {
      sockets.add(from);
      from
        .on('data', data => isOpen[way] && to.write(data))
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(from);
          if (isOpen[way]) to.destroy();
        });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(() => {
    close();
    server.close();
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** From now on nothing passes this way, and nobody is told. */
    shut(...ways: ('up' | 'down')[]): void {
      for (const way of ways) isOpen[way] = false;
    },
    /** What was lost is lost: the connections begin again. */
    open(): void {
      isOpen.up = isOpen.down = true;
      close();
    },
  };
}

/** A NATS of the test's own. `FOLDER` in the configuration is a new folder. @returns its address */
export async function startNats(
  t: ExecutionContext,
  config = 'jetstream { store_dir: "FOLDER" }',
): Promise<string | undefined> {
  const server = await startNatsServer(config);
  if (server) t.teardown(() => server.close());
  else skip(t, 'nats-server on this machine');
  return server?.address;
}

/** The same without a test, for whoever closes it; undefined if it isn't installed. */
export async function startNatsServer(config = 'jetstream { store_dir: "FOLDER" }') {
  const folder = mkdtempSync(join(tmpdir(), 'csc-nats-'));
  const port = await freePort();
  const file = join(folder, 'config');
  writeFileSync(file, `listen: 127.0.0.1:${port}\n${config.replace('FOLDER', folder)}`);
  const close = () => rmSync(folder, { recursive: true, force: true });
  const server = await startProgram('nats-server', ['-c', file], /Server is ready/).catch(error => {
    close();
    throw error;
  });
  if (!server) return void close();
  return {
    address: `127.0.0.1:${port}`,
    pid: server.pid,
    async close() {
      await server.kill();
      close();
    },
  };
}

/** An empty database. @returns its URL */
export async function createDatabase(t: ExecutionContext): Promise<string | undefined> {
  const config = await findPostgres(t);
  if (!config) return undefined;
  const name = `csc_${process.pid}_${Date.now()}`;
  const admin = new Client(config);
  await admin.connect();
  await admin.query(`create database ${name}`);
  t.teardown(async () => {
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  });
  return `postgres://${config.user}@${config.host}:${config.port}/${name}`;
}

/** Removes what a fleet has left on the servers of the machine. */
export async function forgetFleet(
  name: string,
  { nats, postgres }: { readonly nats?: string; readonly postgres?: ClientConfig },
): Promise<void> {
  if (nats !== undefined) {
    const connection = await connectNats({ servers: nats });
    const { streams } = await jetstreamManager(connection);
    await streams.delete(`KV_csc1_${name}`);
    await connection.close();
  }
  if (!postgres) return;
  const client = new Client(postgres);
  await client.connect();
  await client.query('delete from csc_test_fleet where fleet = $1', [name]);
  await client.end();
}
