import test from 'ava';
import { startExample } from '../helpers/examples/example.js';
import { startRedisServer } from '../helpers/services/of-examples.js';

test('three workers read all keys of Redis over one connection', async t => {
  const redis = await startRedisServer(t);
  if (!redis) return;
  await redis.admin.mSet(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key ${n}`, 'value'])));
  const app = startExample(t, 'scan', { REDIS_URL: redis.url });
  await app.untilWorkersSay('10000 keys', 3);
  t.is(await redis.connections(), 1);
});
