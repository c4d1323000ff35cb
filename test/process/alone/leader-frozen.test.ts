// The leader's process is stopped by the kernel, and wakes up when another leads.

import { rmSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { SHORT_LEASE, startRig, type WorkerProcess } from '../../helpers/process/rig.js';
import { now } from '../../helpers/process/wire.js';
import type { Executed } from '../../helpers/upstream/protocol.js';

test('a frozen leader is replaced; when it thaws it lets go and runs nothing', async t => {
  const { leader, followers, upstream, primary } = await startRig(t, { workers: 4, primary: SHORT_LEASE });
  const [caller] = followers;
  for (const worker of followers) await worker.do.startLoad(`load-${worker.workerId}`, 2);
  for (const worker of followers) await worker.do.moreLoad(20);

  const frozenAt = now();
  leader.freeze();
  const stale = caller.do.callMany(20, 'stale');
  const successor = await primary.until('ready', event => event.workerId !== leader.workerId);
  t.log(`replaced after ${(successor.at - frozenAt).toFixed(0)} ms`);
  for (const { error } of await stale) t.like(error, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
  for (const worker of followers) await worker.do.moreLoad(20);
  t.like(upstream.connections, { live: 2, highest: 2 });

  leader.thaw();
  await upstream.untilConnections(1);
  await leader.until('follower');
  t.deepEqual(await leader.do.call('echo', ['after the thaw']), { value: 'after the thaw' });
  for (const worker of followers) await worker.do.moreLoad(20);
  const reports = await Promise.all(followers.map(worker => worker.do.stopLoad()));

  const ran = await upstream.executed();
  t.deepEqual(ran.filter(isOf('stale')), []);
  const lost = new Set(reports.flatMap(({ failed }) => failed).map(({ id }) => id));
  t.deepEqual(
    ran.filter(({ id, term }) => lost.has(id!) && term === successor.term),
    [],
    'none was sent again',
  );
  t.like(await upstream.stats(), { ranTwice: 0, connections: { live: 1, total: 2 } });
  // One call may have been on its way from the lease's last check to the socket when SIGSTOP came. Only the server can fence that.
  const late = ran.filter(({ isStale }) => isStale);
  t.true(late.length <= 1, `${late.length}`);
  t.true(
    late.every(({ id }) => lost.has(id!)),
    'whose it was knows that it may have run',
  );
  t.deepEqual(
    (await primary.eventsOf('deposed')).map(({ workerId, cause }) => [workerId, cause]),
    [[leader.workerId, 'silent']],
  );
  t.is((await primary.eventsOf('appointed')).length, 2);
  t.deepEqual((await primary.do.status()).groups[0]!.leader?.workerId, successor.workerId);
});

test('a leader whose event loop is blocked is replaced too, and its results come too late', async t => {
  const rig = await startRig(t, { workers: 3, primary: SHORT_LEASE });
  const { leader, followers, upstream, primary, signalFile } = rig;
  const [caller] = followers;
  const late = caller.do.call('gated', ['late']);
  await leader.until('running');
  const blocked = leader.do.openGateAndBlock(signalFile);
  const { workerId } = await primary.until('ready', event => event.workerId !== leader.workerId);
  t.like((await late).error, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
  t.deepEqual(await caller.do.call('echo', ['other']), { value: 'other' });
  writeFileSync(signalFile, '');
  await blocked;
  rmSync(signalFile);
  await upstream.untilConnections(1);
  await leader.until('follower');
  t.like(await leader.do.status(), { role: 'follower', leader: { workerId } });
  t.is((await primary.eventsOf('deposed')).length, 1);
});

test('a worker that is appointed, called and deposed while it is frozen runs nothing', async t => {
  const { leader, followers, upstream, primary } = await startRig(t, {
    workers: 3,
    primary: SHORT_LEASE,
    client: { handover: 'overlap' },
  });
  const [caller, frozen] = followers as [WorkerProcess, WorkerProcess];
  // The old leader drains until the gate opens: time to freeze its successor, whose real client is open by then.
  const draining = caller.do.call('gated', ['draining']);
  await leader.until('running');
  const handedOver = primary.do.transfer('probe', frozen.workerId);
  await upstream.untilConnections(2);
  while ((await primary.do.status()).groups[0]!.state !== 'handing-over') await frozen.do.status();
  frozen.freeze();
  await leader.do.openGate();
  t.deepEqual(await draining, { value: leader.pid });
  const { term } = await primary.until('ready', event => event.workerId === frozen.workerId);
  await handedOver;
  t.deepEqual(await caller.do.ready(), {});

  const stale = caller.do.callMany(20, 'stale');
  const idempotent = caller.do.call('echo', ['again', 'again'], { idempotent: true });
  const subscribed = caller.do.subscribe('topic');
  await primary.until('deposed', event => event.workerId === frozen.workerId);
  for (const { error } of await stale) t.like(error, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
  t.deepEqual(await idempotent, { value: 'again' });
  t.deepEqual(await subscribed, {});

  frozen.thaw();
  await upstream.untilConnections(1);
  t.deepEqual(await frozen.do.call('echo', ['after the thaw']), { value: 'after the thaw' });
  t.deepEqual(
    (await upstream.executed()).filter(ran => ran.term === term),
    [],
  );
  t.like(await upstream.stats(), { ranTwice: 0, ranStale: 0, topics: { topic: { subscribers: 1 } } });
  t.deepEqual(
    (await primary.eventsOf('deposed')).map(({ workerId, cause }) => [workerId, cause]),
    [
      [leader.workerId, 'resigned'],
      [frozen.workerId, 'silent'],
    ],
  );
});

test('a worker that is appointed while it is frozen, and thaws too late, opens no real client that stays', async t => {
  const { leader, followers, upstream, primary } = await startRig(t, { workers: 3, primary: SHORT_LEASE });
  const [caller, youngest] = followers as [WorkerProcess, WorkerProcess];
  youngest.freeze();
  leader.kill();
  const { term } = await primary.until('appointed', event => event.workerId === youngest.workerId);
  const waiting = caller.do.callMany(20, 'waiting');
  await primary.until('deposed', event => event.term === term);
  for (const { error } of await waiting) t.is(error, undefined);
  youngest.thaw();
  t.deepEqual(await youngest.do.call('echo', ['after the thaw']), { value: 'after the thaw' });
  await upstream.untilConnections(1);
  t.deepEqual(
    (await upstream.executed()).filter(ran => ran.term === term),
    [],
  );
  t.is((await upstream.stats()).ranTwice, 0);
});

test('with hungLeader kill a frozen leader is killed, and two real clients never live at once', async t => {
  const { leader, followers, primary, connections } = await startRig(t, {
    workers: 3,
    primary: { ...SHORT_LEASE, hungLeader: 'kill' },
  });
  const [caller] = followers;
  leader.freeze();
  const lost = caller.do.call('echo', ['lost', 'lost']);
  const again = caller.do.call('echo', ['again', 'again'], { idempotent: true });
  t.like(await primary.until('exit'), { workerId: leader.workerId, signal: 'SIGKILL' });
  t.like(await primary.until('deposed'), { workerId: leader.workerId, cause: 'killed' });
  t.like((await lost).error, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
  t.deepEqual(await again, { value: 'again' });
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

const isOf = (prefix: string) => (ran: Executed) => ran.id?.startsWith(`${prefix}-`);
