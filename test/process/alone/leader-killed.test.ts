// The leader is killed with SIGKILL while calls run.

import test from 'ava';
import { longestGap } from '../../helpers/process/load.js';
import { type Rig, startRig } from '../../helpers/process/rig.js';
import { type Ended, now } from '../../helpers/process/wire.js';

test('a call in the hands of the leader ends with ERR_LEADER_LOST, an idempotent one is sent to the next', async t => {
  const { leader, followers, upstream, primary } = await startRig(t, { workers: 3 });
  const [caller] = followers;
  const plain = caller.do.call('hangOnce', ['plain']);
  const idempotent = caller.do.call('hangOnce', ['idempotent'], { idempotent: true });
  await leader.until('running', ({ id }) => id === 'plain');
  await leader.until('running', ({ id }) => id === 'idempotent');
  leader.kill();
  const { error } = await plain;
  t.like(error, { name: 'SharedClientError', code: 'ERR_LEADER_LOST', outcome: 'unknown' });
  t.deepEqual(await idempotent, { value: 2 });
  t.deepEqual(
    (await upstream.executed()).filter(({ id }) => id === 'plain').map(({ connection }) => connection),
    [1],
  );
  t.is((await primary.eventsOf('deposed')).length, 1);
  t.is((await primary.eventsOf('deposed'))[0]!.cause, 'exited');
  t.like((await caller.do.status()).calls, { waiting: 0, inFlight: 0, ended: { ok: 1, failed: 1 }, resent: 1 });
});

test('calls that wait for a leader succeed, in the order made', async t => {
  const { leader, followers: others, upstream, primary } = await startRig(t, { workers: 3 });
  for (const worker of others) await worker.do.holdOpening();
  leader.kill();
  await primary.until('deposed');
  const waiting = others.map(worker => worker.do.callMany(50, `waiting-${worker.workerId}`));
  for (const worker of others) t.is((await worker.do.status()).calls.waiting, 50);
  for (const worker of others) await worker.do.releaseOpening();
  for (const ended of (await Promise.all(waiting)).flat()) t.is(ended.error, undefined);
  for (const { workerId } of others) {
    const ran = (await upstream.executed()).map(({ id }) => id).filter(id => id?.startsWith(`waiting-${workerId}-`));
    t.deepEqual(
      ran,
      Array.from({ length: 50 }, (_, i) => `waiting-${workerId}-${i + 1}`),
    );
  }
});

test('six workers: one connection, a gap shorter than a new worker needs, subscriptions restored, one connection again', async t => {
  const rig = await startRig(t, { workers: 6 });
  const { leader, followers: others, workers, upstream, primary, connections } = rig;
  t.deepEqual(await connections(1), { total: 1, inTurn: true });
  for (const worker of workers) t.deepEqual(await worker.do.subscribe('topic'), {});
  for (const worker of others) await worker.do.startLoad(`load-${worker.workerId}`, 2);
  for (const worker of others) await worker.do.moreLoad(50);

  const before = await startOfWorker(rig);
  const killedAt = now();
  leader.kill();
  const deposed = await primary.until('deposed');
  const { workerId, at: readyAt } = await primary.until('ready', event => event.term > deposed.term);
  for (const worker of others) await worker.do.moreLoad(50);
  const newWorker = Math.max(before, await startOfWorker(rig));
  const reports = await Promise.all(others.map(worker => worker.do.stopLoad()));

  const gap = Math.max(...reports.map(report => longestGap(report, killedAt)));
  const [noticed, opened] = [deposed.at - killedAt, readyAt - deposed.at].map(ms => ms.toFixed(1));
  t.log(`the death was noticed after ${noticed} ms, the next real client open ${opened} ms later`);
  t.log(`the longest gap between two successful calls of one worker: ${gap.toFixed(1)} ms`);
  t.log(`a new worker needs ${newWorker.toFixed(0)} ms for its first call`);
  t.true(gap < newWorker, `${gap} ms`);
  const lost = reports.flatMap(({ failed }) => failed);
  t.log(`${lost.length} calls of ${reports.reduce((sum, { made }) => sum + made, 0)} were in the leader's hands`);
  for (const call of lost) {
    t.like(call, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
    t.true(call.madeAt < deposed.at, 'made with a leader');
  }

  for (const worker of others) await worker.until('resync', event => event.reason === 'failover');
  await rig.worker(workerId).do.publish('topic', 'after');
  for (const worker of others) {
    const value = await worker.until('value', event => event.message === 'after');
    const resync = (await worker.eventsOf('resync'))[0]!;
    t.is(value.term, resync.toTerm);
    t.true(worker.events.indexOf(resync) < worker.events.indexOf(value), 'resync comes first');
  }
  await upstream.untilConnections(1);
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
  t.like(await upstream.stats(), { ranTwice: 0, ranStale: 0, topics: { topic: { subscribers: 1 } } });
});

test('one leader after another is killed until one worker is left', async t => {
  const { workers, primary, connections } = await startRig(t, { workers: 4 });
  const terms: number[] = [];
  const survivors = [...workers];
  while (survivors.length > 1) {
    const { term, leader } = (await primary.do.status()).groups[0]!;
    terms.push(term);
    const [dying] = survivors.splice(
      survivors.findIndex(worker => worker.workerId === leader!.workerId),
      1,
    );
    const caller = survivors[0]!;
    dying!.kill();
    const ended: Ended = await caller.do.call('echo', ['still here'], { idempotent: true });
    t.deepEqual(ended, { value: 'still here' });
  }
  t.deepEqual(
    terms,
    [...new Set(terms)].sort((a, b) => a - b),
    'terms grow',
  );
  t.deepEqual(await connections(1), { total: 4, inTurn: true });
});

/**
 * What the machine needs, beside the same load, until a worker that is forked has its first call through: the work of a
 * failover, and the start of a process, which it spares. No timer of the library is among it, so it shows any that is in
 * a failover.
 */
async function startOfWorker(rig: Rig): Promise<number> {
  const from = now();
  const worker = await rig.fork();
  await rig.join(worker);
  await worker.do.call('echo', ['there']);
  const ms = now() - from;
  await worker.do.close();
  await worker.do.unref();
  void worker.do.disconnect();
  await rig.primary.until('exit', ({ workerId }) => workerId === worker.workerId);
  return ms;
}
