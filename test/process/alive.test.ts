// What keeps a process alive: a call or ready() that waits, and nothing else of ours.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { startRig } from '../helpers/process/rig.js';
import { forkUpstream } from '../helpers/upstream/process.js';

const PLAIN = fileURLToPath(new URL('../fixtures/process-plain.js', import.meta.url));

/** Resolves when the process has ended by itself; rejects where it failed or was told to end. */
const run = async (...args: string[]) => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [PLAIN, ...args]);
  return stdout.trim() + stderr;
};

test.serial('a plain process ends by itself after close()', async t => {
  t.is(await run('close'), 'closed');
});

test.serial('a plain process ends by itself without close(), if the real client holds nothing', async t => {
  t.regex(await run('leave'), /^\d+$/);
});

test.serial('a plain process ends by itself once its connection is closed', async t => {
  const upstream = await forkUpstream();
  t.is(await run('close a connection', upstream.path), '1');
  await upstream.untilConnections(0);
  await upstream.close();
});

test.serial('while a call waits the process lives', async t => {
  t.is(await run('wait'), 'later');
  t.is(await run('expire'), 'ERR_TIMEOUT');
  t.is(await run('wait for ready'), 'ready');
});

test.serial('a worker ends by itself after close() and disconnect()', async t => {
  const { leader, followers, primary } = await startRig(t, { workers: 2 });
  for (const worker of [leader, followers[0]]) {
    await worker.do.subscribe('topic');
    await worker.do.call('echo', [1]);
    await worker.do.close();
    await worker.do.unref();
    void worker.do.disconnect();
    t.like(await primary.until('exit', event => event.workerId === worker.workerId), { code: 0, signal: null });
  }
});

test.serial('a follower ends by itself where its app has unref’d the channel: the library holds nothing', async t => {
  const { followers, primary } = await startRig(t, { workers: 2 });
  const [follower] = followers;
  await follower.do.subscribe('topic');
  await follower.do.unref();
  void follower.do.unrefChannel();
  t.like(await primary.until('exit'), { workerId: follower.workerId, code: 0, signal: null });
});

test.serial('the primary ends by itself once its workers are gone, set up or closed', async t => {
  for (const isClosed of [false, true]) {
    const { workers, primary } = await startRig(t, { workers: 2 });
    if (isClosed) await primary.do.close();
    for (const worker of workers) worker.kill();
    for (const { workerId } of workers) await primary.until('exit', event => event.workerId === workerId);
    await primary.do.unref();
    await primary.gone;
    t.pass();
  }
});

test.serial('close() leaves no timer, listener or handle', async t => {
  const rig = await startRig(t);
  const worker = await rig.fork();
  const before = await worker.do.resources();
  await rig.join(worker, { resignOn: ['SIGTERM'] });
  await worker.do.call('echo', [1]);
  await worker.do.subscribe('topic');
  t.notDeepEqual(await worker.do.resources(), before);
  await worker.do.close();
  t.deepEqual(await worker.do.resources(), before);
});
