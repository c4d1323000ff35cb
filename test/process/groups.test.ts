// Several groups of one cluster.

import test from 'ava';
import { startRig, type WorkerProcess } from '../helpers/process/rig.js';

test.serial('two groups are led by two workers, and by one when it is the last', async t => {
  const rig = await startRig(t);
  const { primary, upstream } = rig;
  const names = ['a', 'b'];
  const join = async (worker: WorkerProcess) => {
    for (const name of names) await rig.join(worker, { name, drainTimeoutMs: 300 });
  };
  // The first is alone, so it leads both.
  const first = await rig.fork();
  await join(first);
  const others = await rig.forkMany(2);
  for (const worker of others) await join(worker);
  const leaders = async () => {
    const { groups } = await primary.do.status();
    return names.map(name => groups.find(group => group.name === name)!.leader!.workerId);
  };
  t.deepEqual(await leaders(), [first.workerId, first.workerId]);
  first.kill();
  await primary.until('exit');
  const [leaderA, leaderB] = (await leaders()).map(id => rig.worker(id)) as [WorkerProcess, WorkerProcess];
  t.not(leaderA.workerId, leaderB.workerId);
  for (const worker of others) for (const name of names) t.deepEqual(await worker.do.ready(name), {});
  await upstream.untilConnections(2);

  const hanging = leaderB.do.call('hangOnce', ['hanging'], {}, 'b');
  await leaderB.until('running');
  const lost = leaderB.do.call('hangOnce', ['lost'], {}, 'a');
  await leaderA.until('running');
  leaderA.kill();
  t.like((await lost).error, { code: 'ERR_LEADER_LOST' });
  for (const name of names) t.deepEqual(await leaderB.do.call('echo', [name], {}, name), { value: name });
  t.deepEqual(await leaders(), [leaderB.workerId, leaderB.workerId]);
  t.like((await leaderB.do.status('b')).calls, { inFlight: 1 });
  await leaderB.do.close('a');
  await upstream.untilConnections(1);
  t.like((await leaderB.do.status('b')).calls, { inFlight: 1 });
  await leaderB.do.close('b');
  t.like((await hanging).error, { code: 'ERR_CLOSED', outcome: 'unknown' });
});

test.serial('a group with a name like any property of an object', async t => {
  const rig = await startRig(t);
  const [worker, other] = (await rig.forkMany(2)) as [WorkerProcess, WorkerProcess];
  for (const name of ['__proto__', 'constructor', 'toString', '*']) {
    await rig.join(worker, { name });
    await rig.join(other, { name });
    t.deepEqual(await other.do.call('echo', [name], {}, name), { value: name });
  }
  t.is((await rig.primary.do.status()).groups.length, 4);
});
