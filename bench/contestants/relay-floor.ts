// The floor: a bare relay through the primary, one process.send a tick, and nothing else: no library, no promise kept.
// It is what Node's channels give to plain code. Who packs long strings better than V8's serializer does can beat it there.

import cluster, { type Worker } from 'node:cluster';
import type { Desk, Echo, Seat } from './contestant.js';
import { decode, encode, type Wire } from './floor-wire.js';
import { RealClient } from './real-client.js';
import { followValues, leadValues, relayValues } from './relay-floor-values.js';

/** Everything of a tick: ids, and with the same index what was sent or answered. */
interface Batch {
  readonly ids: number[];
  readonly values: Wire[];
}

interface Frame {
  readonly floor: Batch;
}

export async function primary(): Promise<Desk> {
  cluster.on('fork', worker => {
    worker.on(
      'message',
      relay((frame: Frame) => otherThan(worker)?.send(frame)),
    );
  });
  relayValues();
  return { env: {} };
}

export async function join(): Promise<Seat> {
  const client = new RealClient();
  const leads = process.env.BENCH_SEAT === '1';
  return leads
    ? { leads: () => true, echo: lead(client), ...leadValues(client) }
    : { leads: () => false, echo: follow(), ...followValues() };
}

/** The echo has two workers. */
function otherThan(worker: Worker): Worker | undefined {
  return Object.values(cluster.workers ?? {}).find(other => other !== worker);
}

/** All that comes in one tick goes on in one frame. */
function relay(send: (frame: Frame) => void): (message: Partial<Frame>) => void {
  const add = batcher(send);
  return ({ floor }) => {
    floor?.ids.forEach((id, n) => {
      add(id, floor.values[n] as Wire);
    });
  };
}

function lead(client: RealClient): Echo {
  const add = batcher(toPrimary);
  process.on('message', ({ floor }: Partial<Frame>) => {
    floor?.ids.forEach(async (id, n) => {
      add(id, encode(await client.echo(decode(floor.values[n] as Wire))));
    });
  });
  return value => client.echo(value);
}

function follow(): Echo {
  const add = batcher(toPrimary);
  const waiting = new Map<number, (value: unknown) => void>();
  let count = 0;
  process.on('message', ({ floor }: Partial<Frame>) => {
    floor?.ids.forEach((id, n) => {
      waiting.get(id)?.(decode(floor.values[n] as Wire));
      waiting.delete(id);
    });
  });
  return value =>
    new Promise(resolve => {
      const id = count++;
      waiting.set(id, resolve);
      add(id, encode(value));
    });
}

function batcher(send: (frame: Frame) => void): (id: number, value: Wire) => void {
  let batch: Batch | undefined;
  const flush = () => {
    const floor = batch as Batch;
    batch = undefined;
    send({ floor });
  };
  return (id, value) => {
    if (!batch) {
      batch = { ids: [], values: [] };
      process.nextTick(flush);
    }
    batch.ids.push(id);
    batch.values.push(value);
  };
}

const toPrimary = (frame: Frame) => void process.send?.(frame);
