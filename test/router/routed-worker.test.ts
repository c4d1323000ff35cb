import test from 'ava';
import { Kind } from '../../lib/protocol/messages.js';
import { commonVersion, RoutedWorker } from '../../lib/router/routed-worker.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { bundle } from '../helpers/unit/frames.js';
import { FakePrimaryEnd } from '../helpers/unit/primary.js';

function setUp(probe: unknown = new Uint8Array(1)) {
  const clock = new UnitClock();
  const end = new FakePrimaryEnd(clock);
  const hello = { k: 'hello', versions: [1], id: 'a', workerId: 3, pid: 7, probe } as const;
  let rooms = 0;
  const worker = new RoutedWorker({ workerId: 3, pid: 7 }, end, hello, 1, clock, 'public', () => rooms++);
  return { clock, end, worker, rooms: () => rooms };
}

const withBytes = () => ({
  ...bundle({ term: 1 }, { kind: Kind.RESULT, id: 1 }),
  h: [Kind.RESULT, 1, 1, 1],
  p: [Buffer.from('hi')],
});

test('bytes travel as they are where the probe of the hello arrived as bytes, and as base64 elsewhere', t => {
  for (const [probe, part] of [
    [new Uint8Array(1), Buffer.from('hi')],
    [{ 0: 0 }, { b: 'aGk=' }],
  ]) {
    const { clock, end, worker } = setUp(probe);
    worker.outbox.data(withBytes());
    clock.tick();
    t.deepEqual(end.sent[0]?.packet.d?.[0]?.p, [part] as never);
  }
});

test('what it is told leaves on its own channel, and room is reported once data was written', t => {
  const { clock, end, worker, rooms } = setUp();
  worker.sendControl({ k: 'ack', n: 1 });
  clock.tick();
  t.is(end.sent[0]?.workerId, 3);
  t.is(rooms(), 0);
  worker.outbox.data(withBytes());
  clock.tick();
  t.is(rooms(), 1);
});

test('nothing leaves or is kept once it is closed', t => {
  const { clock, end, worker } = setUp();
  worker.backlog.keep(bundle({ term: 1 }, { kind: Kind.VALUE, id: 1 }));
  worker.sendControl({ k: 'ack', n: 1 });
  worker.close();
  worker.outbox.data(withBytes());
  clock.tick();
  t.deepEqual(end.sent, []);
  t.false(worker.isOpen);
  t.is(worker.backlog.size, 0);
});

test('of the versions that both speak the newest is taken', t => {
  t.is(commonVersion([2, 1, 0]), 1);
  t.is(commonVersion([]), undefined);
  t.is(commonVersion([2]), undefined);
});
