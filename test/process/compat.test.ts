// An app written for cluster-client, on a real cluster and under PM2: three clients in each of three workers, and one
// real client.

import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { CompatApi, CompatEvent } from '../fixtures/process-compat.js';
import { MAJORS, startPm2 } from '../helpers/pm2/process.js';
import type { RemoteProcess } from '../helpers/process/remote.js';
import { startRig } from '../helpers/process/rig.js';

type CompatProcess = RemoteProcess<CompatApi, CompatEvent>;

const CLIENTS = [0, 1, 2];

test.serial('clients of several workers share one real client, and go on when its worker is killed', async t => {
  const rig = await startRig(t, { primary: {} });
  const workers: CompatProcess[] = [];
  for (let i = 0; i < 3; i++) {
    const worker = await rig.forkProgram<CompatApi, CompatEvent>({ program: 'process-compat.js' });
    await worker.do.create(CLIENTS.length);
    workers.push(worker);
  }
  t.deepEqual(await rig.upstream.untilConnections(1), { live: 1, total: 1, highest: 1 });
  t.deepEqual(await Promise.all(workers.map(worker => worker.do.leading())), [
    [true, false, false],
    [false, false, false],
    [false, false, false],
  ]);

  for (const worker of workers) worker.do.publish('registry', worker.workerId);
  await workers[2]!.do.publish('news', 'before');
  await received(workers, 'before');
  for (const worker of workers) t.deepEqual(await worker.do.get('set'), ['value', 'value', 'value']);

  const [killed, ...rest] = workers as [CompatProcess, ...CompatProcess[]];
  killed.kill();
  await rig.primary.until('appointed', ({ workerId }) => workerId !== killed.workerId);
  // A call waits until the next leader's real client is open.
  t.deepEqual(await rest[0]!.do.get('set'), ['value', 'value', 'value']);
  t.is((await rig.upstream.untilConnections(1)).total, 2);
  await rest[1]!.do.publish('news', 'after');
  await received(rest, 'after');

  const said = (await rig.upstream.executed()).filter(({ op }) => op === 'publish');
  const bySecond = said.filter(({ connection }) => connection === 2).map(({ id }) => id);
  t.deepEqual(bySecond.sort(), ['2', '3', 'after', 'before'].sort());
  t.is((await rig.upstream.stats()).topics.news?.subscribers, 1);
  t.is((await Promise.all(rest.map(worker => worker.do.leading()))).flat().filter(Boolean).length, 1);
});

for (const major of MAJORS) {
  test.serial(`pm2 ${major}: the same, without a word in any script`, async t => {
    const pm2 = await startPm2(t, major);
    const script = fileURLToPath(new URL('../fixtures/process-compat.js', import.meta.url));
    const workers = [...(await pm2.run({ instances: 3, pm2: { script } }))] as unknown as CompatProcess[];
    await Promise.all(workers.map(worker => worker.do.create(CLIENTS.length)));
    t.is((await pm2.upstream.untilConnections(1)).total, 1);
    const leading = await Promise.all(workers.map(worker => worker.do.leading()));
    t.is(leading.flat().filter(Boolean).length, 1);
    await workers[0]!.do.publish('news', 'before');
    await received(workers, 'before');

    const at = leading.findIndex(clients => clients[0]);
    const [killed] = workers.splice(at, 1) as [CompatProcess];
    killed.kill();
    await killed.gone;
    // A call that is made before its worker knows may be lost with the leader; a publication is said to the next one.
    await workers[0]!.do.publish('news', 'after');
    await received(workers, 'after');
    t.is((await pm2.upstream.untilConnections(1)).total, 2);
    for (const worker of workers) t.deepEqual(await worker.do.get('set'), ['value', 'value', 'value']);
  });
}

/** Each client of each worker. */
async function received(workers: readonly CompatProcess[], message: string): Promise<void> {
  await Promise.all(
    workers.flatMap(worker =>
      CLIENTS.map(client => worker.until('heard', event => event.client === client && event.message === message)),
    ),
  );
}
