// Methods and operations that return streams.

import type { Readable } from 'node:stream';
import { createSharedClient, type SharedClient, type StreamCall, type StreamReader } from '../../lib/index.js';
import type { Equal, Expect } from './equal.js';

interface Row {
  readonly id: number;
}

declare class Store {
  rows(since: Date): AsyncGenerator<Row, void>;
  later(): Promise<AsyncIterable<Row>>;
  readable(): Readable;
  web(): ReadableStream<Uint8Array>;
  keys(): IterableIterator<string>;
  list(): Promise<Row[]>;
  upload(body: AsyncIterable<Uint8Array> | Readable): Promise<number>;
}

type Client = SharedClient<Store>;

export type Streams = [
  Expect<Equal<Client['rows'], (since: Date) => StreamCall<Row>>>,
  Expect<Equal<Client['later'], () => StreamCall<Row>>>,
  Expect<Equal<Client['web'], () => StreamCall<Uint8Array<ArrayBufferLike>>>>,
  Expect<Equal<Client['keys'], () => StreamCall<string>>>,
  Expect<Equal<Client['list'], () => Promise<Row[]>>>,
  // biome-ignore lint/suspicious/noExplicitAny: a Readable does not say what it carries.
  Expect<Equal<Client['readable'], () => StreamCall<any>>>,
];

export async function reads(client: Client, body: Readable) {
  for await (const row of client.rows(new Date())) {
    const id: number = row.id;
    client.list().catch(() => id);
  }
  const stream: StreamReader<Row> = await client.later();
  const { value } = await stream.next();
  await stream.return?.();
  // @ts-expect-error a list is no stream
  for await (const _ of client.list());
  return [value?.id, await client.upload(body)];
}

export async function operations() {
  const db = createSharedClient({
    name: 'db',
    open: () => new Store(),
    operations: {
      async *accounts(client, since: Date) {
        for await (const row of client.rows(since)) yield row.id;
      },
    },
  });
  for await (const id of db.accounts(new Date(0))) {
    const number: number = id;
    await db.with({ maxQueued: 100 }).upload(ReadableStream.from([new Uint8Array(number)]));
  }
}
