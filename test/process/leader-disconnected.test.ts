// The app closes the leader's channel, and its process lives on: it may not lead a moment longer.

import test from 'ava';
import { SHORT_LEASE, startRig } from '../helpers/process/rig.js';

test.serial(
  'the leader calls worker.disconnect() and lives on: its successor comes when its lease is over',
  async t => {
    const { leader, followers, upstream, primary, connections } = await startRig(t, {
      workers: 3,
      primary: SHORT_LEASE,
    });
    const [caller] = followers;
    const plain = caller.do.call('hangOnce', ['plain']);
    const idempotent = caller.do.call('hangOnce', ['idempotent'], { idempotent: true });
    for (const hanging of ['plain', 'idempotent']) await leader.until('running', ({ id }) => id === hanging);
    const own = leader.do.call('hangOnce', ['own']);
    await leader.until('running', ({ id }) => id === 'own');

    void leader.do.disconnect();
    await upstream.untilConnections(0);
    t.like((await plain).error, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
    t.like((await own).error, { outcome: 'unknown' });
    const waiting = caller.do.callMany(20, 'waiting');
    t.like(await primary.until('deposed'), { workerId: leader.workerId, cause: 'disconnected' });
    for (const { error } of await waiting) t.is(error, undefined);
    t.deepEqual(await idempotent, { value: 2 });
    t.like((await leader.do.call('echo', ['late'])).error, { code: 'ERR_PRIMARY_LOST', outcome: 'not-started' });
    t.like(await leader.do.status(), { role: 'follower' });
    t.deepEqual(await connections(1), { total: 2, inTurn: true });
    t.is((await upstream.stats()).ranStale, 0);
  },
);

test.serial('where its process then ends, the successor comes at once', async t => {
  const { leader, followers, primary, connections } = await startRig(t, { workers: 3 });
  const [caller] = followers;
  await leader.do.unref();
  void leader.do.disconnect();
  t.like(await primary.until('deposed'), { workerId: leader.workerId, cause: 'exited' });
  t.deepEqual(await caller.do.call('echo', [1]), { value: 1 });
  t.like(await primary.until('exit'), { code: 0, signal: null });
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

test.serial('the primary ends the leader by worker.kill()', async t => {
  const { leader, followers, primary, connections } = await startRig(t, { workers: 3 });
  const [caller] = followers;
  const plain = caller.do.call('hangOnce', ['plain']);
  const idempotent = caller.do.call('hangOnce', ['idempotent'], { idempotent: true });
  for (const hanging of ['plain', 'idempotent']) await leader.until('running', ({ id }) => id === hanging);
  void primary.do.killWorker(leader.workerId);
  t.like((await plain).error, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
  t.deepEqual(await idempotent, { value: 2 });
  t.like(await primary.until('deposed'), { workerId: leader.workerId, cause: 'exited' });
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

test.serial('the primary disconnects the leader, which is frozen: nothing of it runs any more', async t => {
  const { leader, followers, upstream, primary } = await startRig(t, { workers: 3, primary: SHORT_LEASE });
  const [caller] = followers;
  leader.freeze();
  const stale = caller.do.callMany(5, 'stale');
  // Answered after what the caller sent has reached the primary.
  await caller.do.status();
  await primary.do.disconnect(leader.workerId);
  const { cause } = await primary.until('deposed');
  t.is(cause, 'silent');
  for (const { error } of await stale) t.like(error, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
  t.deepEqual(await caller.do.call('echo', ['successor']), { value: 'successor' });
  leader.thaw();
  await upstream.untilConnections(1);
  t.is((await upstream.executed()).filter(({ id }) => id?.startsWith('stale')).length, 0);
});
