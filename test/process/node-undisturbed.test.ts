// Beside a busy library Node's own cluster does what it does without it.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import type { NodeApi, NodeEvent } from '../fixtures/node-worker.js';
import type { RemoteProcess } from '../helpers/process/remote.js';
import { type Rig, startRig } from '../helpers/process/rig.js';

type NodeWorker = RemoteProcess<NodeApi, NodeEvent>;

const PRIMARY = 'node-primary.js';

async function start(t: ExecutionContext, serialization: 'json' | 'advanced'): Promise<[Rig, NodeWorker[]]> {
  const rig = await startRig(t, { primary: { serialization } });
  const workers = await forkBusy(rig);
  return [rig, workers];
}

async function forkBusy(rig: Rig): Promise<NodeWorker[]> {
  const fork = () => rig.forkProgram<NodeApi, NodeEvent>({ program: 'node-worker.js' });
  const workers = await Promise.all([fork(), fork(), fork()]);
  await Promise.all(workers.map(worker => worker.do.start()));
  return workers.sort((a, b) => a.workerId - b.workerId);
}

async function wasBusy(t: ExecutionContext, workers: readonly NodeWorker[]): Promise<void> {
  for (const worker of workers) t.is(await worker.do.stop(), 0);
}

async function samePort(
  t: ExecutionContext,
  workers: readonly NodeWorker[],
  method: 'serve' | 'bind',
): Promise<[number]> {
  const ports = new Set(await Promise.all(workers.map(worker => worker.do[method]())));
  t.is(ports.size, 1);
  return [...ports] as [number];
}

const request = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent: false }, response => resolve(text(response))).on('error', reject);
  });

for (const serialization of ['json', 'advanced'] as const) {
  test.serial(`handles pass in both directions, ${serialization}`, async t => {
    const [rig, workers] = await start(t, serialization);
    for (let i = 0; i < 5; i++) {
      for (const { workerId } of workers) {
        t.is(await rig.primary.do.ask(PRIMARY, 'giveSocket', workerId, `text ${i}`), `text ${i} ${workerId}`);
        t.deepEqual(await rig.primary.do.ask(PRIMARY, 'takeServer', workerId), {
          message: { given: workerId },
          accepts: true,
        });
      }
    }
    for (const worker of workers) t.deepEqual(await worker.eventsOf('message'), []);
    await wasBusy(t, workers);
  });

  test.serial(`workers share a port of TCP and one of UDP, ${serialization}`, async t => {
    const [, workers] = await start(t, serialization);
    const [port] = await samePort(t, workers, 'serve');
    const served = new Set<string>();
    for (let i = 0; i < 30; i++) served.add(await request(port));
    t.deepEqual([...served].sort(), workers.map(({ workerId }) => String(workerId)).sort());

    const [udp] = await samePort(t, workers, 'bind');
    const socket = createSocket('udp4');
    t.teardown(() => socket.close());
    socket.send('hello', udp, '127.0.0.1');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    t.regex(String(answer), /^hello \d+$/);
    await wasBusy(t, workers);
  });
}

test.serial('SCHED_NONE is kept, and workers accept for themselves', async t => {
  const rig = await startRig(t, { primary: false });
  await rig.primary.do.ask(PRIMARY, 'scheduleNone');
  await rig.primary.do.setup({});
  const workers = await forkBusy(rig);
  t.is(await rig.primary.do.ask(PRIMARY, 'policy'), 1);
  const [port] = await samePort(t, workers, 'serve');
  const ids = workers.map(({ workerId }) => String(workerId));
  for (let i = 0; i < 10; i++) t.true(ids.includes(await request(port)));
  await wasBusy(t, workers);
});

test.serial('settings may change again and again, and workers of both kinds work', async t => {
  const [rig, workers] = await start(t, 'json');
  t.deepEqual(await rig.primary.do.ask(PRIMARY, 'changeSettings'), { args: ['9'], serialization: 'json' });
  const later = await rig.forkProgram<NodeApi, NodeEvent>({ program: 'node-worker.js', serialization: 'advanced' });
  await later.do.start();
  await wasBusy(t, [...workers, later]);
});

test.serial('exitedAfterDisconnect and disconnect say what they say without the library', async t => {
  const [rig, [first, second, third]] = await start(t, 'json');
  const ended = (worker: NodeWorker) => rig.primary.do.ask(PRIMARY, 'ended', worker.workerId);
  t.is(await rig.primary.do.ask(PRIMARY, 'disconnect', first!.workerId), true);
  t.like(await first!.until('disconnect'), { exitedAfterDisconnect: true });
  const exits = ended(second!);
  await second!.do.exit();
  t.is(await exits, false);
  const dies = ended(third!);
  third!.kill();
  t.is(await dies, false);
});
