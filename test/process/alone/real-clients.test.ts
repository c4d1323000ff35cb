// Real client libraries against their real servers: three workers share one, do what a first-time user writes, and the leader is
// killed. Each step gives what is expected in each worker, or fails before it ran with a text that says what to write.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import test, { type ExecutionContext } from 'ava';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { createClient } from 'redis';
import { WebSocketServer } from 'ws';
import { GREETER } from '../../examples/grpc/greeter.js';
import { answers, skip } from '../../helpers/services/services.js';

const HANDLE =
  /^ERR_NOT_SERIALIZABLE unknown: What .* returned can't travel: result[.\w]* is an (instance of \w+|object with functions), a handle/;
const CLOSES = /^ERR_UNKNOWN_METHOD not-started: .* would close the real client of all workers/;

interface Library {
  /** Of its server; none where the test is the server. */
  readonly port?: number;
  /** What each step gives. */
  readonly ends: Readonly<Record<string, unknown>>;
  /** How many connections the server has from the cluster, and how many it may. */
  readonly connections?: (name: string) => Promise<number>;
  readonly most?: number;
  /** Resolves once no stream that was begun is open at the server. */
  readonly streamsEnded?: (name: string) => Promise<unknown>;
  /** Removes what would stay at the server. */
  readonly clear?: (name: string) => Promise<unknown>;
}

const LIBRARIES: Readonly<Record<string, Library>> = {
  redis: {
    port: 6379,
    ends: {
      set: 'OK',
      get: 'text',
      hash: { a: '1', b: '2' },
      'an operation with multi()': true,
      'scanIterator()': 1,
      'multi()': HANDLE,
      'subscribe(), publish()': 'hello',
      'an error': /^undefined: ERR unknown command/,
    },
    connections: countRedis,
    most: 1,
  },
  ioredis: {
    port: 6379,
    ends: {
      set: 'OK',
      get: 'text',
      getBuffer: 'text',
      'an operation with pipeline()': true,
      'pipeline()': HANDLE,
      'disconnect()': CLOSES,
      'an error': /^undefined: ERR unknown command/,
    },
    connections: countRedis,
    most: 1,
  },
  pg: {
    port: 5432,
    ends: {
      query: 1,
      'a date of a row': true,
      'a transaction as an operation': { n: 2 },
      'an error': /^42703: column "nothing" does not exist/,
      'its class': true,
      'connect(), ten times': ['ERR_NOT_SERIALIZABLE'],
      'query after it': 2,
    },
    connections: async name => {
      const client = new pg.Client({ host: '127.0.0.1', user: 'postgres', database: 'postgres' });
      await client.connect();
      const { rows } = await client.query(
        'SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1',
        [name],
      );
      await client.end();
      return rows[0].n;
    },
    most: 2,
  },
  mysql2: {
    port: 3306,
    ends: {
      query: [{ n: 1 }],
      execute: [{ n: 'a' }],
      'a transaction as an operation': { n: 2 },
      'getConnection(), ten times': ['ERR_NOT_SERIALIZABLE'],
      'query after it': [{ n: 2 }],
      'an error': /^ER_BAD_FIELD_ERROR: Unknown column/,
    },
    connections: countMysql,
    most: 2,
  },
  mariadb: {
    port: 3306,
    ends: {
      query: [{ n: 1 }],
      'getConnection()': HANDLE,
      'query after it': [{ n: 2 }],
      'an error': /^ER_BAD_FIELD_ERROR: /,
    },
    connections: countMysql,
    most: 2,
  },
  '@nats-io/transport-node': {
    port: 4222,
    ends: {
      'subscribe(), publish()': 'hello',
      request: 'answer to question',
      flush: 'undefined',
      'subscribe by invoke(), which is a stream':
        /^ERR_NOT_SERIALIZABLE unknown: .* an item\.publisher is an instance of \w+, a handle/,
    },
  },
  '@nats-io/kv': {
    port: 4222,
    ends: {
      put: true,
      get: 'first',
      'watch()':
        /^ERR_NOT_SERIALIZABLE unknown: What watch\(\) returned can't travel: an item[.\w]* is an instance of /,
      'an operation with watch()': ['first', 'second'],
    },
    async streamsEnded(name) {
      while ((await watches(name)) > 0) await sleep(20);
    },
    clear: name => withJetstream(({ streams }) => streams.delete(`KV_${name}`)),
  },
  amqplib: { port: 5672, ends: { 'subscribe(), publish()': 'hello', assertQueue: /^csc-real-.*\.a\.w\d$/ } },
  mqtt: { port: 1883, ends: { 'subscribe(), publish()': 'hello', publishAsync: 'undefined' } },
  ws: {
    ends: { 'subscribe(), publish()': 'string', send: 'undefined', 'close()': CLOSES },
    connections: async () => sockets.clients.size,
    most: 1,
  },
  axios: {
    ends: {
      get: { plain: true },
      post: { status: 200, data: { a: 1 } },
      'request(), unmapped': HANDLE,
      'an error': /^ERR_BAD_REQUEST: Request failed with status code 404/,
    },
  },
  '@grpc/grpc-js': {
    ends: {
      sayHello: { hello: 'Ada' },
      'keepGreeting(), a stream': [{ hello: 'Ada 1' }, { hello: 'Ada 2' }],
      'with a callback': /^ERR_NOT_SERIALIZABLE not-started: args\[1\] is a function.*callback: true/,
      'an error': /^3: 3 INVALID_ARGUMENT: no name/,
    },
    async streamsEnded() {
      while (greetings > 0) await new Promise<void>(resolve => (onGreetingEnded = resolve));
    },
  },
  openai: {
    ends: {
      'embeddings.create()': [0.5],
      'chat.completions.create()': 'hello',
      'chat.completions.create(), a stream': 'hello',
      'models.list()': /^ERR_UNKNOWN_METHOD not-started/,
      'an error': /^undefined: 404 no such model/,
    },
  },
};

