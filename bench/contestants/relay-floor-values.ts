// Values over the floor of the relay: from the leader to the primary once, from there to each subscriber, one process.send a
// tick on each way.

import cluster, { type Worker } from 'node:cluster';
import type { Seat } from './contestant.js';
import { FloorTopics } from './floor-topics.js';
import { decode, encode, type Wire } from './floor-wire.js';
import { type Acknowledgement, type RealClient, source } from './real-client.js';

type ValueSeat = Required<Pick<Seat, 'subscribe' | 'acknowledge'>>;

/** leader -> primary -> subscribers */
interface Values {
  readonly floorValues: { readonly id: number; readonly values: Wire[] };
}

/** subscriber -> primary -> leader, once a topic */
interface Wish {
  readonly floorWish: number;
}

/** subscriber -> primary -> leader */
interface Heard {
  readonly floorHeard: Acknowledgement;
}

export function relayValues(): void {
  const subscribers = new Map<number, Worker[]>();
  let leader: Worker | undefined;
  cluster.on('fork', worker => {
    leader ??= worker;
    worker.on('message', (message: Partial<Values & Wish & Heard>) => {
      if (message.floorValues) for (const to of subscribers.get(message.floorValues.id) ?? []) to.send(message);
      else if (message.floorHeard) leader?.send(message);
      else if (message.floorWish !== undefined) {
        subscribers.set(message.floorWish, [...(subscribers.get(message.floorWish) ?? []), worker]);
        leader?.send(message);
      }
    });
  });
}

export function leadValues(client: RealClient): ValueSeat {
  const local = new FloorTopics();
  const open = new Set<number>();
  const spread = (id: number) => {
    if (open.has(id)) return;
    open.add(id);
    const add = batcher(id);
    client.subscribe({ topic: String(id) }, value => {
      add(value);
      local.tell(id, value);
    });
  };
  process.on('message', ({ floorWish, floorHeard }: Partial<Wish & Heard>) => {
    if (floorHeard) source.onAcknowledged(floorHeard);
    else if (floorWish !== undefined) spread(floorWish);
  });
  return {
    subscribe(topic, listener) {
      const id = local.add(topic, listener);
      if (id !== undefined) spread(id);
    },
    acknowledge: heard => client.acknowledge(heard),
  };
}

export function followValues(): ValueSeat {
  const local = new FloorTopics();
  process.on('message', ({ floorValues }: Partial<Values>) => {
    for (const value of floorValues?.values ?? []) local.tell(floorValues!.id, decode(value));
  });
  return {
    subscribe(topic, listener) {
      const id = local.add(topic, listener);
      if (id !== undefined) process.send?.({ floorWish: id } satisfies Wish);
    },
    acknowledge: async heard => void process.send?.({ floorHeard: heard } satisfies Heard),
  };
}

function batcher(id: number): (value: unknown) => void {
  let values: Wire[] = [];
  const flush = () => {
    process.send?.({ floorValues: { id, values } } satisfies Values);
    values = [];
  };
  return value => {
    if (values.length === 0) process.nextTick(flush);
    values.push(encode(value));
  };
}
