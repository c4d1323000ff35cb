// A real Redis.

import test from 'ava';
import { createClient } from 'redis';
import type { RedisApi, RedisEvent } from '../fixtures/process-redis.js';
import { type Rig, startRig } from '../helpers/process/rig.js';
import { findRedis } from '../helpers/services/services.js';

test.serial('four workers share one connection to Redis, and one again after the leader is killed', async t => {
  const redis = await findRedis(t);
  if (!redis) return;
  const name = `csc-process-${process.pid}`;
  const admin = createClient({ ...redis.address, RESP: 3 });
  await admin.connect();
  t.teardown(() => admin.close());
  const connections = async () => (await admin.clientList()).filter(client => client.name === name).length;

  const rig = await startRig(t);
  const workers = await Promise.all([1, 2, 3, 4].map(() => forkRedis(rig)));
  for (const worker of workers) t.deepEqual(await worker.do.share(redis.address, name), {});
  t.is(await connections(), 1);

  const topic = `${name}:topic`;
  const key = `${name}:key`;
  for (const worker of workers) t.deepEqual(await worker.do.subscribe(topic), {});
  for (const worker of workers) {
    t.deepEqual(await worker.do.call('set', key, 'text'), { value: 'OK' });
    t.deepEqual(await worker.do.call('get', key), { value: 'text' });
    t.like((await worker.do.call('lPush', key, 'x')).error, { name: 'Error' });
    t.regex((await worker.do.call('lPush', key, 'x')).error!.message, /^WRONGTYPE/);
  }
  t.deepEqual(await workers[0]!.do.publish(topic, 'first'), {});
  for (const worker of workers) await worker.until('value', ({ value }) => value === 'first');
  t.is(await connections(), 1);

  const isLeader = await Promise.all(workers.map(worker => worker.do.isLeader()));
  const [leader] = workers.splice(isLeader.indexOf(true), 1);
  leader!.kill();
  await rig.primary.until('exit');
  for (const worker of workers) t.deepEqual(await worker.do.call('get', key), { value: 'text' });
  t.is(await connections(), 1);
  // Subscriptions are made again before the calls above.
  t.deepEqual(await workers[0]!.do.publish(topic, 'second'), {});
  for (const worker of workers) await worker.until('value', ({ value }) => value === 'second');
  await admin.del(key);
});

const forkRedis = (rig: Rig) => rig.forkProgram<RedisApi, RedisEvent>({ program: 'process-redis.js' });
