import test from 'ava';
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
