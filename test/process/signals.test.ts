// resignOn: the worker hands leadership over on the signal, and then that does what it would have done.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { startRig } from '../helpers/process/rig.js';

const PLAIN = fileURLToPath(new URL('../fixtures/process-plain.js', import.meta.url));

const RESIGNING = { resignOn: ['SIGTERM'] as NodeJS.Signals[], saysBye: true };

test.serial(
  'SIGTERM makes the leader hand over under load, and then die of the signal: no call of the others fails',
  async t => {
    const { leader, followers, upstream, primary, connections } = await startRig(t, { workers: 3, client: RESIGNING });
    for (const worker of followers) await worker.do.startLoad(`load-${worker.workerId}`, 4);
    for (const worker of followers) await worker.do.moreLoad(20);
    const { term } = await leader.do.status();
    leader.kill('SIGTERM');
    t.like(await primary.until('exit'), { workerId: leader.workerId, code: null, signal: 'SIGTERM' });
    t.is((await leader.eventsOf('closed')).length, 1);
    for (const worker of followers) await worker.do.moreLoad(20);
    for (const worker of followers) t.deepEqual((await worker.do.stopLoad()).failed, []);
    t.true((await upstream.executed()).some(({ id }) => id === `bye-${term}`));
    t.like(await primary.eventsOf('deposed'), [{ cause: 'resigned' }]);
    t.deepEqual(await connections(1), { total: 2, inTurn: true });
  },
);

test.serial('SIGTERM for every worker at once, as when a service stops', async t => {
  const { workers, upstream, primary } = await startRig(t, { workers: 4, client: RESIGNING });
  for (const worker of workers) worker.kill('SIGTERM');
  for (const { workerId } of workers) {
    t.like(await primary.until('exit', event => event.workerId === workerId), { signal: 'SIGTERM' });
  }
  await upstream.untilConnections(0);
  t.deepEqual((await primary.do.status()).groups, []);
});

test.serial('where the app has its own handler, the worker goes on as a follower until the app closes it', async t => {
  const { leader, followers, primary, connections } = await startRig(t, { workers: 3, client: RESIGNING });
  await leader.do.onSignal('SIGTERM');
  leader.kill('SIGTERM');
  await leader.until('follower');
  await leader.until('signal');
  t.deepEqual(await leader.do.call('echo', [1]), { value: 1 });
  t.is((await primary.do.status()).groups[0]!.members.length, 3);
  // Nobody else is left to lead: it does so again, until it is closed.
  for (const { workerId, pid } of followers) {
    process.kill(pid, 'SIGKILL');
    await primary.until('exit', event => event.workerId === workerId);
  }
  t.deepEqual(await leader.do.call('echo', [2]), { value: 2 });
  t.like(await leader.do.status(), { role: 'leader', leader: { workerId: leader.workerId } });
  await leader.do.close();
  t.deepEqual(await primary.eventsOf('exit').then(exits => exits.length), 2);
  t.like(await connections(0), { inTurn: true });
});

test.serial(
  'SIGTERM for every worker at once, each with requests in flight: all their calls are answered until each closes',
  async t => {
    const { workers, primary, connections } = await startRig(t, { workers: 3, client: RESIGNING });
    for (const worker of workers) await worker.do.onSignal('SIGTERM');
    for (const worker of workers) await worker.do.startLoad(`load-${worker.workerId}`, 4);
    for (const worker of workers) await worker.do.moreLoad(20);
    for (const worker of workers) worker.kill('SIGTERM');
    for (const worker of workers) await worker.until('signal');
    for (const worker of workers) await worker.do.moreLoad(50);
    // One after the other has answered its requests, and closes.
    const left = [...workers];
    while (left.length > 0) {
      for (const worker of left) await worker.do.moreLoad(20);
      const worker = left.shift()!;
      t.deepEqual((await worker.do.stopLoad()).failed, []);
      await worker.do.close();
    }
    t.deepEqual((await primary.do.status()).groups, []);
    t.true((await connections(0)).inTurn);
  },
);

test.serial('a handler of the app that listens once counts too, and the next signal ends the worker', async t => {
  const { leader, followers, primary } = await startRig(t, { workers: 3, client: RESIGNING });
  const [other] = followers;
  await leader.do.onSignal('SIGTERM', 'once');
  leader.kill('SIGTERM');
  await leader.until('follower');
  t.deepEqual(await other.do.call('echo', [1]), { value: 1 });
  t.deepEqual(await leader.do.call('echo', [1]), { value: 1 });
  t.deepEqual(await primary.eventsOf('exit'), []);
  leader.kill('SIGTERM');
  t.like(await primary.until('exit'), { workerId: leader.workerId, signal: 'SIGTERM' });
});

test.serial('without resignOn no signal is handled', async t => {
  const { leader, followers, primary } = await startRig(t, { workers: 3 });
  leader.kill('SIGTERM');
  t.like(await primary.until('exit'), { signal: 'SIGTERM' });
  t.like(await primary.until('deposed'), { cause: 'exited' });
  t.deepEqual(await followers[0].do.call('echo', [1]), { value: 1 });
});

test.serial('after close() a signal is no affair of ours any more', async t => {
  const { leader, followers, primary } = await startRig(t, { workers: 2, client: RESIGNING });
  await followers[0].do.close();
  followers[0].kill('SIGTERM');
  t.like(await primary.until('exit'), { workerId: followers[0].workerId, signal: 'SIGTERM' });
  t.deepEqual(await leader.do.call('echo', [1]), { value: 1 });
});

test.serial('eleven clients of a worker, all with one AbortSignal, make Node warn of no leak', async t => {
  const rig = await startRig(t);
  const names = Array.from({ length: 11 }, (_, i) => `client-${i}`);
  const resignOn: NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];
  const workers = await rig.forkMany(2);
  for (const worker of workers) for (const name of names) await rig.join(worker, { name, resignOn });
  for (const worker of workers) {
    for (const name of names) t.deepEqual(await worker.do.ready(name), {});
    t.like(await worker.do.resources(), { process: { SIGTERM: 1, SIGINT: 1 } });
    const { listeners, ends } = await worker.do.shareSignal();
    t.is(listeners, 1);
    t.is(ends.filter(({ error }) => error?.name === 'AbortError').length, names.length);
    t.is(ends.filter(({ value }) => value === 1).length, names.length);
    worker.kill('SIGTERM');
    t.like(await rig.primary.until('exit', event => event.workerId === worker.workerId), { signal: 'SIGTERM' });
  }
  // What a process writes, such as a warning of Node's, fails the test when the rig ends.
});

/** Runs a plain process that resigns on a signal, as process 1 of a container. */
const runAsFirst = (signal: string) =>
  spawnSync('unshare', ['--pid', '--fork', process.execPath, PLAIN, 'resign', signal], { encoding: 'utf8' });

const mayUnshare = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;

(mayUnshare ? test.serial : test.serial.skip)(
  'process 1 of a container ends on a signal that the kernel drops for it',
  t => {
    t.like(runAsFirst('SIGTERM'), { status: 143, stdout: 'closed in process 1\n' });
    t.like(runAsFirst('SIGHUP'), { status: 129 });
    t.like(runAsFirst('SIGWINCH'), { status: 0, stdout: 'closed in process 1\nlives\n' });
  },
);
