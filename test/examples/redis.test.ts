import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import test from 'ava';
import { createSharedClient } from 'cluster-shared-client';
import { createClient } from 'redis';
import { startExample } from '../helpers/examples/example.js';
import { type Said, untilAllSay } from '../helpers/examples/http.js';
import { startRedisServer } from '../helpers/services/of-examples.js';
import { freePort } from '../helpers/services/process.js';

function read(text: string): Said {
  const [, worker, value] = /^(worker \d+): (.*)$/.exec(text)!;
  return { worker: worker!, value };
}

test('four workers keep prices of Redis over one connection, and over one again after the leader is killed', async t => {
  const redis = await startRedisServer(t);
  if (!redis) return;
  const { admin, connections, url } = redis;
  const port = await freePort();
  const app = startExample(t, 'redis', { REDIS_URL: url, PORT: `${port}` });
  const change = async (price: string) => {
    await admin.set('price of tea', price);
    await admin.publish('price changed', 'tea');
  };
  const untilAllSayThat = (price: string) => untilAllSay(`http://127.0.0.1:${port}/tea`, read, price);

  await change('10');
  await untilAllSayThat('10');
  t.is(await connections(), 1);

  // Nobody asks Redis for what it has already.
  await admin.set('price of tea', '11');
  t.deepEqual(new Set((await untilAllSayThat('10')).map(({ value }) => value)), new Set(['10']));
  await change('12');
  await untilAllSayThat('12');

  await app.killLeader();
  await change('13');
  await untilAllSayThat('13');
  t.is(await connections(), 1);
});

test('Redis is stopped for 20 s: what the workers keep is cleared, and over one new connection they have the new price', async t => {
  const redis = await startRedisServer(t);
  if (!redis) return;
  const port = await freePort();
  const app = startExample(t, 'redis', { REDIS_URL: redis.url, PORT: `${port}` });
  const untilAllSayThat = (price: string) => untilAllSay(`http://127.0.0.1:${port}/tea`, read, price);
  await redis.admin.set('price of tea', '10');
  await untilAllSayThat('10');
  await redis.stopFor(20_000);
  const startedAt = performance.now();
  await redis.admin.set('price of tea', '20');
  await untilAllSayThat('20');
  t.log(`${Math.round(performance.now() - startedAt)} ms after its return`);
  t.is(await redis.connections(), 1);
  await redis.admin.set('price of tea', '30');
  await redis.admin.publish('price changed', 'tea');
  await untilAllSayThat('30');
  await app.killLeader();
  t.is(await redis.connections(), 1);
});

test('a wrong password is the cause of the error that ready() rejects with', async t => {
  const redis = await startRedisServer(t);
  if (!redis) return;
  await redis.admin.configSet('requirepass', 'right');
  const client = share(redis.url.replace('//', '//:wrong@'));
  const startedAt = performance.now();
  const error = await t.throwsAsync(client.ready(), { code: 'ERR_LEADER_FAILED' });
  t.log(`${Math.round(performance.now() - startedAt)} ms`);
  t.regex((error!.cause as Error).message, /WRONGPASS/);
  await client.close();
  t.is(await redis.connections(), 0);
});

test('an attempt to open that is cut leaves no connection behind', async t => {
  const sockets = new Set<Socket>();
  const mute = createServer(socket => {
    sockets.add(
      socket
        .on('close', () => sockets.delete(socket))
        .on('error', () => {})
        .resume(),
    );
  }).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  t.teardown(() => mute.close());
  const connected = once(mute, 'connection');
  const client = share(`redis://127.0.0.1:${(mute.address() as AddressInfo).port}`, { openTimeoutMs: 1000 });
  const ended = t.throwsAsync(client.ready(), { code: 'ERR_LEADER_FAILED' });
  await connected;
  await ended;
  await client.close();
  for (const socket of sockets) await once(socket, 'close');
  t.is(sockets.size, 0);
});

/** As the recipe does. */
const share = (url: string, options: object = {}) =>
  createSharedClient({
    name: url,
    standalone: true,
    open: ({ fail, signal }) =>
      createClient({ url, RESP: 3, socket: { reconnectStrategy: false, signal } })
        .on('error', fail)
        .connect(),
    backoff: { maxMs: 500 },
    ...options,
  });
