// The primary dies, or the app closes its channel to a worker.

import test from 'ava';
import { type Rig, startRig } from '../helpers/process/rig.js';

const LOST = { code: 'ERR_PRIMARY_LOST', outcome: 'unknown' };

test.serial(
  'when the primary is killed, calls end, the real client is closed in time and the workers exit with 0',
  async t => {
    const rig = await startRig(t, { workers: 3, client: { saysBye: true } });
    const { leader, workers, upstream, primary } = rig;
    const calls = workers.map(worker => worker.do.call('hangOnce', [`hanging-${worker.workerId}`]));
    for (const { workerId } of workers) await leader.until('running', ({ id }) => id === `hanging-${workerId}`);
    const { term } = await leader.do.status();
    primary.kill();
    for (const call of calls) t.like((await call).error, LOST);
    await leader.until('closed');
    await Promise.all(workers.map(worker => worker.gone));
    t.like((await upstream.executed()).at(-1), { id: `bye-${term}` });
    await exitedWith(t, rig, 0);
  },
);

test.serial('a real client that never closes delays the exit by drainTimeoutMs', async t => {
  const rig = await startRig(t, { workers: 2, client: { saysBye: true, drainTimeoutMs: 300 } });
  const { leader, workers, upstream, primary } = rig;
  process.kill(upstream.pid!, 'SIGSTOP');
  primary.kill();
  const closing = await leader.until('closing');
  const warning = await leader.until('warning');
  process.kill(upstream.pid!, 'SIGCONT');
  t.regex(warning.message, /drainTimeoutMs, 300 ms/);
  t.true(leader.events.indexOf(closing) < leader.events.indexOf(warning));
  await Promise.all(workers.map(worker => worker.gone));
  t.is((await leader.eventsOf('closed')).length, 0);
  await exitedWith(t, rig, 0);
});

test.serial('a primary that exits by itself leaves its workers in the same way', async t => {
  const rig = await startRig(t, { workers: 3, client: { saysBye: true } });
  const { leader, workers, primary } = rig;
  const call = leader.do.call('hangOnce', ['hanging']);
  await leader.until('running');
  primary.kill('SIGTERM');
  t.like((await call).error, LOST);
  await Promise.all(workers.map(worker => worker.gone));
  t.is((await leader.eventsOf('closed')).length, 1);
  await exitedWith(t, rig, 0);
});

test.serial('a leader that is frozen when its primary dies lets go when it thaws', async t => {
  const rig = await startRig(t, { workers: 3, client: { saysBye: true } });
  const { leader, followers, upstream, primary } = rig;
  leader.freeze();
  const call = followers[0].do.call('echo', ['stale', 'stale']);
  await followers[0].do.status();
  await primary.do.status();
  primary.kill();
  t.like((await call).error, LOST);
  await Promise.all(followers.map(worker => worker.gone));
  await upstream.untilConnections(1);
  leader.thaw();
  await leader.gone;
  await upstream.untilConnections(0);
  t.is((await leader.eventsOf('closed')).length, 1);
  await exitedWith(t, rig, 0);
});

test.serial('where the app called worker.disconnect(), the worker does not exit for us', async t => {
  const { leader, followers, primary, connections } = await startRig(t, { workers: 3 });
  const [away] = followers;
  const hanging = away.do.call('hangOnce', ['hanging']);
  await leader.until('running');
  void away.do.disconnect();
  t.like((await hanging).error, LOST);
  t.like((await away.do.call('echo', ['late'])).error, { code: 'ERR_PRIMARY_LOST', outcome: 'not-started' });
  t.like((await away.do.ready()).error, { code: 'ERR_PRIMARY_LOST' });
  primary.kill();
  for (const worker of [leader, followers[1]!]) await worker.gone;
  t.like(await away.do.status(), { role: 'follower', leader: undefined });
  await away.do.close();
  await away.do.unref();
  await away.gone;
  t.deepEqual(await connections(0), { total: 1, inTurn: true });
});

test.serial('cluster.disconnect() ends workers that share a client, the real client closed', async t => {
  const rig = await startRig(t, { workers: 3, client: { saysBye: true } });
  const { leader, workers, primary } = rig;
  for (const worker of workers) await worker.do.unref();
  await primary.do.disconnectAll();
  await Promise.all(workers.map(worker => worker.gone));
  t.is((await leader.eventsOf('closed')).length, 1);
  await exitedWith(t, rig, 0);
});

/** Nobody reaps them, so it is their own word that counts. */
async function exitedWith(t: { deepEqual(a: unknown, b: unknown): unknown }, rig: Rig, code: number): Promise<void> {
  const codes = rig.exitCodes();
  t.deepEqual(
    rig.workers.map(({ pid }) => codes.get(pid)),
    rig.workers.map(() => code),
  );
}
