// Handles of real client libraries, by their own declarations: the first line that somebody writes either compiles and is
// true, or doesn't compile and says what to write.

import { S3 } from '@aws-sdk/client-s3';
import { connect as connectNats, type Msg } from '@nats-io/transport-node';
import { connect as connectAmqp } from 'amqplib';
import { Redis } from 'ioredis';
import { Kafka } from 'kafkajs';
import { MongoClient, ObjectId } from 'mongodb';
import mysql from 'mysql2/promise';
import { Octokit } from 'octokit';
import OpenAI from 'openai';
import pg from 'pg';
import { createClient } from 'redis';
import type { Equal, Expect } from './equal.js';
import { createSharedClient } from './registry.js';

export async function ioredis() {
  // Each overload of the constructor.
  createSharedClient(Redis, { name: 'a' });
  createSharedClient(Redis, { name: 'a', args: [6379] });
  createSharedClient(Redis, { name: 'a', args: [6379, '127.0.0.1', { lazyConnect: true }] });
  const redis = createSharedClient(Redis, {
    name: 'redis',
    args: [{ host: '127.0.0.1' }],
    readyOn: 'ready',
    resyncOn: ['ready'],
    methods: { get: { idempotent: true } },
  });
  const text: string | null = await redis.get('key');
  const set: 'OK' = await redis.set('key', 'value');
  const expired: 'OK' | null = await redis.set('key', 'value', 'EX', 10, 'NX');
  const many: (string | null)[] = await redis.mget('a', 'b');
  // @ts-expect-error no such method
  createSharedClient(Redis, { name: 'a', methods: { gett: { idempotent: true } } }).ready();
  // @ts-expect-error a pipeline stays in the leader
  redis.pipeline();
  // @ts-expect-error an emitter's own
  redis.removeAllListeners();
  return { text, set, expired, many };
}

export async function nodeRedis(url: string) {
  const redis = createSharedClient({
    name: 'redis',
    open: () => createClient({ url }).connect(),
    namespaces: ['json'],
    operations: {
      async increase(client, key: string, by: number) {
        const [first] = await client.multi().incrBy(key, by).exec();
        return Number(first);
      },
      subscribe: (client, channel: string, listener: (message: string) => void) => client.subscribe(channel, listener),
    },
  });
  const value = await redis.get('key');
  const json = await redis.json.get('key');
  const increased: number = await redis.increase('key', 2);
  redis.subscribe('channel', message => message.toUpperCase());
  // @ts-expect-error the name of a channel
  redis.subscribe(1, () => {});
  // @ts-expect-error not opened
  redis.ft.search('index', '*');
  // @ts-expect-error by is missing
  redis.increase('key');
  return { value, json, increased };
}

export async function postgres() {
  const db = createSharedClient({
    name: 'db',
    open: () => new pg.Pool(),
    operations: {
      async transfer(pool, from: string, to: string, amount: number) {
        const client = await pool.connect();
        try {
          await client.query('BEGIN');
          await client.query('UPDATE accounts SET balance = balance - $1 WHERE name = $2', [amount, from]);
          await client.query('UPDATE accounts SET balance = balance + $1 WHERE name = $2', [amount, to]);
          await client.query('COMMIT');
          return { from, to, amount };
        } finally {
          client.release();
        }
      },
    },
    methods: { transfer: { timeoutMs: 2000 }, query: { idempotent: true } },
  });
  const { rows, rowCount } = await db.query('SELECT $1::int AS n', [1]);
  const n: number = rows[0]!.n;
  const { amount } = await db.transfer('a', 'b', 10);
  // @ts-expect-error a connection stays in the leader
  db.connect();
  // @ts-expect-error a number is missing
  db.transfer('a', 'b');
  createSharedClient(pg.Pool, { name: 'pool' });
  createSharedClient(pg.Pool, { name: 'pool', args: [{ max: 2 }] });
  const rowsOnly = createSharedClient(pg.Pool, {
    name: 'rows',
    methods: { query: { result: ({ rows }) => rows as { n: number }[] } },
  });
  const list: { n: number }[] = await rowsOnly.query('SELECT 1 AS n');
  return { n, rowCount, amount, list };
}

export async function mysql2() {
  const db = createSharedClient({ name: 'db', open: () => mysql.createPool({ host: '127.0.0.1' }) });
  const [rows] = await db.query<mysql.RowDataPacket[]>('SELECT 1 AS n');
  // @ts-expect-error a connection stays in the leader
  db.getConnection();
  return rows[0]!.n;
}

export async function amqp() {
  const mails = createSharedClient({
    name: 'mails',
    open: async () => (await connectAmqp('amqp://127.0.0.1')).createConfirmChannel(),
    operations: {
      async publish(channel, queue: string, body: string) {
        channel.sendToQueue(queue, Buffer.from(body));
        await channel.waitForConfirms();
      },
      async subscribe(channel, queue: string, listener: (body: string) => void) {
        const { consumerTag } = await channel.consume(
          queue,
          message => message && listener(message.content.toString()),
        );
        return () => channel.cancel(consumerTag);
      },
    },
  });
  await mails.publish('queue', 'body');
  mails.subscribe('queue', body => body.length);
  const { messageCount } = await mails.checkQueue('queue');
  const connection = createSharedClient({ name: 'amqp', open: () => connectAmqp('amqp://127.0.0.1') });
  // @ts-expect-error a channel stays in the leader
  connection.createChannel();
  return messageCount;
}

