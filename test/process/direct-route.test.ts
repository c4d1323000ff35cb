// The direct route between real processes.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { GroupsApi } from '../fixtures/process-groups.js';
import { startRig } from '../helpers/process/rig.js';

test.serial('no frame of a thousand calls passes the primary', async t => {
  const { followers, primary } = await startRig(t, { workers: 2, primary: { route: 'direct' } });
  const [follower] = followers;
  // Calls go by the relay until the connection stands.
  while ((await follower.do.status()).route !== 'direct') await follower.do.call('echo', [1]);
  // Its answer comes after the last frame about the change of route, which is the relay's.
  t.deepEqual(await follower.do.call('echo', [2]), { value: 2 });
  const before = await primary.do.status();
  const ended = await follower.do.callMany(1000, 'direct');
  t.true(ended.every(({ error }) => error === undefined));
  const after = await primary.do.status();
  t.is(after.messages - before.messages, 0);
  t.is(after.bytes - before.bytes, 0);
});

test.serial('a leader whose socket somebody removes is reached by another one soon', async t => {
  const rig = await startRig(t, { workers: 2, primary: { route: 'direct' } });
  while ((await rig.followers[0].do.status()).route !== 'direct') await rig.followers[0].do.call('echo', [1]);
  const [removed] = rig.temporary();
  rmSync(join(rig.temporaryFolder, removed!), { recursive: true });
  const late = await rig.fork();
  await rig.join(late);
  while ((await late.do.status()).route !== 'direct') t.deepEqual(await late.do.call('echo', [2]), { value: 2 });
  t.is((await rig.followers[0].do.status()).route, 'direct');
  const [made, ...others] = rig.temporary();
  t.not(made, removed);
  t.deepEqual(others, []);
});

test.serial('on the relay each call passes it twice', async t => {
  const { followers, primary } = await startRig(t, { workers: 2, primary: { route: 'relay' } });
  const before = await primary.do.status();
  await followers[0].do.callMany(1000, 'relayed');
  t.is((await primary.do.status()).messages - before.messages, 2000);
});

// Only Linux lists what a process has open.
const linux = process.platform === 'linux' ? test.serial : test.skip;

linux('200 groups of 4 workers share the connections between each two of them', async t => {
  const rig = await startRig(t, { primary: { route: 'direct' } });
  const workers = await Promise.all(
    [1, 2, 3, 4].map(() => rig.forkProgram<GroupsApi, never>({ program: 'process-groups.js' })),
  );
  await Promise.all(workers.map(worker => worker.do.create(200)));
  const direct = async () => {
    const routes = await Promise.all(workers.map(worker => worker.do.routes()));
    return routes.reduce((sum, { direct = 0 }) => sum + direct, 0);
  };
  while ((await direct()) < 600) await sleep(50);
  for (const worker of workers) t.is(await worker.do.callAll(), 200);
  const sockets = await Promise.all(workers.map(worker => worker.do.sockets()));
  t.true(Math.max(...sockets) < 30, `${sockets}`);
  await Promise.all(workers.map(worker => worker.do.close()));
  while (Math.max(...(await Promise.all(workers.map(worker => worker.do.sockets())))) > 6) await sleep(50);
});