async function countRedis(name: string): Promise<number> {
  const admin = createClient();
  await admin.connect();
  const count = (await admin.clientList()).filter(client => client.name === name).length;
  await admin.close();
  return count;
}

async function withJetstream<T>(use: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await connectNats({ servers: '127.0.0.1:4222' });
  try {
    return await use(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

/** Consumers of a bucket that somebody reads: a client forgets them, and the server deletes them later. */
const watches = (bucket: string) =>
  withJetstream(async ({ consumers }) => {
    let count = 0;
    for await (const { push_bound } of consumers.list(`KV_${bucket}`)) if (push_bound) count++;
    return count;
  });

async function countMysql(): Promise<number> {
  const admin = await mysql.createConnection({ host: '127.0.0.1', user: 'root' });
  const [rows] = await admin.query<mysql.RowDataPacket[]>(
    "SELECT count(*) AS n FROM information_schema.processlist WHERE db = 'test'",
  );
  await admin.end();
  return Number(rows[0]!.n);
}

// ------------------------------------------------------------------------------------------- servers of the test's own

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (body.includes('"stream":true')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(WORDS);
    return;
  }
  const [status, answer] = answerTo(request.url!, body);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});
const sockets = new WebSocketServer({ server });
sockets.on('connection', socket => {
  socket.on('message', message => {
    for (const client of sockets.clients) client.send(String(message));
  });
});

const WORDS = ['hel', 'lo']
  .map(content => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`)
  .concat('data: [DONE]\n\n')
  .join('');

function answerTo(url: string, body: string): [status: number, answer: unknown] {
  const given = body === '' ? {} : JSON.parse(body);
  if (url === '/plain') return [200, { plain: true }];
  if (url === '/echo') return [200, given];
  if (url === '/embeddings') return [200, { data: [{ embedding: [0.5], index: 0 }] }];
  if (url === '/chat/completions' && given.model !== 'missing')
    return [200, { choices: [{ index: 0, message: { role: 'assistant', content: 'hello' } }] }];
  return [404, { error: { message: 'no such model' } }];
}

const greeter = new Server();
let greeterPort = 0;
/** Streams that are open. */
let greetings = 0;
let onGreetingEnded = () => {};

async function keepGreeting(call: ServerWritableStream<{ name: string }, object>) {
  greetings++;
  call.on('cancelled', () => {
    greetings--;
    onGreetingEnded();
  });
  for (let n = 1; !call.cancelled; n++) {
    call.write({ hello: `${call.request.name} ${n}` });
    await sleep(5);
  }
}

test.before(async () => {
  greeter.addService(GREETER, {
    sayHello: ({ request }: { request: { name: string } }, callback: sendUnaryData<object>) => {
      if (request.name === '') callback({ code: status.INVALID_ARGUMENT, details: 'no name' });
      else callback(null, { hello: request.name });
    },
    keepGreeting,
  });
  greeterPort = await new Promise((resolve, reject) => {
    greeter.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

test.after.always(() => {
  for (const client of sockets.clients) client.terminate();
  server.close();
  greeter.forceShutdown();
});

// ------------------------------------------------------------------------------------------------------------ the tests

interface Round {
  readonly workers: readonly { readonly ends: Record<string, unknown>; readonly told: readonly string[] }[];
}

for (const [library, expected] of Object.entries(LIBRARIES)) {
  for (const route of ['relay', 'direct'] as const) {
    test.serial(
      `${library}: what is written first works, or says what to write, in three workers by ${route}, also after the leader was killed`,
      async t => {
        if (expected.port && !(await answers(expected.port)))
          return skip(t, `server for ${library} at port ${expected.port}`);
        const name = `csc-real-${process.pid}-${route}`;
        const app = start(t, library, route, name);
        t.teardown(() => expected.clear?.(name));
        check(t, await app.round(), expected.ends, 3);
        if (expected.connections) {
          const count = await expected.connections(name);
          t.true(count >= 1 && count <= expected.most!, `${count} connections`);
        }
        await expected.streamsEnded?.(name);
        app.goOn();
        check(t, await app.round(), expected.ends, 2);
        if (expected.connections) {
          const count = await expected.connections(name);
          t.true(count >= 1 && count <= expected.most!, `${count} connections after SIGKILL`);
        }
        await expected.streamsEnded?.(name);
      },
    );
  }
}

function check(t: ExecutionContext, { workers }: Round, expected: Library['ends'], count: number): void {
  t.is(workers.length, count);
  for (const { ends } of workers) {
    t.deepEqual(Object.keys(ends), Object.keys(expected), JSON.stringify(ends));
    for (const [step, end] of Object.entries(expected)) {
      if (end instanceof RegExp) t.regex(String(ends[step]), end, step);
      else t.deepEqual(ends[step], end, step);
    }
  }
}

function start(t: ExecutionContext, library: string, route: string, name: string) {
  const program = fileURLToPath(new URL('../../real-clients/app.js', import.meta.url));
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [program, library, route], {
    env: {
      ...process.env,
      NAME: name,
      DATABASE_URL: 'postgres://postgres@127.0.0.1:5432/postgres',
      HTTP_URL: `http://127.0.0.1:${port}`,
      WS_URL: `ws://127.0.0.1:${port}`,
      GRPC_URL: `127.0.0.1:${greeterPort}`,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  t.teardown(() => void process.kill(-child.pid!, 'SIGKILL'));
  return {
    goOn: () => child.stdin.write('\n'),
    async round(): Promise<Round> {
      const { value, done } = await lines.next();
      if (done) throw new Error('The app ended.');
      return JSON.parse(value);
    },
  };
}
