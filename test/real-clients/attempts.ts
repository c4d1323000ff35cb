// What a first-time user writes with each real client library, and what comes of it. Each runs in every worker of a cluster.

import { setTimeout as sleep } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import { Kvm } from '@nats-io/kv';
import { connect as connectNats, type Msg } from '@nats-io/transport-node';
import amqplib from 'amqplib';
import axios, { type AxiosResponse } from 'axios';
import { callContext, createSharedClient } from 'cluster-shared-client';
import { Redis } from 'ioredis';
import mariadb from 'mariadb';
import mqtt from 'mqtt';
import mysql from 'mysql2/promise';
import OpenAI from 'openai';
import pg from 'pg';
import { createClient } from 'redis';
import { WebSocket } from 'ws';
import { Greeter } from '../examples/grpc/greeter.js';

/** One library, as it is shared. */
export interface Attempt {
  /** The handle; made once in each worker. */
  // biome-ignore lint/suspicious/noExplicitAny: each has methods of its own.
  share(): any;
  /** What is done with it, in the order given; `me` tells workers apart. What each returns, or the code of its error, is told. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly steps: Readonly<Record<string, (handle: any, me: string) => unknown>>;
}

const {
  DATABASE_URL,
  REDIS_URL = 'redis://127.0.0.1:6379',
  MYSQL_URL = 'mysql://root@127.0.0.1:3306/test',
  HTTP_URL,
  WS_URL,
  GRPC_URL,
  NAME = 'csc',
} = process.env;
const {
  AMQP_URL = 'amqp://127.0.0.1:5672',
  NATS_URL = '127.0.0.1:4222',
  MQTT_URL = 'mqtt://127.0.0.1:1883',
} = process.env;

/** Subscribes, has something published, and waits for the value. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
async function heard(handle: any, topic: unknown, publish: () => unknown): Promise<unknown> {
  const values: unknown[] = [];
  const subscription = handle.subscribe(topic, (value: unknown) => values.push(value));
  await subscription.ready;
  for (let i = 0; i < 100 && values.length === 0; i++) {
    await publish();
    await sleep(50);
  }
  await subscription.unsubscribe();
  return values[0];
}

export const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  redis: {
    share: () =>
      createSharedClient({
        name: 'redis',
        open: () => createClient({ url: REDIS_URL, name: NAME }).connect(),
        operations: {
          increase: async (client, key: string) => (await client.multi().incr(key).expire(key, 60).exec())[0],
        },
      }),
    steps: {
      set: (redis, me) => redis.set(`${NAME}:${me}`, 'text', { EX: 60 }),
      get: (redis, me) => redis.get(`${NAME}:${me}`),
      hash: async (redis, me) => {
        await redis.hSet(`${NAME}:h:${me}`, { a: '1', b: '2' });
        return redis.hGetAll(`${NAME}:h:${me}`);
      },
      'an operation with multi()': async (redis, me) => Number(await redis.increase(`${NAME}:n:${me}`)) > 0,
      'scanIterator()': async (redis, me) => {
        const found: string[] = [];
        for await (const keys of redis.scanIterator({ MATCH: `${NAME}:${me}` })) found.push(...keys);
        return found.length;
      },
      'multi()': redis => redis.multi(),
      'subscribe(), publish()': (redis, me) => {
        return heard(redis, `${NAME}:c:${me}`, () => redis.publish(`${NAME}:c:${me}`, 'hello'));
      },
      'an error': redis => redis.sendCommand(['NO SUCH COMMAND']),
    },
  },
  ioredis: {
    share: () =>
      createSharedClient(Redis, {
        name: 'ioredis',
        args: [REDIS_URL, { connectionName: NAME }],
        readyOn: 'ready',
        operations: {
          increase: async (client, key: string) => (await client.pipeline().incr(key).expire(key, 60).exec())?.[0]?.[1],
        },
      }),
    steps: {
      set: (redis, me) => redis.set(`${NAME}:${me}`, 'text', 'EX', 60),
      get: (redis, me) => redis.get(`${NAME}:${me}`),
      getBuffer: async (redis, me) => (await redis.getBuffer(`${NAME}:${me}`)).toString(),
      'an operation with pipeline()': async (redis, me) => (await redis.increase(`${NAME}:i:${me}`)) > 0,
      'pipeline()': redis => redis.pipeline(),
      'disconnect()': redis => redis.disconnect(),
      'an error': redis => redis.call('NO SUCH COMMAND'),
    },
  },
  pg: {
    share: () =>
      createSharedClient({
        name: 'pg',
        open: () => new pg.Pool({ connectionString: DATABASE_URL, max: 2, application_name: NAME }),
        operations: {
          async transfer(pool, amount: number) {
            const client = await pool.connect();
            try {
              await client.query('BEGIN');
              const { rows } = await client.query('SELECT $1::int + 1 AS n', [amount]);
              await client.query('COMMIT');
              return rows[0];
            } finally {
              client.release();
            }
          },
        },
        errors: [pg.DatabaseError],
      }),
    steps: {
      query: async db => (await db.query('SELECT $1::int AS n, now() AS at', [1])).rows[0].n,
      'a date of a row': async db => (await db.query('SELECT now() AS at')).rows[0].at instanceof Date,
      'a transaction as an operation': db => db.transfer(1),
      'an error': db => db.query('SELECT nothing'),
      'its class': db => db.query('SELECT nothing').catch((error: unknown) => error instanceof pg.DatabaseError),
      'connect(), ten times': async db => {
        const ends = await Promise.all(
          Array.from({ length: 10 }, () => db.connect().catch((error: { code: string }) => error.code)),
        );
        return [...new Set(ends)];
      },
      'query after it': async db => (await db.query('SELECT 2 AS n')).rows[0].n,
    },
  },
  mysql2: {
    share: () =>
      createSharedClient({
        name: 'mysql2',
        open: () => mysql.createPool({ uri: MYSQL_URL, connectionLimit: 2 }),
        operations: {
          async transfer(pool, amount: number) {
            const connection = await pool.getConnection();
            try {
              await connection.beginTransaction();
              const [rows] = await connection.query<mysql.RowDataPacket[]>('SELECT ? + 1 AS n', [amount]);
              await connection.commit();
              return rows[0];
            } finally {
              connection.release();
            }
          },
        },
      }),
    steps: {
      query: async db => (await db.query('SELECT 1 AS n'))[0],
      execute: async db => (await db.execute('SELECT ? AS n', ['a']))[0],
      'a transaction as an operation': db => db.transfer(1),
      'getConnection(), ten times': async db => {
        const ends = await Promise.all(
          Array.from({ length: 10 }, () => db.getConnection().catch((error: { code: string }) => error.code)),
        );
        return [...new Set(ends)];
      },
      'query after it': async db => (await db.query('SELECT 2 AS n'))[0],
      'an error': db => db.query('SELECT nothing'),
    },
  },
  mariadb: {
    share: () =>
      createSharedClient({
        name: 'mariadb',
        open: () => mariadb.createPool(`${MYSQL_URL.replace('mysql:', 'mariadb:')}?connectionLimit=2`),
      }),
    steps: {
      query: async db => [...(await db.query('SELECT 1 AS n'))],
      'getConnection()': db => db.getConnection(),
      'query after it': async db => [...(await db.query('SELECT 2 AS n'))],
      'an error': db => db.query('SELECT nothing'),
    },
  },
  '@nats-io/transport-node': {
    share: () =>
      createSharedClient({
        name: 'nats',
        open: () => connectNats({ servers: NATS_URL, name: NAME }),
        methods: {
          subscribe: { value: (message: Msg) => message.string() },
          request: { result: message => message.string() },
        },
        operations: {
          serve: (connection, subject: string) => {
            connection.subscribe(subject, {
              callback: (_, message) => void message.respond(`answer to ${message.string()}`),
            });
          },
        },
      }),
    steps: {
      'subscribe(), publish()': (nats, me) =>
        heard(nats, `${NAME}.${me}`, () => nats.publish(`${NAME}.${me}`, 'hello')),
      request: async (nats, me) => {
        await nats.serve(`${NAME}.ask.${me}`);
        return nats.request(`${NAME}.ask.${me}`, 'question');
      },
      flush: nats => nats.flush(),
      'subscribe by invoke(), which is a stream': async (nats, me) => {
        const messages = nats.invoke('subscribe', `${NAME}.s.${me}`)[Symbol.asyncIterator]();
        const next = messages.next();
        await nats.flush();
        await nats.publish(`${NAME}.s.${me}`, 'hello');
        return next; // a message holds its connection
      },
    },
  },
  '@nats-io/kv': {
    share: () =>
      createSharedClient({
        name: 'kv',
        open: async () => new Kvm(await connectNats({ servers: NATS_URL })).create(NAME),
        operations: {
          async *changes(kv, key: string) {
            const entries = await kv.watch({ key });
            callContext()!.signal.addEventListener('abort', () => entries.stop());
            for await (const entry of entries) yield entry.string();
          },
        },
        methods: { get: { result: entry => entry?.string() } },
      }),
    steps: {
      put: async (kv, me) => (await kv.put(me, 'first')) > 0,
      get: (kv, me) => kv.get(me),
      'watch()': async (kv, me) => {
        for await (const entry of kv.watch({ key: me })) return entry; // it holds its connection
      },
      'an operation with watch()': async (kv, me) => {
        const found: string[] = [];
        for await (const text of kv.changes(me)) {
          found.push(text);
          if (text === 'second') break;
          await kv.put(me, 'second');
        }
        return found;
      },
    },
  },
  amqplib: {
    share: () =>
      createSharedClient({
        name: 'amqplib',
        async open({ fail }) {
          const connection = await amqplib.connect(AMQP_URL, { clientProperties: { connection_name: NAME } });
          connection.on('error', fail);
          const channel = await connection.createConfirmChannel();
          return Object.assign(channel, { shut: () => connection.close() });
        },
        operations: {
          async publish(channel, queue: string, body: string) {
            channel.sendToQueue(queue, Buffer.from(body));
            await channel.waitForConfirms();
          },
          async subscribe(channel, queue: string, listener: (body: string) => void) {
            await channel.assertQueue(queue, { autoDelete: true });
            const { consumerTag } = await channel.consume(
              queue,
              message => message && listener(message.content.toString()),
              { noAck: true },
            );
            return () => channel.cancel(consumerTag);
          },
        },
        close: channel => channel.shut(),
      }),
    steps: {
      'subscribe(), publish()': (channel, me) =>
        heard(channel, `${NAME}.${me}`, () => channel.publish(`${NAME}.${me}`, 'hello')),
      assertQueue: async (channel, me) =>
        (await channel.assertQueue(`${NAME}.a.${me}`, { autoDelete: true, expires: 10_000 })).queue,
    },
  },
  mqtt: {
    share: () =>
      createSharedClient({
        name: 'mqtt',
        open: () => mqtt.connectAsync(MQTT_URL, { clientId: `${NAME}-${process.pid}` }),
        operations: {
          async subscribe(client, topic: string, listener: (text: string) => void) {
            const heard = (name: string, payload: Buffer) => name === topic && listener(payload.toString());
            client.on('message', heard);
            await client.subscribeAsync(topic);
            return () => {
              client.off('message', heard);
              return client.unsubscribeAsync(topic);
            };
          },
          publish: (client, topic: string, text: string) => client.publishAsync(topic, text, { qos: 1 }),
        },
      }),
    steps: {
      'subscribe(), publish()': (client, me) =>
        heard(client, `${NAME}/${me}`, () => client.publish(`${NAME}/${me}`, 'hello')),
      publishAsync: async (client, me) => typeof (await client.publishAsync(`${NAME}/x/${me}`, 'hello')),
    },
  },
  ws: {
    share: () =>
      createSharedClient(WebSocket, {
        name: 'ws',
        args: [WS_URL!],
        readyOn: 'open',
        failOn: ['close'],
        operations: {
          subscribe(socket, _topic: string, listener: (text: string) => void) {
            const heard = (data: Buffer) => listener(data.toString());
            socket.on('message', heard);
            return () => socket.off('message', heard);
          },
          publish: (socket, text: string) => socket.send(text),
        },
      }),
    steps: {
      'subscribe(), publish()': (socket, me) =>
        heard(socket, 'all', () => socket.publish(`hello from ${me}`)).then(text => typeof text),
      send: socket => socket.send('hello'),
      'close()': socket => socket.invoke('close'),
    },
  },
  axios: {
    share: () =>
      createSharedClient({
        name: 'axios',
        open: () => axios.create({ baseURL: HTTP_URL! }),
        methods: {
          get: { result: (response: AxiosResponse) => response.data },
          post: { result: ({ status, data }: AxiosResponse) => ({ status, data }) },
        },
      }),
    steps: {
      get: http => http.get('/plain'),
      post: http => http.post('/echo', { a: 1 }),
      'request(), unmapped': http => http.request({ url: '/plain' }),
      'an error': http => http.get('/missing'),
    },
  },
  '@grpc/grpc-js': {
    share: () =>
      createSharedClient(Greeter, {
        name: 'grpc',
        args: [GRPC_URL!, credentials.createInsecure()],
        methods: { sayHello: { callback: true } },
      }),
    steps: {
      sayHello: greeter => greeter.sayHello({ name: 'Ada' }),
      'keepGreeting(), a stream': async greeter => {
        const found: unknown[] = [];
        for await (const item of greeter.keepGreeting({ name: 'Ada' })) if (found.push(item) === 2) break;
        return found;
      },
      'with a callback': greeter => greeter.sayHello({ name: 'Ada' }, () => {}),
      'an error': greeter => greeter.sayHello({ name: '' }),
    },
  },
  openai: {
    share: () =>
      createSharedClient(OpenAI, {
        name: 'openai',
        args: [{ apiKey: 'none', baseURL: HTTP_URL!, maxRetries: 0 }],
        namespaces: ['embeddings', 'chat.completions'],
      }),
    steps: {
      'embeddings.create()': async ai =>
        (await ai.embeddings.create({ model: 'm', input: 'text', encoding_format: 'float' })).data[0].embedding,
      'chat.completions.create()': async ai =>
        (await ai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] })).choices[0]
          .message.content,
      'chat.completions.create(), a stream': async ai => {
        let text = '';
        const messages = [{ role: 'user', content: 'hi' }];
        for await (const { choices } of ai.chat.completions.create({ model: 'm', messages, stream: true }))
          text += choices[0].delta.content;
        return text;
      },
      'models.list()': ai => ai.invoke('models.list'),
      'an error': ai => ai.chat.completions.create({ model: 'missing', messages: [] }),
    },
  },
};
