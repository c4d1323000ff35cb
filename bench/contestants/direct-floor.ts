// The floor of the direct route: a bare echo over a unix-domain socket, one write a tick, and nothing else.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import type { Desk, Echo, Seat } from './contestant.js';
import { followItems, leadItems } from './direct-floor-items.js';
import { followValues, leadValues } from './direct-floor-values.js';
import { batcher, read } from './floor-frames.js';
import { RealClient } from './real-client.js';

export async function primary(): Promise<Desk> {
  const folder = mkdtempSync(joinPath(tmpdir(), 'floor-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return { env: { BENCH_SOCKETS: folder } };
}

export async function join(): Promise<Seat> {
  const folder = process.env.BENCH_SOCKETS!;
  const path = joinPath(folder, 'calls');
  const client = new RealClient();
  const [valuesPath, itemsPath] = [joinPath(folder, 'values'), joinPath(folder, 'items')];
  if (process.env.BENCH_SEAT !== '1') {
    const values = await followValues(valuesPath);
    return { leads: () => false, echo: await follow(path), ...values, ...followItems(itemsPath) };
  }
  const server = createServer(socket => serve(socket, client)).listen({ path, exclusive: true });
  await once(server, 'listening');
  const values = await leadValues(valuesPath, client);
  await leadItems(itemsPath, client);
  return { leads: () => true, echo: value => client.echo(value), ...values };
}

function serve(socket: Socket, client: RealClient): void {
  const add = batcher(part => socket.write(part));
  read(socket, async (id, value) => add(id, await client.echo(value)));
}

async function follow(path: string): Promise<Echo> {
  const socket = connect(path);
  await once(socket, 'connect');
  const waiting = new Map<number, (value: unknown) => void>();
  let count = 0;
  const add = batcher(part => socket.write(part));
  read(socket, (id, value) => {
    waiting.get(id)?.(value);
    waiting.delete(id);
  });
  return value =>
    new Promise(resolve => {
      const id = count++;
      waiting.set(id, resolve);
      add(id, value);
    });
}
