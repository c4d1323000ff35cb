// Servers that a test starts on a port and in a folder of its own, with a password, and stops for a while.

import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { connect as connectNats } from '@nats-io/transport-node';
import type { ExecutionContext } from 'ava';
import { connectAsync } from 'mqtt';
import mysql from 'mysql2/promise';
import { Client } from 'pg';
import { createClient } from 'redis';
import { freePort, type ServiceUser, startService } from './process.js';
import { answers, skip } from './services.js';

export const PASSWORD = 'right';

/** The name of the test's own connections. */
const TEST = 'test';

type Start = () => ReturnType<typeof startService>;

/** Stops it by SIGKILL, and starts it again. */
async function startAgainAndAgain(start: Start) {
  let server = await start();
  return (
    server && {
      async stopFor(ms: number) {
        await server!.kill();
        await sleep(ms);
        server = await start();
      },
    }
  );
}

/** Whether a program is there and does what it is told. */
const runs = (command: string, args: readonly string[], user?: ServiceUser): Promise<boolean> =>
  promisify(execFile)(command, args, { ...user }).then(
    () => true,
    () => false,
  );

function folderOf(t: ExecutionContext, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `csc-${name}-`));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// ----------------------------------------------------------------------------------------------------------- databases

export async function startRedisWithPassword(t: ExecutionContext) {
  const port = await freePort();
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--requirepass', PASSWORD];
  const folder = folderOf(t, 'redis');
  const server = await startAgainAndAgain(() =>
    startService(t, 'redis-server', [...args, '--dir', folder], /ready to accept connections/i),
  );
  if (!server) return undefined;
  return {
    ...server,
    address: `127.0.0.1:${port}`,
    async connections() {
      const admin = createClient({ url: `redis://:${PASSWORD}@127.0.0.1:${port}` });
      await admin.connect();
      const clients = await admin.clientList();
      await admin.close();
      return clients.length - 1;
    },
  };
}

/** PostgreSQL, which refuses to run as root. */
export async function startPostgres(t: ExecutionContext, ...statements: string[]) {
  const port = await freePort();
  const folder = folderOf(t, 'postgres');
  const user = process.getuid!() === 0 ? userNamed('postgres') : undefined;
  if (user) chownSync(folder, user.uid, user.gid);
  const [data, password] = [join(folder, 'data'), join(folder, 'password')];
  writeFileSync(password, PASSWORD);
  const init = `-A scram-sha-256 -U postgres --no-sync --pwfile=${password}`;
  if (!(await runs('pg_ctl', ['initdb', '-D', data, '-o', init], user)))
    return skip(t, 'pg_ctl on this machine') as undefined;
  const args = ['-D', data, '-k', folder, '-p', `${port}`, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
  const server = await startAgainAndAgain(() => startService(t, 'postgres', args, /ready to accept connections/, user));
  if (!server) return undefined;
  const query = async (...all: string[]) => {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password: PASSWORD, database: 'postgres' });
    await client.connect();
    let last: Record<string, unknown>[] = [];
    for (const text of all) last = (await client.query(text)).rows;
    await client.end();
    return last;
  };
  await query(...statements);
  const count =
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
  return {
    ...server,
    address: `127.0.0.1:${port}`,
    query,
    connections: async () => (await query(count))[0]!.n as number,
  };
}

function userNamed(name: string): ServiceUser | undefined {
  const id = (option: string) => Number(spawnSync('id', [option, name], { encoding: 'utf8' }).stdout);
  return id('-u') ? { uid: id('-u'), gid: id('-g') } : undefined;
}

export async function startMariadb(t: ExecutionContext, ...statements: string[]) {
  const port = await freePort();
  const folder = folderOf(t, 'mariadb');
  const data = join(folder, 'data');
  const asRoot = process.getuid!() === 0 ? ['--user=root'] : [];
  const install = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'];
  if (!(await runs('mariadb-install-db', [...install, ...asRoot])))
    return skip(t, 'mariadb-install-db on this machine') as undefined;
  const args = ['--no-defaults', `--datadir=${data}`, `--socket=${join(folder, 'socket')}`, `--port=${port}`];
  const server = await startAgainAndAgain(() =>
    startService(t, 'mariadbd', [...args, '--bind-address=127.0.0.1', ...asRoot], /port: \d+ .*/),
  );
  if (!server) return undefined;
  const query = async (...all: string[]) => {
    const connection = await mysql.createConnection({ host: '127.0.0.1', port, user: 'root' });
    let last: Record<string, unknown>[] = [];
    for (const text of all) [last] = (await connection.query(text)) as unknown as [Record<string, unknown>[]];
    await connection.end();
    return last;
  };
  const grant = `GRANT ALL ON *.* TO app@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'`;
  await query('CREATE DATABASE shop', grant, 'USE shop', ...statements);
  const count = "SELECT count(*) AS n FROM information_schema.processlist WHERE user = 'app'";
  return {
    ...server,
    address: `127.0.0.1:${port}`,
    query,
    connections: async () => Number((await query(count))[0]!.n),
  };
}

