// A stream over the floor of the direct route: a connection for each, paused at both ends while there is no room, and one write
// for each batch.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Seat } from './contestant.js';
import { batcher, read } from './floor-frames.js';
import type { RealClient } from './real-client.js';

/** Items and bytes that are written at once. */
const MOST_ITEMS = 100;
const MOST_BYTES = 64 * 1024;

export async function leadItems(path: string, client: RealClient): Promise<void> {
  const server = createServer(socket => {
    socket.on('error', () => {});
    read(socket, (_, name) => void write(socket, client.items(name as string)));
  }).listen({ path, exclusive: true });
  await once(server, 'listening');
}

async function write(socket: Socket, items: AsyncIterable<unknown>): Promise<void> {
  const add = batcher(part => socket.write(part));
  let resume = () => {};
  socket.on('drain', () => resume()).on('close', () => resume());
  let count = 0;
  let bytes = 0;
  for await (const item of items) {
    add(0, item);
    bytes += Buffer.isBuffer(item) ? item.length : 0;
    if (++count < MOST_ITEMS && bytes < MOST_BYTES) continue;
    [count, bytes] = [0, 0];
    await turn();
    if (socket.closed) return;
    if (!socket.writableNeedDrain) continue;
    await new Promise<void>(resolve => {
      resume = resolve;
    });
  }
}

export const followItems = (path: string): Required<Pick<Seat, 'items'>> => ({
  async *items({ name }) {
    const socket = connect(path);
    await once(socket, 'connect');
    batcher(part => socket.write(part))(0, name);
    let waiting: unknown[] = [];
    let wake = () => {};
    read(socket, (_, item) => waiting.push(item));
    socket.on('data', () => wake());
    try {
      for (;;) {
        while (waiting.length === 0) {
          await new Promise<void>(resolve => {
            wake = resolve;
            socket.resume();
          });
        }
        socket.pause();
        const batch = waiting;
        waiting = [];
        yield* batch;
      }
    } finally {
      socket.destroy();
    }
  },
});
