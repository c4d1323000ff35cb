// Other libraries use the same channel: their messages pass untouched, and they hear nothing of ours.

import test from 'ava';
import { startRig } from '../helpers/process/rig.js';

const FOREIGN: readonly unknown[] = [
  null,
  0,
  false,
  '',
  'text',
  [],
  [null],
  {},
  { type: 'process:msg', data: { a: 1 } },
  { cmd: 'other', topic: 'x' },
  { $csc2: 1 },
  { nested: { $csc: 1 } },
  { c: [{ k: 'hello' }], d: [] },
];

for (const serialization of ['json', 'advanced'] as const) {
  test.serial(`foreign messages and null pass untouched in both directions, ${serialization}`, async t => {
    const { leader, followers, workers, primary } = await startRig(t, { workers: 3, primary: { serialization } });
    for (const worker of workers) await worker.do.listen();
    await primary.do.listen();
    await followers[0].do.startLoad('load', 4);
    for (const message of FOREIGN) {
      for (const worker of workers) {
        await worker.do.send([message]);
        await primary.do.send(worker.workerId, [message]);
      }
    }
    await primary.do.send(leader.workerId, ['the last']);
    await leader.until('message', ({ message }) => message === 'the last');
    for (const worker of workers) t.deepEqual(await worker.do.call('echo', ['still']), { value: 'still' });
    t.deepEqual((await followers[0].do.stopLoad()).failed, []);

    const toPrimary = await primary.eventsOf('message');
    const sides = [
      ...(await Promise.all(workers.map(worker => worker.eventsOf('message')))),
      ...workers.map(worker => toPrimary.filter(({ workerId }) => workerId === worker.workerId)),
    ];
    for (const events of sides) {
      const messages = events.map(({ message }) => message);
      t.deepEqual(
        messages.filter(message => message !== 'the last'),
        FOREIGN,
      );
    }
    t.deepEqual(await primary.eventsOf('warning'), []);
    for (const worker of workers) t.deepEqual(await worker.eventsOf('warning'), []);
  });
}
