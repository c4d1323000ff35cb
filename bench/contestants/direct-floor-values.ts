// Values over the floor of the direct route: one encoding and one write a tick for each socket.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Seat } from './contestant.js';
import { batcher, read, type Take } from './floor-frames.js';
import { FloorTopics } from './floor-topics.js';
import { type Acknowledgement, type RealClient, source } from './real-client.js';

type ValueSeat = Required<Pick<Seat, 'subscribe' | 'acknowledge'>>;

/** In the place of a topic: the value is an {@link Acknowledgement}. */
const ACKNOWLEDGE = -1;

export async function leadValues(path: string, client: RealClient): Promise<ValueSeat> {
  const local = new FloorTopics();
  const sockets = new Map<number, Socket[]>();
  const spread = (id: number): Take => {
    const subscribers = sockets.get(id) ?? [];
    sockets.set(id, subscribers);
    const add = batcher(part => {
      for (const socket of subscribers) socket.write(part);
    });
    client.subscribe({ topic: String(id) }, value => {
      if (subscribers.length > 0) add(id, value);
      local.tell(id, value);
    });
    return add;
  };
  const server = createServer(socket => {
    read(socket, (id, value) => {
      if (id === ACKNOWLEDGE) return source.onAcknowledged(value as Acknowledgement);
      if (!sockets.has(id)) spread(id);
      sockets.get(id)?.push(socket);
    });
  }).listen({ path, exclusive: true });
  await once(server, 'listening');
  return {
    subscribe(topic, listener) {
      const id = local.add(topic, listener);
      if (id !== undefined && !sockets.has(id)) spread(id);
    },
    acknowledge: heard => client.acknowledge(heard),
  };
}

export async function followValues(path: string): Promise<ValueSeat> {
  const socket = connect(path);
  await once(socket, 'connect');
  const local = new FloorTopics();
  const add = batcher(part => socket.write(part));
  read(socket, (id, value) => local.tell(id, value));
  return {
    subscribe(topic, listener) {
      const id = local.add(topic, listener);
      if (id !== undefined) add(id, null);
    },
    acknowledge: async heard => add(ACKNOWLEDGE, heard),
  };
}
