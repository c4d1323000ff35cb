// What waits for a process that doesn't read, or may not act, is bounded by its bytes and keeps nothing else alive.

import test from 'ava';
import type { BoundsApi } from '../../fixtures/bounds-worker.js';
import type { RawApi, RawEvent } from '../../fixtures/process-raw.js';
import type { RemoteProcess } from '../../helpers/process/remote.js';
import { type Rig, SHORT_LEASE, startRig } from '../../helpers/process/rig.js';

type Bounded = RemoteProcess<BoundsApi, never>;

const MIB = 2 ** 20;

/** That one worker may be in. */
const MOST_GROUPS = 20_000;

async function fork(rig: Rig, count: number): Promise<Bounded[]> {
  const workers: Bounded[] = [];
  for (let i = 0; i < count; i++) {
    const worker = await rig.forkProgram<BoundsApi, never>({ program: 'bounds-worker.js' });
    await worker.do.ready();
    workers.push(worker);
  }
  return workers;
}

/** Resolves when nothing waits in the primary any more. */
async function allRead(rig: Rig): Promise<void> {
  while ((await rig.primary.do.status()).queuedBytes > 0);
}

test.serial('small values that wait keep nothing of the large ones beside which they came', async t => {
  const COUNT = 1000;
  const rig = await startRig(t, { primary: { maxQueuedBytes: 2 * MIB, serialization: 'advanced', route: 'relay' } });
  const [leader, stalled] = (await fork(rig, 2)) as [Bounded, Bounded];
  await stalled.do.subscribe(COUNT);
  await leader.do.publishBeside(COUNT, 60_000);
  await allRead(rig);
  const before = await rig.primary.do.held();
  stalled.freeze();
  await leader.do.publishBeside(COUNT, 200_000);
  // What it said before has then been read.
  const held = (await rig.primary.do.held()) - before;
  const { queuedBytes } = await rig.primary.do.status();
  t.log(`of 200 MB the primary held ${(held / MIB).toFixed(1)} MiB, and counted ${(queuedBytes / MIB).toFixed(1)} MiB`);
  t.true(queuedBytes < 4 * MIB, `${queuedBytes}`);
  t.true(held < 40 * MIB, `${held}`);
  stalled.thaw();
  // As long as values wait, there may be no room for a result.
  await allRead(rig);
  t.deepEqual(await stalled.do.take(1), 1);
});

test.serial(
  'a leader whose primary stands still holds calls up to its bound, refuses the rest, and runs what it held',
  async t => {
    const BYTES = 100_000;
    const HELD = 64 * MIB;
    const rig = await startRig(t, { primary: { ...SHORT_LEASE, route: 'direct' } });
    const [leader, caller] = (await fork(rig, 2)) as [Bounded, Bounded];
    while ((await caller.do.route()) !== 'direct') await caller.do.take(1);
    await caller.do.fill(500, BYTES, 600_000);
    t.deepEqual(await caller.do.ends(), { ok: 500 });
    const before = await leader.do.held();
    rig.primary.freeze();
    await leader.do.untilHeld();
    const taken = await leader.do.taken();

    // When the next ones come, nobody waits for these any more.
    await caller.do.fill(2000, BYTES, 2000);
    t.true((await leader.do.queuedBytes()) <= HELD + MIB);
    t.is((await caller.do.ends()).ok, undefined);

    let made = 0;
    do made += await caller.do.fill(1, BYTES, 600_000);
    while ((await leader.do.queuedBytes()) > HELD / 2);
    made += await caller.do.fill(2000, BYTES, 600_000);
    const counted = await leader.do.queuedBytes();
    const held = (await leader.do.held()) - before;
    t.log(`the leader held ${(held / MIB).toFixed(1)} MiB, and counted ${(counted / MIB).toFixed(1)} MiB`);
    t.true(counted <= HELD + MIB && counted > HELD - 2 * MIB, `${counted}`);
    t.true(held < HELD + 20 * MIB, `${held}`);
    t.is(await leader.do.taken(), taken, 'it runs none of them');

    rig.primary.thaw();
    const { ok = 0, ...rest } = await caller.do.ends();
    t.deepEqual(rest, { 'ERR_OVERLOADED not-started': made - ok });
    t.true(ok * BYTES > HELD - 2 * MIB, `${ok}`);
    t.is(await leader.do.taken(), taken + ok);
    t.is(await leader.do.queuedBytes(), 0);
    const kept = (await leader.do.held()) - before;
    t.true(kept < 20 * MIB, `${kept}`);
  },
);

test.serial(
  'what one worker makes of groups, addresses and slices is bounded, counted, and given up when it goes',
  async t => {
    const rig = await startRig(t);
    const { primary } = rig;
    const [other] = await fork(rig, 1);
    const raw = await rig.forkProgram<RawApi, RawEvent>({ program: 'process-raw.js', serialization: 'json' });
    await raw.do.greet();
    const join = { k: 'join', eligible: false, priority: 0, handover: 'exclusive', digest: '{}' };
    await raw.do.flood({ ...join, group: 'warm-up' }, 'group', 1000);
    const before = await primary.do.held();
    const held = async () => (await primary.do.held()) - before;

    await raw.do.flood({ ...join, group: 'g' }, 'group', 500_000);
    const ofGroups = await held();
    t.is((await primary.do.status()).groups.length, 1 + MOST_GROUPS);
    t.is((await primary.eventsOf('warning')).length, 1);
    await raw.do.flood({ k: 'address', address: '/nowhere/' }, 'address', 500_000);
    const ofAddresses = (await held()) - ofGroups;
    await raw.do.slice(128, MIB / 2);
    const ofSlices = (await held()) - ofGroups - ofAddresses;
    t.is((await primary.do.status()).queuedBytes, 64 * MIB);
    t.log(`the primary held ${[ofGroups, ofAddresses, ofSlices].map(bytes => (bytes / MIB).toFixed(1))} MiB`);
    t.true(ofGroups < MOST_GROUPS * 6000, `${ofGroups}`);
    t.true(ofAddresses < 5 * MIB, `${ofAddresses}`);
    t.true(ofSlices < 70 * MIB, `${ofSlices}`);
    t.is(await other!.do.take(7), 7);

    raw.kill();
    await primary.until('exit');
    const { groups, queuedBytes } = await primary.do.status();
    t.deepEqual([groups.length, queuedBytes], [1, 0]);
    const kept = await held();
    t.true(kept < 10 * MIB, `${kept}`);
  },
);
