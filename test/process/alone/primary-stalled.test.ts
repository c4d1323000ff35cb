// The primary's own event loop stands still: that is no silence of its leaders.

import test from 'ava';
import { SHORT_LEASE, startRig, type WorkerProcess } from '../../helpers/process/rig.js';

test('a primary stalled for longer than leaderTimeoutMs deposes nobody, and what was sent meanwhile goes on', async t => {
  const { leader, followers, primary, connections } = await startRig(t, {
    workers: 3,
    primary: SHORT_LEASE,
  });
  const [caller, subscriber] = followers as [WorkerProcess, WorkerProcess];
  t.deepEqual(await subscriber.do.subscribe('topic'), {});
  const stalled = primary.do.block(2 * SHORT_LEASE.leaderTimeoutMs);
  const calls = caller.do.callMany(50, 'meanwhile');
  // The leader's own calls don't pass the primary: they are held when its lease has run out.
  await leader.do.startLoad('own', 1);
  const [from, until] = await stalled;
  for (const { error } of await calls) t.is(error, undefined);
  await leader.do.moreLoad(20);
  const { failed, succeededAt } = await leader.do.stopLoad();
  t.deepEqual(failed, []);
  const outside = succeededAt.filter(at => at > from + SHORT_LEASE.leaderTimeoutMs && at < until);
  t.true(outside.length <= 1, `${outside.length} ran outside the lease, and not just the one that had begun in it`);
  await leader.do.publish('topic', 'after');
  await subscriber.until('value', event => event.message === 'after');
  t.deepEqual(await primary.eventsOf('deposed'), []);
  t.deepEqual((await primary.eventsOf('appointed')).length, 1);
  t.deepEqual(await connections(1), { total: 1, inTurn: true });
});

test('a leader that closes while the primary stands still waits for its word, and no call fails', async t => {
  const { leader, followers, primary, connections } = await startRig(t, { workers: 3 });
  const [caller] = followers;
  const before = caller.do.callMany(50, 'before');
  const stalled = primary.do.block(700);
  const calls = caller.do.callMany(50, 'meanwhile');
  const closing = leader.do.close();
  await stalled;
  await closing;
  for (const { error } of [...(await before), ...(await calls)]) t.is(error, undefined);
  t.like(await primary.until('deposed'), { workerId: leader.workerId, cause: 'resigned' });
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});