export async function nats() {
  const bus = createSharedClient({
    name: 'bus',
    open: () => connectNats(),
    methods: {
      subscribe: { value: (message: Msg) => message.string() },
      request: { result: message => message.string() },
    },
  });
  const text: string = await bus.request('subject', 'question');
  await bus.publish('subject', 'hello');
  bus.subscribe('subject', value => value);
  return text;
}

export async function mongo() {
  const db = createSharedClient({
    name: 'mongo',
    open: () => new MongoClient('mongodb://127.0.0.1').connect(),
    operations: {
      find: (client, filter: { name: string }) => client.db('app').collection('users').find(filter).toArray(),
      all: client => client.db('app').collection<{ name: string }>('users').find(),
      insert: async (client, user: { name: string }) =>
        (await client.db('app').collection('users').insertOne(user)).insertedId,
    },
    types: [
      {
        name: 'ObjectId',
        test: value => value instanceof ObjectId,
        encode: (id: ObjectId) => id.toHexString(),
        decode: (hex: string) => new ObjectId(hex),
      },
    ],
  });
  const [user] = await db.find({ name: 'Ada' });
  // @ts-expect-error a filter
  db.find({ id: 1 });
  const names: string[] = [];
  for await (const { name } of db.all()) names.push(name);
  return { user, names, id: await db.insert({ name: 'Ada' }) };
}

export async function openai() {
  const ai = createSharedClient(OpenAI, {
    name: 'ai',
    args: [{ apiKey: 'key' }],
    namespaces: ['chat.completions', 'embeddings'],
    methods: { 'embeddings.create': { timeoutMs: 60_000 } },
  });
  const messages = [{ role: 'user' as const, content: 'hello' }];
  const { choices } = await ai.chat.completions.create({ model: 'm', messages });
  for await (const chunk of ai.chat.completions.create({ model: 'm', messages, stream: true }))
    choices[0]!.message.content += chunk.choices[0]!.delta.content ?? '';
  const { data } = await ai.embeddings.create({ model: 'm', input: 'text' });
  // @ts-expect-error not opened
  ai.models.list();
  // @ts-expect-error no such namespace
  createSharedClient(OpenAI, { name: 'ai', namespaces: ['chat.completion'] });
  // @ts-expect-error no such method
  createSharedClient(OpenAI, { name: 'ai', namespaces: ['embeddings'], methods: { 'embeddings.mak': {} } }).ready();
  return data[0]!.embedding;
}

export async function octokit() {
  const github = createSharedClient(Octokit, {
    name: 'github',
    args: [{ auth: 'token' }],
    namespaces: ['rest.repos'],
    methods: { 'rest.repos.get': { result: response => response.data } },
  });
  return github.rest.repos.get({ owner: 'o', repo: 'r' });
}

export async function s3() {
  const storage = createSharedClient(S3, {
    name: 's3',
    args: [{ region: 'eu-west-1' }],
    operations: {
      async *read(client, Bucket: string, Key: string) {
        const { Body } = await client.getObject({ Bucket, Key });
        for await (const chunk of Body!.transformToWebStream()) yield chunk as Uint8Array;
      },
    },
  });
  const { Buckets } = await storage.listBuckets({});
  let bytes = 0;
  for await (const { length } of storage.read('bucket', 'key')) bytes += length;
  return { bytes, name: Buckets?.[0]?.Name };
}

export function kafka() {
  const client = createSharedClient(Kafka, { name: 'kafka', args: [{ brokers: ['127.0.0.1:9092'] }] });
  // @ts-expect-error a producer stays in the leader
  client.producer();
  return client;
}

class Greeter {
  sayHello(
    request: { name: string },
    callback: (error: Error | null, reply: { message: string }) => void,
  ): { cancel(): void };
  sayHello(
    request: { name: string },
    metadata: Map<string, string>,
    callback: (error: Error | null, reply: { message: string }) => void,
  ): { cancel(): void };
  sayHello(..._args: unknown[]): { cancel(): void } {
    return { cancel() {} };
  }
  /** Overloads without promises. */
  read(key: string): number;
  read(keys: string[]): number[];
  read(key: string | string[]): number | number[] {
    return key.length;
  }
  chained(): this {
    return this;
  }
}

export async function callbacks() {
  const greeter = createSharedClient(Greeter, { name: 'greeter', methods: { sayHello: { callback: true } } });
  const { message } = await greeter.sayHello({ name: 'Ada' });
  await greeter.sayHello({ name: 'Ada' }, new Map());
  const one: number = await greeter.read('a');
  const several: number[] = await greeter.read(['a']);
  const nothing: Expect<Equal<ReturnType<typeof greeter.chained>, Promise<undefined>>> = true;
  return { message, one, several, nothing };
}

export async function operationsOfAClass() {
  const greeter = createSharedClient(Greeter, {
    name: 'greeter',
    operations: {
      twice: (client, key: string) => client.read(key) * 2,
      read: (_client, key: string, radix?: number) => ({ key, radix }),
    },
    methods: { twice: { idempotent: true } },
  });
  const twice: number = await greeter.twice('a');
  const { radix } = await greeter.read('a', 2);
  const sameForWith: number = await greeter.with({ timeoutMs: 1 }).twice('a');
  // @ts-expect-error not an operation
  greeter.thrice();
  return { twice, radix, sameForWith };
}
