// A hand-over that a worker asks for.

import test from 'ava';
import { createMemoryCluster } from '../../lib/testing.js';
import { isSharedError } from '../helpers/pm2-errors.js';

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
  await t.throwsAsync(clients[0]!.transfer(), isSharedError('ERR_NO_PRIMARY', /setupPrimary/));
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
