// Where a process stands: in a cluster, beside one, or alone.

import test from 'ava';
import { startRig } from '../helpers/process/rig.js';

test.serial('a worker thread of a worker has no primary, unless it wants to be alone', async t => {
  const { leader } = await startRig(t, { workers: 1 });
  t.deepEqual(JSON.parse(await leader.do.run('thread', 'process-thread.js')), {
    shared: 'ERR_NO_PRIMARY',
    primary: 'ERR_INVALID_OPTION',
    alone: true,
  });
  t.deepEqual(await leader.do.call('echo', ['still']), { value: 'still' });
});

test.serial('a child of child_process.fork is alone, also under a worker', async t => {
  const { leader, primary } = await startRig(t, { workers: 1 });
  // It prints its own number: it has asked itself.
  const pid = Number(await leader.do.run('child', 'process-plain.js', 'leave'));
  t.true(pid > 0 && pid !== leader.pid && pid !== primary.pid);
  t.is((await primary.do.status()).groups.length, 1);
});

test.serial('a worker that wants to be alone leads by itself', async t => {
  const { leader, followers, upstream, primary } = await startRig(t, { workers: 2 });
  for (const worker of [leader, followers[0]]) {
    await worker.do.create({ name: 'own', standalone: true });
    t.like(await worker.do.call('echo', [1], {}, 'own'), { value: 1 });
    t.like(await worker.do.status('own'), { role: 'leader', transport: 'local', route: 'local' });
  }
  await upstream.untilConnections(3);
  t.is((await primary.do.status()).groups.length, 1);
  primary.kill();
  await leader.gone;
});

test.serial('the primary itself is a member that doesn’t lead', async t => {
  const rig = await startRig(t);
  const { primary, connections } = rig;
  await primary.do.create();
  const waiting = primary.do.call('echo', ['from the primary']);
  t.like(await primary.until('vacant'), { name: 'probe' });
  for (const worker of await rig.forkMany(2)) await rig.join(worker);
  t.deepEqual(await waiting, { value: 'from the primary' });
  t.like(await primary.do.clientStatus(), { role: 'follower', transport: 'local', route: 'relay' });
  rig.leader.kill();
  await primary.until('exit');
  t.deepEqual(await primary.do.call('echo', ['again']), { value: 'again' });
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

test.serial('a process that led alone gives its group to the first worker once it is set up', async t => {
  const rig = await startRig(t, { primary: false });
  const { primary, connections } = rig;
  await primary.do.create();
  t.deepEqual(await primary.do.call('echo', ['alone']), { value: 'alone' });
  const { term } = await primary.do.clientStatus();
  t.like(await primary.do.clientStatus(), { role: 'leader' });
  await primary.do.setup();
  t.deepEqual(await primary.do.call('echo', ['still']), { value: 'still' });
  const worker = await rig.fork();
  await rig.join(worker);
  t.deepEqual(await worker.do.ready(), {});
  await primary.until('ready', event => event.workerId === worker.workerId);
  t.deepEqual(await primary.do.call('echo', ['handed over']), { value: 'handed over' });
  const after = await primary.do.clientStatus();
  t.like(after, { role: 'follower' });
  t.true(after.term > term);
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

test.serial('a primary that wants to lead does', async t => {
  const rig = await startRig(t);
  const { primary, connections } = rig;
  await primary.do.create({ eligible: true, priority: 1 });
  t.deepEqual(await primary.do.call('echo', [1]), { value: 1 });
  const [worker] = await rig.forkMany(1);
  await rig.join(worker!);
  t.deepEqual(await worker!.do.call('echo', [2]), { value: 2 });
  t.like(await worker!.do.status(), { leader: { workerId: 0, pid: primary.pid } });
  t.deepEqual(await connections(1), { total: 1, inTurn: true });
});
