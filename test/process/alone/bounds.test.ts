// What waits for a process that doesn't read, or may not act, is bounded by its bytes and keeps nothing else alive.

import test from 'ava';
import type { BoundsApi } from '../../fixtures/bounds-worker.js';
import type { RemoteProcess } from '../../helpers/process-remote.js';
import { type Rig, startRig } from '../../helpers/process-rig.js';

type Bounded = RemoteProcess<BoundsApi, never>;

const MIB = 2 ** 20;

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

/** Bytes outside of its heap are given back by the next collection. */
async function heldBy({ do: of }: Pick<RemoteProcess<{ held(): number }, never>, 'do'>): Promise<number> {
  await of.held();
  return of.held();
}

test.serial('small values that wait keep nothing of the large ones beside which they came', async t => {
  const COUNT = 1000;
  const rig = await startRig(t, { primary: { maxQueuedBytes: 2 * MIB, serialization: 'advanced', road: 'relay' } });
  const [leader, stalled] = (await fork(rig, 2)) as [Bounded, Bounded];
  await stalled.do.subscribe(COUNT);
  await leader.do.publishBeside(COUNT, 60_000);
  await allRead(rig);
  const before = await heldBy(rig.primary);
  stalled.freeze();
  await leader.do.publishBeside(COUNT, 200_000);
  // What it said before has then been read.
  const held = (await heldBy(rig.primary)) - before;
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
  'a leader whose primary stands still holds calls within its bound, and drops those that are late',
  async t => {
    const rig = await startRig(t, { primary: { road: 'direct', leaderTimeoutMs: 1500 } });
    const [leader, caller] = (await fork(rig, 2)) as [Bounded, Bounded];
    while ((await caller.do.road()) !== 'direct') await caller.do.take(1);
    await caller.do.callLate(500, 10_000);
    const before = await heldBy(leader);
    rig.primary.freeze();
    // Until the lease is over.
    while ((await caller.do.callLate(100, 1)).ok !== undefined);
    const ends = await caller.do.callLate(20_000, 10_000);
    const held = (await heldBy(leader)) - before;
    t.log(`of 200 MB of calls the leader held ${(held / MIB).toFixed(1)} MiB; they ended ${JSON.stringify(ends)}`);
    t.true(held < 64 * MIB + 50 * MIB, `${held}`);
    t.is(ends.ok, undefined);
    rig.primary.thaw();
    t.is(await caller.do.take(7), 7);
  },
);
