// The contract over real processes, and what Node does that the contract can't name.

import test, { type ExecutionContext } from 'ava';
import { buildClusterRig, type ClusterRig, type ProcessParty } from '../helpers/transport/cluster-rig.js';
import { testTransport } from '../helpers/transport/contract.js';

testTransport('cluster', () => buildClusterRig('advanced'));
// How a worker ends has nothing to do with the serialization.
testTransport('cluster, json', () => buildClusterRig('json'), { processes: false });

for (const serialization of ['advanced', 'json'] as const) {
  test.serial(`internal messages keep their order among public ones and handles, ${serialization}`, async t => {
    const { rig, worker } = await start(t, serialization);
    const ways = ['internal', 'public', 'internal', 'internal', 'public'] as const;
    for (const [i, via] of ways.entries()) {
      if (i % 2 === 0) await rig.primary.ask({ do: 'send-handle', workerId: worker.workerId });
      await Promise.all([
        worker.do({ do: 'send', via, first: 1 + 100 * i, count: 100 }),
        rig.primary.do({ do: 'send', via, to: worker.workerId, first: 1 + 100 * i, count: 100 }),
      ]);
    }
    await Promise.all([rig.primary.untilSeen('message', 501), worker.untilSeen('message', 500)]);
    for (const party of [rig.primary, worker]) {
      const seen = party.events.flatMap(event => (event.kind === 'message' && event.n > 0 ? [event] : []));
      t.deepEqual(
        seen.map(({ n, via = 'public' }) => [n, via]),
        ways.flatMap((via, i) => Array.from({ length: 100 }, (_, n) => [1 + 100 * i + n, via])),
      );
    }
  });
}

test.serial(
  'a worker that dies with a handle unacknowledged is closed, and what waited behind it counts as written',
  async t => {
    const { rig, worker } = await start(t);
    worker.freeze();
    await rig.primary.ask({ do: 'send-handle', workerId: worker.workerId });
    const waiting = rig.primary.send({ to: worker.workerId, count: 3 });
    await rig.primary.do({ do: 'kill', workerId: worker.workerId });
    t.deepEqual((await waiting).calls, [1, 1, 1]);
    await rig.primary.untilSeen('exited');
    t.deepEqual(rig.primary.kinds, ['message', 'closed', 'exited']);
  },
);

test.serial('a dead worker whose child holds the channel open is closed all the same', async t => {
  const { rig, worker } = await start(t);
  const child = (await worker.ask({ do: 'lend-channel' })) as number;
  worker.kill();
  await rig.primary.untilSeen('exited');
  process.kill(child, 'SIGKILL');
  await rig.primary.send({ to: worker.workerId, count: 1 });
  t.deepEqual(rig.primary.kinds, ['message', 'closed', 'exited']);
});

test.serial('a worker that the primary disconnects is reached until its channel has closed', async t => {
  const { rig, worker } = await start(t);
  worker.freeze();
  await rig.primary.ask({ do: 'disconnect-worker', workerId: worker.workerId });
  const waiting = rig.primary.send({ to: worker.workerId, count: 2 });
  await rig.primary.do({ do: 'release' }); // its answer shows that the command before it ran
  worker.thaw();
  t.deepEqual((await waiting).calls, [1, 1]);
  await worker.untilSeen('closed');
  t.deepEqual(worker.events.at(-1), { kind: 'closed', intended: true });
  await rig.primary.untilSeen('closed');
  worker.kill();
  await rig.primary.untilSeen('exited');
  t.deepEqual(rig.primary.kinds, ['message', 'closed', 'exited']);
});

async function start(
  t: ExecutionContext,
  serialization: 'advanced' | 'json' = 'advanced',
): Promise<{ rig: ClusterRig; worker: ProcessParty }> {
  const rig = await buildClusterRig(serialization);
  t.teardown(() => rig.close());
  await rig.primary.do({ do: 'listen' });
  const worker = await rig.fork();
  await worker.send({ count: 1 });
  await rig.primary.untilSeen('message');
  return { rig, worker };
}
