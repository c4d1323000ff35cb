// A worker that doesn't read while much is sent its way: what waits for it is bounded, and the others don't notice.
// BOUNDED_SECONDS and BOUNDED_MB run a longer one: 30 and 1000.

import test from 'ava';
import { median } from 'simple-statistics';
import { startRig, type WorkerProcess } from '../../helpers/process/rig.js';
import { now } from '../../helpers/process/wire.js';

const seconds = Number(process.env.BOUNDED_SECONDS ?? 5);
const megabytes = Number(process.env.BOUNDED_MB ?? 100);

const MIB = 2 ** 20;
const MAX_QUEUED_BYTES = 64 * MIB;
const VALUE_BYTES = 100_000;
const ROUNDS = 10;
/** Before it, and after it, the same with all that read. */
const BESIDE = 4;
const WARM_UP = 6;
/** What V8 lets lie while values come and go: it hurries only when 64 MiB of bytes outside its heap have come. */
const MOST_GARBAGE = 256 * MIB;
const MOST_SLOWING = 1.2;
/** Speed is told apart where a flood takes seconds. In a short run most of them fall into the time in which the queue fills. */
const LONG_MB = 500;

// One at a time: speed is compared.
test.serial(
  `${megabytes} MB sent to a worker that does not read for ${seconds} s stay bounded in the primary`,
  async t => {
    const rig = await startRig(t, { workers: 4 });
    const [publisher, reader, stalled] = rig.followers as [WorkerProcess, WorkerProcess, WorkerProcess];
    for (const worker of [reader, stalled]) t.deepEqual(await worker.do.subscribe('topic'), {});
    let round = 0;
    let most = 0;
    const floods = async (count: number) => {
      const times: number[] = [];
      for (let i = 0; i < count; i++) {
        times.push(await flood(publisher, reader, ++round));
        most = Math.max(most, await rig.primary.do.memory());
      }
      return times;
    };
    // Warms up all buffers, and shows how much garbage V8 leaves of such a flood: what is compared was used before.
    await floods(WARM_UP);
    const caughtUp = () => stalled.until('value', ({ message }) => roundOf(message) === round && isLast(message));
    const usual = await floods(BESIDE);
    await caughtUp();
    const before = { rss: most, held: await rig.primary.do.held() };

    const from = now();
    stalled.freeze();
    const times: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      times.push(...(await floods(1)));
      const { queuedBytes } = await rig.primary.do.status();
      t.true(queuedBytes <= MAX_QUEUED_BYTES + MIB, `${queuedBytes}`);
    }
    // A frozen follower leads nothing, so nothing hurries it.
    while (now() < from + seconds * 1000) await reader.do.call('echo', [1]);
    const held = (await rig.primary.do.held()) - before.held;
    const large = 'x'.repeat(VALUE_BYTES);
    const refused = stalled.do.call('echo', ['late']);
    stalled.thaw();

    await caughtUp();
    t.true((await stalled.eventsOf('resync')).some(({ reason }) => reason === 'overload'));
    t.deepEqual(await refused, { value: 'late' });
    t.deepEqual(await stalled.do.call('echo', [large]), { value: large });
    usual.push(...(await floods(BESIDE)));
    await caughtUp();
    const [alone, beside] = [median(usual), median(times)];
    const kept = (await rig.primary.do.held()) - before.held;
    const grown = most - before.rss;
    t.log(`of ${megabytes} MB sent the primary held ${mib(held)} MiB, and ${mib(kept)} MiB when all was read`);
    t.log(`its RSS rose to ${mib(grown)} MiB above the most that the same floods took where all read`);
    t.log(`a flood took ${alone.toFixed(0)} ms where all read, and ${beside.toFixed(0)} ms beside it (medians)`);
    if (megabytes >= LONG_MB) t.true(beside < MOST_SLOWING * alone, `${beside} ms and not ${alone}`);
    t.true(held < MAX_QUEUED_BYTES + 50e6, `${held}`);
    t.true(grown < MAX_QUEUED_BYTES + MOST_GARBAGE, `${grown}`);
    t.true(kept < 10e6, `${kept}`);
    t.is((await rig.primary.do.status()).queuedBytes, 0);
    t.deepEqual(await rig.primary.eventsOf('deposed'), []);
    t.deepEqual(await reader.eventsOf('resync'), [], 'who reads misses nothing');
  },
);

test.serial('calls for a leader that does not read are refused, once so many bytes wait as may', async t => {
  const rig = await startRig(t, { workers: 2, primary: { maxQueuedBytes: 4 * MIB } });
  const [caller] = rig.followers;
  rig.leader.freeze();
  const pad = 'x'.repeat(VALUE_BYTES);
  const calls = Array.from({ length: 100 }, (_, i) => caller.do.call('echo', [pad, `call-${i}`]));
  // Not always the last: a bundle of one call may find the room that one of several did not.
  const refused = await Promise.race(calls);
  t.like(refused.error, { code: 'ERR_OVERLOADED', outcome: 'not-started' });
  t.true((await rig.primary.do.status()).queuedBytes <= 4 * MIB + VALUE_BYTES);
  rig.leader.thaw();
  const codes = (await Promise.all(calls)).map(({ error }) => error?.code ?? 'ok');
  t.deepEqual([...new Set(codes)].sort(), ['ERR_OVERLOADED', 'ok']);
});

test.serial(
  'a flood of subscriptions that are taken back at once stays bounded where the leader does not read',
  async t => {
    const rig = await startRig(t, { workers: 2, primary: { maxQueuedBytes: 4 * MIB, leaderTimeoutMs: 60_000 } });
    const [follower] = rig.followers;
    await follower.do.floodSubscriptions(10_000);
    t.deepEqual(await follower.do.call('echo', [1]), { value: 1 });
    const before = await rig.primary.do.held();
    rig.leader.freeze();
    await follower.do.floodSubscriptions(150_000);
    // What it said before has then been read.
    t.like((await follower.do.call('echo', ['x'.repeat(8 * MIB)])).error, { code: 'ERR_OVERLOADED' });
    const { queuedBytes } = await rig.primary.do.status();
    t.true(queuedBytes <= 5 * MIB, `${queuedBytes}`);
    const held = (await rig.primary.do.held()) - before;
    t.log(`the primary held ${mib(held)} MiB`);
    t.true(held < 40e6, `${held}`);
    rig.leader.thaw();
    await follower.do.call('echo', [2]);
    t.deepEqual(await follower.do.call('echo', [3]), { value: 3 });
    t.is((await rig.primary.do.status()).queuedBytes, 0);
  },
);

/** Sends a share of it to all subscribers; resolves with the time that it took to be read. */
async function flood(publisher: WorkerProcess, reader: WorkerProcess, round: number): Promise<number> {
  const count = Math.ceil((megabytes * 1e6) / VALUE_BYTES / ROUNDS / 50) * 50;
  const from = now();
  await publisher.do.flood('topic', count, VALUE_BYTES, round);
  await reader.until('value', ({ message }) => roundOf(message) === round && isLast(message));
  return now() - from;
}

const mib = (bytes: number): string => (bytes / MIB).toFixed(0);
const roundOf = (message: unknown): number => (message as { round?: number }).round ?? 0;
const isLast = (message: unknown): boolean => (message as { isLast?: boolean }).isLast ?? false;
