// The same values arrive, however a channel writes them.

import test from 'ava';
import { startRig } from '../helpers/process/rig.js';

for (const serialization of ['json', 'advanced'] as const) {
  test.serial(`all values arrive the same, ${serialization}`, async t => {
    const { workers } = await startRig(t, { workers: 3, primary: { serialization } });
    for (const worker of workers) t.deepEqual(await worker.do.differing(), []);
    t.deepEqual(await workers[1]!.do.differing('large'), []);
  });
}

test.serial('setupPrimary({ serialization }) after other settings keeps those', async t => {
  const rig = await startRig(t, { primary: false });
  const before = await rig.fork({ serialization: 'json' });
  await rig.primary.do.setup({ serialization: 'advanced' });
  const after = await rig.fork();
  for (const worker of [before, after]) await rig.join(worker);
  for (const worker of [before, after]) t.deepEqual(await worker.do.differing(), []);
});

test.serial('workers of both kinds in one cluster, each of them as leader', async t => {
  const rig = await startRig(t);
  const kinds = ['json', 'advanced', 'json'] as const;
  const workers = [];
  for (const serialization of kinds) {
    const worker = await rig.fork({ serialization });
    await rig.join(worker);
    workers.push(worker);
  }
  for (const leader of workers) {
    await rig.primary.do.transfer('probe', leader.workerId);
    t.like(await leader.do.status(), { role: 'leader' });
    for (const worker of workers)
      t.deepEqual(await worker.do.differing(), [], `${worker.workerId} by ${leader.workerId}`);
  }
  await rig.primary.do.transfer('probe', workers[1]!.workerId);
  t.deepEqual(await workers[0]!.do.differing('large'), []);
  await rig.primary.do.transfer('probe', workers[0]!.workerId);
  t.deepEqual(await workers[1]!.do.differing('large'), []);
});

test.serial('errors arrive with class, code and outcome, over both kinds', async t => {
  const rig = await startRig(t);
  for (const serialization of ['json', 'advanced'] as const) await rig.join(await rig.fork({ serialization }));
  for (const worker of rig.workers) {
    t.like((await worker.do.call('refuse', ['no'])).error, { name: 'RangeError', code: 'EPROBE', message: 'no' });
    for (const method of ['nothing', '_private', 'constructor', 'hasOwnProperty', '__proto__']) {
      t.like((await worker.do.call(method)).error, { code: 'ERR_UNKNOWN_METHOD', outcome: 'not-started' }, method);
    }
  }
});
