// What a broken or hostile worker could ask for: odd names, large numbers of things, and words of somebody else.

import test from 'ava';
import { createMemoryCluster, type MemoryCluster, type TestWorker } from '../../lib/testing.js';

class Registry {
  readonly listeners = new Map<string, (value: unknown) => void>();

  async get(key: string) {
    return `value of ${key.length}`;
  }

  subscribe(topic: string, listener: (value: unknown) => void) {
    this.listeners.set(topic, listener);
  }

  unsubscribe(topic: string) {
    this.listeners.delete(topic);
  }

  publish(topic: string, value: unknown) {
    this.listeners.get(topic)?.(value);
  }
}

/** Names that every object has, and others that somebody forgot to think of. */
const ODD_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'a\nb\0c',
  '*',
  '0',
];

const PATIENT = { heartbeatMs: 10_000, leaderTimeoutMs: 100_000 };

function startCluster(workers = 2): { cluster: MemoryCluster; workers: TestWorker[] } {
  const cluster = createMemoryCluster();
  // What is asked for at once keeps the one event loop of all processes busy for longer than a lease usually is.
  cluster.setupPrimary(PATIENT);
  return { cluster, workers: Array.from({ length: workers }, () => cluster.fork()) };
}

const share = (worker: TestWorker, name: string) =>
  worker.createSharedClient<Registry>({
    name,
    open: () => new Registry(),
    timeoutMs: 100_000,
    readyTimeoutMs: 100_000,
    primaryTimeoutMs: 100_000,
  });

test.serial('odd names are groups, topics, keys and no methods, like any other', async t => {
  const { cluster, workers } = startCluster();
  for (const name of ODD_NAMES) {
    const [leader, follower] = workers.map(worker => share(worker, name));
    await Promise.all([leader!.ready(), follower!.ready()]);
    t.is(await follower!.get('a'), 'value of 1');
    for (const topic of ODD_NAMES) {
      const values: unknown[] = [];
      await follower!.subscribe(topic, value => values.push(value)).ready;
      await follower!.with({ sticky: topic }).publish(topic, { [topic]: topic });
      t.deepEqual(values, [{ [topic]: topic }]);
      await t.throwsAsync(follower!.invoke(topic), { code: 'ERR_UNKNOWN_METHOD' }, topic);
    }
    t.like(follower!.status(), { subscriptions: ODD_NAMES.length, sticky: ODD_NAMES.length });
  }
  t.deepEqual(
    ({} as Record<string, unknown>).polluted ?? Object.keys(Object.prototype),
    [],
    'no prototype has got anything',
  );
  cluster.close();
});

test.serial('ten thousand groups are led, and led again when their leader dies', async t => {
  const COUNT = 10_000;
  const { cluster, workers } = startCluster();
  const names = Array.from({ length: COUNT }, (_, i) => `group ${i}`);
  const clients = workers.map(worker => names.map(name => share(worker, name)));
  await Promise.all(clients.flat().map(client => client.ready()));
  const primary = cluster.setupPrimary(PATIENT);
  t.is(primary.status().groups.length, COUNT);
  const led = clients.map(own => own.filter(({ isLeader }) => isLeader).length);
  t.is(led[0]! + led[1]!, COUNT);
  workers[0]!.kill();
  const last = await Promise.all(clients[1]!.map(client => client.get('a')));
  t.deepEqual(new Set(last), new Set(['value of 1']));
  t.true(clients[1]!.every(({ isLeader }) => isLeader));
  cluster.close();
});

test.serial('a hundred thousand topics of one member are subscribed to, and again at the next leader', async t => {
  const COUNT = 100_000;
  const { cluster, workers } = startCluster(3);
  const [leader, next, follower] = workers.map(worker => share(worker, 'registry'));
  await Promise.all([leader, next, follower].map(client => client!.ready()));
  t.true(leader!.isLeader);
  let count = 0;
  const ready = Array.from({ length: COUNT }, (_, i) => follower!.subscribe(`topic ${i}`, () => void count++).ready);
  await Promise.all(ready);
  for (const i of [0, COUNT / 2, COUNT - 1]) await follower!.publish(`topic ${i}`, i);
  t.is(count, 3);
  workers[0]!.kill();
  // Subscriptions are made again before what is said after them.
  for (const i of [0, COUNT / 2, COUNT - 1]) await follower!.publish(`topic ${i}`, i);
  t.is(count, 6);
  t.is(follower!.status().subscriptions, COUNT);
  await follower!.close();
  cluster.close();
});

test.serial('a topic of ten megabytes is one, and an object that large is refused at once', async t => {
  const { cluster, workers } = startCluster();
  const [leader, follower] = workers.map(worker => share(worker, 'registry'));
  await Promise.all([leader!.ready(), follower!.ready()]);
  const topic = 'x'.repeat(10_000_000);
  const values: unknown[] = [];
  await follower!.subscribe(topic, value => values.push(value)).ready;
  await follower!.subscribe(`${topic}y`, value => values.push(value)).ready;
  await leader!.publish(topic, 'came');
  await follower!.get('a');
  t.deepEqual(values, ['came']);
  t.throws(() => follower!.subscribe({ topic } as never, () => {}), { code: 'ERR_NOT_SERIALIZABLE' });
  cluster.close();
});
