// Planned hand-overs while calls run: nobody notices.

import test, { type ExecutionContext } from 'ava';
import { longestGap } from '../helpers/process/load.js';
import { type Rig, startRig, type WorkerProcess } from '../helpers/process/rig.js';

test.serial('200 calls from each of 4 workers over a close() of the leader all succeed', async t => {
  const rig = await startRig(t, { workers: 4 });
  const { leader, primary, connections } = rig;
  await handOverUnderLoad(t, rig, () => leader.do.close());
  await leader.until('close');
  t.like(await primary.eventsOf('deposed'), [{ workerId: leader.workerId, cause: 'resigned' }]);
  t.is((await primary.do.status()).groups[0]!.members.length, 3);
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

test.serial('resign() hands over and stays a member', async t => {
  const rig = await startRig(t, { workers: 4 });
  const { leader, primary, connections } = rig;
  await handOverUnderLoad(t, rig, () => leader.do.resign());
  t.is((await primary.do.status()).groups[0]!.members.length, 4);
  t.like(await leader.do.status(), { role: 'follower' });
  t.deepEqual(await leader.do.call('echo', ['still here']), { value: 'still here' });
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

test.serial('primary.transfer() resolves when the successor that it names is ready', async t => {
  const rig = await startRig(t, { workers: 4 });
  const { followers, primary, connections } = rig;
  const [successor] = followers;
  await handOverUnderLoad(t, rig, () => primary.do.transfer('probe', successor.workerId));
  t.is((await primary.eventsOf('ready')).at(-1)!.workerId, successor.workerId);
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

test.serial('an overlapping hand-over has the new real client ready first', async t => {
  const rig = await startRig(t, { workers: 4, client: { handover: 'overlap' } });
  const { leader, upstream, connections } = rig;
  await handOverUnderLoad(t, rig, () => leader.do.close());
  await upstream.untilConnections(1);
  t.deepEqual(await connections(1), { total: 2, inTurn: false });
});

test.serial(
  'a call in progress gets its time, one that takes longer ends with ERR_LEADER_LOST or is sent again',
  async t => {
    const { leader, followers, primary, connections } = await startRig(t, {
      workers: 3,
      client: { drainTimeoutMs: 3000 },
    });
    const [caller] = followers;
    const inTime = caller.do.call('gated', ['in time']);
    const plain = caller.do.call('hangOnce', ['plain']);
    const idempotent = caller.do.call('hangOnce', ['idempotent'], { idempotent: true });
    for (const running of ['in time', 'plain', 'idempotent']) await leader.until('running', ({ id }) => id === running);
    const handedOver = primary.do.transfer('probe');
    while ((await primary.do.status()).groups[0]!.state !== 'handing-over') await caller.do.status();
    await leader.do.openGate();
    t.deepEqual(await inTime, { value: leader.pid });
    t.like((await plain).error, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
    t.deepEqual(await idempotent, { value: 2 });
    await handedOver;
    t.deepEqual(await connections(1), { total: 2, inTurn: true });
  },
);

test.serial('where the successor cannot open its real client, the old leader opens its own again', async t => {
  const { leader, followers, upstream, primary } = await startRig(t, { workers: 3, client: { openTimeoutMs: 3000 } });
  const [successor, caller] = followers as [WorkerProcess, WorkerProcess];
  await successor.do.holdOpening();
  const handedOver = primary.do.transfer('probe', successor.workerId);
  await primary.until('appointed', event => event.workerId === successor.workerId);
  const waiting = caller.do.call('echo', ['waiting']);
  await t.throwsAsync(handedOver, { message: /not handed over/ });
  t.deepEqual(await waiting, { value: 'waiting' });
  t.is((await primary.do.status()).groups[0]!.leader!.workerId, leader.workerId);
  await successor.do.releaseOpening();
  await upstream.untilConnections(1);
});

test.serial('in a rolling restart no call fails, and the leader changes once', async t => {
  const rig = await startRig(t, { workers: 3 });
  const { primary, connections } = rig;
  const old = [...rig.workers];
  for (const worker of old) {
    const next = await rig.fork();
    await rig.join(next);
    t.deepEqual(await next.do.ready(), {});
    await next.do.startLoad(`load-${next.workerId}`, 4);
    await next.do.moreLoad(10);
    await worker.do.close();
    await worker.do.unref();
    void worker.do.disconnect();
    t.like(await primary.until('exit', event => event.workerId === worker.workerId), { code: 0, signal: null });
  }
  for (const worker of rig.workers.slice(old.length)) {
    const { failed, made } = await worker.do.stopLoad();
    t.deepEqual(failed, []);
    t.true(made > 10);
  }
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

/** Each worker makes 200 calls, ten at a time; the hand-over comes when a quarter of them has ended. */
async function handOverUnderLoad(t: ExecutionContext, rig: Rig, handOver: () => Promise<unknown>): Promise<void> {
  const { leader, followers, upstream } = rig;
  for (const worker of followers) await worker.do.startLoad(`load-${worker.workerId}`, 10, 200);
  await followers[0].do.moreLoad(50);
  // A handle that closes takes no more calls: all of its own are under way.
  const own = leader.do.callMany(200, 'own');
  await handOver();
  for (const { error } of await own) t.is(error, undefined);
  const reports = await Promise.all(followers.map(worker => worker.do.doneLoad()));
  for (const { made, failed } of reports) {
    t.deepEqual(failed, []);
    t.is(made, 200);
  }
  t.log(`the longest gap: ${Math.max(...reports.map(report => longestGap(report))).toFixed(1)} ms`);
  const stats = await upstream.stats();
  t.like(stats, { ranTwice: 0, ranStale: 0 });
  t.is((await upstream.executed()).filter(({ id }) => /^(load|own)-/.test(id ?? '')).length, 800);
}
