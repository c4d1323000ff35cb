// The direct road between real processes.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { startRig } from '../helpers/process-rig.js';

test.serial('no frame of a thousand calls passes the primary', async t => {
  const { followers, primary } = await startRig(t, { workers: 2, primary: { road: 'direct' } });
  const [follower] = followers;
  // Calls go by the relay until the connection stands.
  while ((await follower.do.status()).road !== 'direct') await follower.do.call('echo', [1]);
  // Its answer comes after the last frame about the change of road, which is the relay's.
  t.deepEqual(await follower.do.call('echo', [2]), { value: 2 });
  const before = await primary.do.status();
  const ended = await follower.do.callMany(1000, 'direct');
  t.true(ended.every(({ error }) => error === undefined));
  const after = await primary.do.status();
  t.is(after.messages - before.messages, 0);
  t.is(after.bytes - before.bytes, 0);
});

test.serial('a leader whose socket somebody removes is reached by another one soon', async t => {
  const rig = await startRig(t, { workers: 2, primary: { road: 'direct' } });
  while ((await rig.followers[0].do.status()).road !== 'direct') await rig.followers[0].do.call('echo', [1]);
  const [removed] = rig.temporary();
  rmSync(join(rig.temporaryFolder, removed!), { recursive: true });
  const late = await rig.fork();
  await rig.join(late);
  while ((await late.do.status()).road !== 'direct') t.deepEqual(await late.do.call('echo', [2]), { value: 2 });
  t.is((await rig.followers[0].do.status()).road, 'direct');
  const [made, ...others] = rig.temporary();
  t.not(made, removed);
  t.deepEqual(others, []);
});

test.serial('on the relay each call passes it twice', async t => {
  const { followers, primary } = await startRig(t, { workers: 2, primary: { road: 'relay' } });
  const before = await primary.do.status();
  await followers[0].do.callMany(1000, 'relayed');
  t.is((await primary.do.status()).messages - before.messages, 2000);
});
