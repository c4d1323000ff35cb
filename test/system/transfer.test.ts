// A hand-over that a worker asks for.

import test from 'ava';
import { createMemoryCluster } from '../../lib/testing.js';
import { defer } from '../../lib/utils/deferred.js';
import { isSharedError } from '../helpers/pm2/errors.js';
import { endOf, system, watch } from '../helpers/system/test.js';

class Echo {
  async echo(value: number): Promise<number> {
    return value;
  }
}

async function start(count: number) {
  const cluster = createMemoryCluster();
  const primary = cluster.setupPrimary();
  const workers = Array.from({ length: count }, () => cluster.fork());
  const clients = workers.map(worker => worker.createSharedClient(Echo, { name: 'echo' }));
  await Promise.all(clients.map(client => client.ready()));
  return { cluster, primary, workers, clients };
}

test('any worker hands the group over, to another one or to whoever fits', async t => {
  const { cluster, workers, clients } = await start(3);
  await clients[1]!.transfer(workers[2]!.workerId);
  t.true(clients[2]!.isLeader);
  await clients[1]!.transfer();
  t.false(clients[2]!.isLeader);
  await t.throwsAsync(clients[0]!.transfer(99), isSharedError('ERR_INVALID_OPTION', /not 99/));
  cluster.close();
});

test('a hand-over that nobody can answer any more rejects', async t => {
  const { cluster, primary, clients } = await start(2);
  const asked = clients[0]!.transfer();
  const closing = primary.close();
  await t.throwsAsync(asked, isSharedError('ERR_PRIMARY_LOST', /primary closed/));
  await closing;
  // The next one waits for another primary.
  const next = clients[0]!.transfer();
  const again = cluster.setupPrimary();
  await next;
  await again.close();
  cluster.close();
});

test('a hand-over asked for after the primary died rejects', async t => {
  const { cluster, clients } = await start(1);
  const asked = clients[0]!.transfer();
  cluster.killPrimary();
  await t.throwsAsync(asked, isSharedError('ERR_PRIMARY_LOST', /channel to the primary closed/));
  await t.throwsAsync(clients[0]!.transfer(), isSharedError('ERR_PRIMARY_LOST', /channel to the primary closed/));
  cluster.close();
});

system('a hand-over asked for right after creation waits for the primary and for a leader', async (t, rig) => {
  const clients = [rig.fork(), rig.fork(), rig.fork()].map(worker => rig.client(worker));
  await rig.time.until(clients[1]!.transfer(rig.workers[2]!.workerId));
  t.deepEqual(
    clients.map(client => client.isLeader),
    [false, false, true],
  );
});

system('a hand-over asked for while the leader is replaced waits for the next one', async (t, rig) => {
  const clients = await rig.clients(3);
  const opened = defer();
  rig.upstream().onReady = () => opened.promise;
  rig.workers[0]!.kill();
  await rig.time.settle();
  const end = watch(clients[1]!.transfer());
  await rig.time.settle();
  t.is(end.end, undefined);
  rig.upstream().onReady = () => {};
  opened.resolve();
  await rig.time.settle();
  t.is(end.end, 'ok');
  t.is(clients.slice(1).filter(client => client.isLeader).length, 1);
});

system(
  'without a primary a hand-over says after primaryTimeoutMs that none has answered',
  async (t, rig) => {
    const client = rig.client(rig.fork(), { primaryTimeoutMs: 500 });
    const error = client.transfer().catch((e: Error) => e.message);
    const end = watch(client.transfer());
    await rig.time.advance(499);
    t.is(end.end, undefined);
    await rig.time.advance(2);
    t.regex(String(await error), /has not answered for 500 ms.*setupPrimary\(\)/);
    t.is(end.end, 'ERR_NO_PRIMARY');
    const closing = watch(client.transfer());
    await rig.time.until(client.close());
    await rig.time.settle();
    t.is(closing.end, 'ERR_CLOSED');
    t.is(await endOf(client.transfer()), 'ERR_CLOSED');
  },
  { primary: false },
);

system('a primary that closes right after it answered leaves a hand-over waiting for the next', async (t, rig) => {
  const [one, two] = [rig.client(rig.fork()), rig.client(rig.fork())];
  await rig.time.until(Promise.all([one.ready(), two.ready()]));
  await rig.time.until(rig.primary.close());
  const end = watch(two.transfer());
  await rig.time.settle();
  t.is(end.end, undefined);
  rig.setup();
  await rig.time.advance(2000);
  t.is(end.end, 'ok');
});
