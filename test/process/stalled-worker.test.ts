// A worker that doesn't read: the primary keeps no more than it may for it.

import test from 'ava';
import { startRig, type WorkerProcess } from '../helpers/process/rig.js';

const MIB = 2 ** 20;

test.serial('values for a frozen worker are conflated to the newest, and the primary stays small', async t => {
  const { followers, primary, leader, connections } = await startRig(t, {
    workers: 3,
    primary: { maxQueuedBytes: 256 * 1024 },
  });
  const [publisher, stalled] = followers as [WorkerProcess, WorkerProcess];
  for (const worker of [publisher, stalled]) t.deepEqual(await worker.do.subscribe('topic'), {});
  await publisher.do.publish('topic', 'first');
  await stalled.until('value');
  const before = await primary.do.memory();

  stalled.freeze();
  const count = 600;
  await publisher.do.flood('topic', count, 20_000);
  await publisher.until('value', ({ message }) => numberOf(message) === count);
  const { queuedBytes } = await primary.do.status();
  t.log(`${count * 20_000} bytes were published, ${queuedBytes} wait`);
  // A megabyte is always free, and another may be on its way.
  t.true(queuedBytes <= 2 * MIB, `${queuedBytes}`);
  const grown = (await primary.do.memory()) - before;
  t.log(`the primary has grown by ${(grown / MIB).toFixed(0)} MiB`);
  t.true(grown < 150 * MIB, `${grown}`);

  stalled.thaw();
  const newest = await stalled.until('value', ({ message }) => numberOf(message) === count);
  const resync = await stalled.until('resync');
  t.is(resync.reason, 'overload');
  t.true(stalled.events.indexOf(resync) < stalled.events.indexOf(newest), 'told before the value');
  t.true((await stalled.eventsOf('value')).length < count);
  const numbers = (await stalled.eventsOf('value')).map(({ message }) => numberOf(message));
  t.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
    'in order',
  );
  t.is((await publisher.eventsOf('value')).length, count + 1, 'who reads misses nothing');
  t.deepEqual(await publisher.eventsOf('resync'), []);

  await publisher.do.publish('topic', { n: count + 1 });
  await stalled.until('value', ({ message }) => numberOf(message) === count + 1);
  t.is((await primary.do.status()).queuedBytes, 0);
  t.deepEqual(await primary.eventsOf('deposed'), []);
  t.like(await leader.do.status(), { role: 'leader' });
  t.deepEqual(await connections(1), { total: 1, inTurn: true });
});

test.serial('calls for a frozen leader are refused beyond the limit, and the others end as its death says', async t => {
  const { leader, followers, primary } = await startRig(t, {
    workers: 2,
    primary: { maxQueuedBytes: 256 * 1024 },
  });
  const [caller] = followers;
  leader.freeze();
  const pad = 'x'.repeat(100_000);
  const calls = Array.from({ length: 60 }, (_, i) => caller.do.call('echo', [pad, `call-${i}`]));
  // Answered in order, so that all before it have come to the primary.
  t.like((await calls.at(-1)!).error, { code: 'ERR_OVERLOADED', outcome: 'not-started' });
  t.true((await primary.do.status()).queuedBytes <= 2 * MIB);
  leader.kill();
  const ended = await Promise.all(calls);
  const codes = ended.map(({ error }) => error?.code ?? 'ok');
  t.deepEqual([...new Set(codes)].sort(), ['ERR_LEADER_LOST', 'ERR_OVERLOADED', 'ok']);
  const kept = codes.filter(code => code === 'ok').length;
  t.log(`${kept} of 60 calls had not left the primary, and went to the next leader`);
  t.true(kept * pad.length <= 2 * MIB);
});

const numberOf = (message: unknown): number => (message as { n?: number }).n ?? 0;
