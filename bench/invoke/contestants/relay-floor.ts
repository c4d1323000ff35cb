// The floor: a bare relay through the primary, one process.send a tick, and nothing else: no library, no promise kept.
// It is what Node's channels give to plain code. Who packs long strings better than V8's serializer does can beat it there.

import cluster, { type Worker } from 'node:cluster';
import { EchoClient, type Seat } from '../contestant.js';
import type { Echo } from '../drive.js';

/** Everything of a tick: ids, and with the same index what was sent or answered. */
interface Batch {
  readonly ids: number[];
  readonly values: Wire[];
}

interface Frame {
  readonly floor: Batch;
}

/** A string or bytes as they are; bytes on a channel of JSON; anything else as JSON, which the primary needn't read. */
type Wire = string | Uint8Array | { readonly base64: string } | { readonly json: string };

export async function primary(): Promise<Record<string, string>> {
  cluster.on('fork', worker => {
    worker.on(
      'message',
      relay((frame: Frame) => otherThan(worker)?.send(frame)),
    );
  });
  return {};
}

export async function join(): Promise<Seat> {
  const client = new EchoClient();
  const leads = process.env.BENCH_SEAT === '1';
  return leads ? { leads, echo: lead(client) } : { leads, echo: follow() };
}

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

function lead(client: EchoClient): Echo {
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

const carriesBytes = process.env.BENCH_SERIALIZATION === 'advanced';

function encode(value: unknown): Wire {
  if (typeof value === 'string') return value;
  if (!Buffer.isBuffer(value)) return { json: JSON.stringify(value) };
  return carriesBytes ? value : { base64: value.toString('base64') };
}

function decode(wire: Wire): unknown {
  if (typeof wire === 'string') return wire;
  if (wire instanceof Uint8Array) return Buffer.from(wire.buffer, wire.byteOffset, wire.byteLength);
  return 'json' in wire ? JSON.parse(wire.json) : Buffer.from(wire.base64, 'base64');
}
