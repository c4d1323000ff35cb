// Workers and primary come in any order, or one of them not at all.

import test from 'ava';
import { LONG_LEASE, startRig } from '../helpers/process/rig.js';

test.serial('workers that are there long before setupPrimary() share all the same', async t => {
  const rig = await startRig(t, { primary: false });
  await rig.primary.do.listen();
  const workers = await rig.forkMany(3);
  for (const worker of workers) await worker.do.create();
  const calls = workers.map(worker => worker.do.call('echo', ['early']));
  const subscribed = workers.map(worker => worker.do.subscribe('topic'));
  const ready = workers.map(worker => worker.do.ready());
  // They have asked so often that they now ask in both ways.
  for (const { workerId } of workers) await rig.primary.until('message', event => event.workerId === workerId);
  await rig.primary.do.setup(LONG_LEASE);
  for (const call of calls) t.deepEqual(await call, { value: 'early' });
  for (const ended of [...subscribed, ...ready]) t.deepEqual(await ended, {});
  t.deepEqual(await rig.connections(1), { total: 1, inTurn: true });
  for (const worker of workers) t.deepEqual(await worker.eventsOf('warning'), []);
});

test.serial('a worker whose primary is never set up is told so, and works once it is', async t => {
  const rig = await startRig(t, { primary: false });
  const worker = await rig.fork();
  await worker.do.create({ primaryTimeoutMs: 300 });
  const call = worker.do.call('echo', [1], { timeoutMs: 600 });
  t.like((await worker.do.ready()).error, { code: 'ERR_NO_PRIMARY' });
  t.regex((await worker.until('warning')).message, /setupPrimary\(\)/);
  t.like((await call).error, { code: 'ERR_NO_PRIMARY', outcome: 'not-started' });
  t.is((await worker.eventsOf('warning')).length, 1);
  await rig.primary.do.setup(LONG_LEASE);
  t.deepEqual(await worker.do.call('echo', [2]), { value: 2 });
  t.deepEqual(await worker.do.ready(), {});
});

test.serial('setupPrimary() before the forks, and once more without options', async t => {
  const rig = await startRig(t, { primary: { heartbeatMs: 300 } });
  await rig.primary.do.setup();
  await rig.primary.do.setup({ ...LONG_LEASE, heartbeatMs: 300 });
  await t.throwsAsync(rig.primary.do.setup({ heartbeatMs: 301 }), { code: 'ERR_INVALID_OPTION' } as never);
  const worker = await rig.fork();
  await rig.join(worker);
  t.deepEqual(await worker.do.ready(), {});
});

test.serial('a primary that closes leaves the workers alive, and when it is set up again they share again', async t => {
  const rig = await startRig(t, { workers: 3 });
  const { leader, workers, followers, upstream, primary, connections } = rig;
  const [caller] = followers;
  const { term } = await caller.do.status();
  t.deepEqual(await caller.do.subscribe('topic'), {});
  const hanging = caller.do.call('hangOnce', ['hanging']);
  await leader.until('running');
  await primary.do.close();
  t.like((await hanging).error, { code: 'ERR_PRIMARY_LOST', outcome: 'unknown' });
  await upstream.untilConnections(0);

  await primary.do.setup(LONG_LEASE);
  for (const worker of workers) t.deepEqual(await worker.do.ready(), {});
  t.deepEqual(await caller.do.call('echo', ['again']), { value: 'again' });
  t.true((await caller.do.status()).term > term);
  t.deepEqual(await leader.do.publish('topic', 'after'), {});
  await caller.until('value', ({ message }) => message === 'after');
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

test.serial('a worker that comes late joins the leader that is there', async t => {
  const rig = await startRig(t, { workers: 2 });
  await rig.leader.do.subscribe('topic');
  await rig.leader.do.publish('topic', 'last');
  const late = await rig.fork();
  await rig.join(late);
  await late.do.ready();
  t.deepEqual(await late.do.subscribe('topic'), {});
  t.like(await late.until('value'), { message: 'last', replayed: true });
  t.is((await late.do.status()).leader?.workerId, rig.leader.workerId);
  t.is(rig.upstream.connections.total, 1);
});

test.serial('a server that is not there yet: ready() says why, and all goes well once it is', async t => {
  const rig = await startRig(t);
  const workers = await rig.forkMany(3);
  for (const worker of workers) {
    await worker.do.holdOpening();
    await rig.join(worker, { openTimeoutMs: 1000 });
  }
  for (const worker of workers) {
    const { error } = await worker.do.ready();
    t.is(error?.code, 'ERR_LEADER_FAILED');
    t.regex(error?.cause ?? '', /openTimeoutMs/);
  }
  const waiting = workers.map(worker => worker.do.call('echo', ['waiting']));
  for (const worker of workers) await worker.do.releaseOpening();
  for (const call of waiting) t.deepEqual(await call, { value: 'waiting' });
  for (const worker of workers) t.deepEqual(await worker.do.ready(), {});
  await rig.upstream.untilConnections(1);
});
