import test from 'ava';
import { createMemoryCluster } from '../lib/testing.js';

class Counter {
  #n = 0;

  async add(n: number): Promise<number> {
    this.#n += n;
    return this.#n;
  }

  subscribe(_topic: string, listener: (value: number) => void): void {
    listener(this.#n);
  }
}

const OPTIONS = { name: 'counter' };

test('a cluster in memory needs no clock and no child process', async t => {
  await using cluster = createMemoryCluster();
  cluster.setupPrimary();
  const workers = [cluster.fork(), cluster.fork(), cluster.fork({ serialization: 'json', latencyMs: 1 })];
  const clients = workers.map(worker => worker.createSharedClient(Counter, OPTIONS));
  await Promise.all(clients.map(client => client.ready()));
  for (const client of clients) await client.add(1);
  t.is(await clients[2]!.add(0), 3);
  t.is(clients.filter(client => client.isLeader).length, 1);
  await Promise.all(clients.map(client => client.close()));
});

test('a worker is told apart by its ids, and dies when it is told to', async t => {
  await using cluster = createMemoryCluster();
  const primary = cluster.setupPrimary();
  const [one, two] = [cluster.fork(), cluster.fork()];
  t.deepEqual([one.workerId, two.workerId], [1, 2]);
  t.not(one.pid, two.pid);
  const clients = [one, two].map(worker => worker.createSharedClient(Counter, OPTIONS));
  await Promise.all(clients.map(client => client.ready()));
  t.deepEqual(clients[1]!.leader, { workerId: one.workerId, pid: one.pid });
  const appointed = new Promise(resolve => primary.once('appointed', resolve));
  one.kill();
  t.false(one.isAlive);
  t.like(await appointed, { workerId: two.workerId });
  t.is(await clients[1]!.add(5), 5);
  two.exit();
  t.false(two.isAlive);
});

test('freeze and thaw, of a worker and of the primary', async t => {
  await using cluster = createMemoryCluster();
  cluster.setupPrimary();
  const worker = cluster.fork();
  const client = worker.createSharedClient(Counter, OPTIONS);
  await client.ready();
  const seen: string[] = [];
  worker.freeze();
  worker.run(() => seen.push('ran'));
  await turns();
  t.deepEqual(seen, []);
  worker.thaw();
  await turns();
  t.deepEqual(seen, ['ran']);
  cluster.freezePrimary();
  const other = cluster.fork().createSharedClient(Counter, OPTIONS);
  const call = other.add(1);
  await turns();
  t.is(other.leader, undefined);
  cluster.thawPrimary();
  t.is(await call, 1);
});

test("a worker's clock stands still while it is frozen", async t => {
  await using cluster = createMemoryCluster();
  const { clock } = cluster.fork();
  const now = clock.now();
  await new Promise<void>(resolve => {
    const timer = clock.setTimer(resolve, 2);
    timer.ref();
  });
  t.true(clock.now() - now >= 2);
  t.true(Math.abs(clock.wall() - Date.now()) < 1000);
});

test('the death of the primary reaches the workers', async t => {
  await using cluster = createMemoryCluster();
  cluster.setupPrimary();
  const worker = cluster.fork();
  const client = worker.createSharedClient(Counter, OPTIONS);
  await client.ready();
  cluster.killPrimary();
  await turns();
  t.false(worker.isAlive);
  t.false(client.isLeader);
});

test('a worker that disconnects lives on', async t => {
  await using cluster = createMemoryCluster();
  cluster.setupPrimary();
  const worker = cluster.fork();
  const client = worker.createSharedClient(Counter, OPTIONS);
  await client.ready();
  worker.disconnect();
  await turns();
  t.true(worker.isAlive);
  await t.throwsAsync(client.add(1), { code: 'ERR_PRIMARY_LOST' });
});

test('two clusters in one process know nothing of each other', async t => {
  await using one = createMemoryCluster();
  await using two = createMemoryCluster({ serialization: 'json' });
  for (const cluster of [one, two]) cluster.setupPrimary();
  const clients = [one, two].map(cluster => cluster.fork().createSharedClient(Counter, OPTIONS));
  t.deepEqual(await Promise.all(clients.map(client => client.add(2))), [2, 2]);
  t.deepEqual(
    clients.map(client => client.isLeader),
    [true, true],
  );
});

test('a worker that does not read, and one whose messages take their time', async t => {
  await using cluster = createMemoryCluster();
  cluster.setupPrimary();
  const workers = [cluster.fork(), cluster.fork()];
  const clients = workers.map(worker => worker.createSharedClient(Counter, OPTIONS));
  await Promise.all(clients.map(client => client.ready()));
  workers[1]!.stopReading();
  let isDone = false;
  const call = clients[1]!.add(1).then(() => {
    isDone = true;
  });
  await turns();
  t.false(isDone);
  workers[1]!.startReading();
  await call;
  workers[1]!.delay(5);
  const started = performance.now();
  await clients[1]!.add(1);
  t.true(performance.now() - started >= 9);
});

test('close() ends everything at once', async t => {
  const cluster = createMemoryCluster();
  cluster.setupPrimary();
  const worker = cluster.fork();
  const client = worker.createSharedClient(Counter, OPTIONS);
  await client.ready();
  cluster.close();
  cluster.close();
  t.false(worker.isAlive);
});

async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve));
}
