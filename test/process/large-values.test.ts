// What is too large for any channel ends one call, and nobody dies of it; what is as large as it may be arrives.

import test from 'ava';
import { startRig } from '../helpers/process/rig.js';

const MIXES = [
  ['json', 'json'],
  ['advanced', 'advanced'],
  ['advanced', 'json'],
  ['json', 'advanced'],
] as const;

for (const [leading, following] of MIXES) {
  test.serial(`420 MB can't travel from a leader on ${leading} to a follower on ${following}`, async t => {
    // To make and to write 420 MB blocks a busy machine for longer than a leader may be silent.
    const rig = await startRig(t, { primary: { leaderTimeoutMs: 60_000 } });
    const leader = await rig.fork({ serialization: leading });
    await rig.join(leader, { timeoutMs: 60_000 });
    const follower = await rig.fork({ serialization: following });
    await rig.join(follower, { timeoutMs: 60_000 });
    for (const worker of [follower, leader]) {
      const refused = { code: 'ERR_NOT_SERIALIZABLE', outcome: 'unknown' };
      for (const kind of ['bytes', 'text'] as const) {
        const { error } = await worker.do.lengthOfResult(kind, 420e6);
        t.like(error, refused);
        t.regex(error!.message, /256 MiB/);
        t.like((await worker.do.lengthOfArgument(kind, 420e6)).error, { ...refused, outcome: 'not-started' });
      }
      const { error } = await worker.do.call('throwLarge', [420e6]);
      t.like(error, { name: 'RangeError' });
      t.true(error!.message.length < 2e6);
    }
    for (const kind of ['bytes', 'text'] as const) {
      t.deepEqual(await follower.do.lengthOfResult(kind, 30e6), { value: 30e6 });
      t.deepEqual(await follower.do.lengthOfArgument(kind, 30e6), { value: 30e6 });
    }
    t.deepEqual(await rig.primary.eventsOf('deposed'), []);
    t.deepEqual(await follower.do.call('echo', [1]), { value: 1 });
  });
}