// ------------------------------------------------------------------------------------------------------------ messages

/** Until it has come, a client of NATS that gives up leaves its connection to the server, which ends it after two seconds. */
export const NATS_GREETING = 'INFO {"server_id":"mute","version":"2.10.0","proto":1,"max_payload":1048576}\r\n';

export async function startNatsWithPassword(t: ExecutionContext) {
  const [port, monitor] = [await freePort(), await freePort()];
  const args = ['-a', '127.0.0.1', '-p', `${port}`, '-m', `${monitor}`, '-js', '-sd', folderOf(t, 'nats')];
  const server = await startAgainAndAgain(() =>
    startService(t, 'nats-server', [...args, '--user', 'app', '--pass', PASSWORD], /Server is ready/),
  );
  if (!server) return undefined;
  // The test's own connection comes back by itself.
  const admin = await connectNats({
    servers: `127.0.0.1:${port}`,
    user: 'app',
    pass: PASSWORD,
    name: TEST,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  t.teardown(() => admin.close());
  const reconnected = async () => {
    for await (const { type } of admin.status()) if (type === 'reconnect') return;
  };
  return {
    address: `127.0.0.1:${port}`,
    admin,
    async stopFor(ms: number) {
      await Promise.all([reconnected(), server.stopFor(ms)]);
    },
    async connections() {
      const response = await fetch(`http://127.0.0.1:${monitor}/connz`);
      const { connections } = (await response.json()) as { connections: { name?: string }[] };
      return connections.filter(({ name }) => name !== TEST).length;
    },
  };
}

export async function startMosquittoWithPassword(t: ExecutionContext) {
  const port = await freePort();
  const folder = folderOf(t, 'mosquitto');
  const [config, passwords] = [join(folder, 'config'), join(folder, 'passwords')];
  if (!(await runs('mosquitto_passwd', ['-b', '-c', passwords, 'app', PASSWORD])))
    return skip(t, 'mosquitto_passwd on this machine') as undefined;
  const asRoot = process.getuid!() === 0 ? 'user root\n' : '';
  writeFileSync(config, `${asRoot}listener ${port} 127.0.0.1\nallow_anonymous false\npassword_file ${passwords}\n`);
  const server = await startAgainAndAgain(() =>
    startService(t, 'mosquitto', ['-v', '-c', config], /mosquitto version .* running/),
  );
  if (!server) return undefined;
  const proxy = await startProxy(t, port);
  return {
    address: proxy.address,
    connections: proxy.connections,
    /** The same server for the test, whose connection isn't counted. */
    connect: () => connectAsync(`mqtt://app:${PASSWORD}@127.0.0.1:${port}`, { reconnectPeriod: 0 }),
    async stopFor(ms: number) {
      await Promise.all([server.stopFor(ms), proxy.stopFor(ms)]);
    },
  };
}

// --------------------------------------------------------------------------------------------------------------- proxy

/** Stands before a server that can't be stopped, counts its connections, and stops in its place. */
export async function startProxy(t: ExecutionContext, target: number) {
  const sockets = new Set<Socket>();
  const proxy = createServer(socket => {
    const upstream = connect(target, '127.0.0.1');
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const)
      from
        .on('error', () => {})
        .on('close', () => to.destroy())
        .pipe(to);
  });
  const listen = async (port: number) => {
    proxy.listen(port, '127.0.0.1');
    await once(proxy, 'listening');
    return (proxy.address() as AddressInfo).port;
  };
  const stop = async () => {
    const closed = once(proxy, 'close');
    proxy.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const port = await listen(0);
  t.teardown(stop);
  return {
    address: `127.0.0.1:${port}`,
    connections: async () => sockets.size,
    async stopFor(ms: number) {
      await stop();
      await sleep(ms);
      await listen(port);
    },
  };
}

/** A proxy before a server that runs on this machine. */
export async function startProxyOf(t: ExecutionContext, what: string, port: number) {
  if (await answers(port)) return startProxy(t, port);
  return skip(t, `${what} at port ${port}`) as undefined;
}
