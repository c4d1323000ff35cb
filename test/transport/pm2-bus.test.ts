import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Pm2Bus } from '../../lib/transport/pm2-bus.js';
import type { WorkerEnd, WorkerEndHandlers } from '../../lib/transport/transport.js';
import { systemClock } from '../../lib/utils/clock.js';
import { DaemonSocket, makeHome, placeIn } from '../helpers/pm2/sockets.js';

class Up implements WorkerEnd {
  readonly kind = 'cluster';
  readonly self = { workerId: 5, pid: 55 };
  readonly sent: { type: string; data: { csc: string } }[] = [];
  handlers: WorkerEndHandlers | undefined;
  isClosed = false;

  listen(handlers: WorkerEndHandlers): void {
    this.handlers = handlers;
  }
  send(message: object, written: () => void): void {
    this.sent.push(message as Up['sent'][number]);
    written();
  }
  close(): void {
    this.isClosed = true;
  }
}

function setUp(t: ExecutionContext, home = makeHome(t)) {
  const place = placeIn(home)!;
  const up = new Up();
  const bus = new Pm2Bus({ place, up, clock: systemClock });
  t.teardown(() => bus.close());
  const events: unknown[][] = [];
  const waiting: (() => void)[] = [];
  const note = (...event: unknown[]) => {
    events.push(event);
    for (const go of waiting.splice(0)) go();
  };
  const start = () =>
    bus.listen({
      opened: () => note('opened'),
      message: (message, at) => note('message', message, at),
      exited: (process, at) => note('exited', process, at),
      broken: problem => note('broken', (problem as NodeJS.ErrnoException | undefined)?.code),
      stopping: () => note('stopping'),
      closed: () => note('closed'),
    });
  const next = async (count: number) => {
    while (events.length < count) await new Promise<void>(resolve => waiting.push(resolve));
    return events;
  };
  return { place, up, bus, events, start, next };
}

const ours = { name: 'web', namespace: 'default', pm_id: 1 };
const packet = (more: object) => `j:${JSON.stringify({ at: 9, process: ours, ...more })}`;
const said = (message: object, more: object = {}, of: unknown = '1:1700000000000') =>
  packet({ data: { csc: JSON.stringify(message), of }, ...more });

test('what workers of the app say comes in order, and nothing else of what the daemon tells', async t => {
  const { place, start, next } = setUp(t);
  const daemon = new DaemonSocket(t, place.pubSocket);
  start();
  await next(1);
  await daemon.connected();
  const all = `s:${place.channel}`;
  daemon.write('s:log:out', 'j:not even JSON');
  daemon.write(all, said({ a: 1 }));
  daemon.write(all, said({ a: 2 }, { process: { ...ours, namespace: 'other' } }));
  daemon.write(all, said({ a: 3 }, { process: { ...ours, name: 'other' } }));
  daemon.write(all, said({ a: 4 }, { process: null }));
  for (const broken of [
    packet({ data: { csc: 5 } }),
    packet({}),
    packet({ data: { csc: '{' } }),
    'j:{',
    'j:null',
    'j:5',
  ]) {
    daemon.write(all, broken);
  }
  daemon.write(`${all}-9-9`, said({ a: 5 }));
  daemon.write(`${all}-3-1700000000000`, said({ a: 6 }));
  daemon.write('s:only a name');
  // Another worker passed it on, or nobody knows who said it.
  for (const of of ['2:1700000000000', '11:1700000000000', '', 1, null]) daemon.write(all, said({ a: 8 }, {}, of));
  daemon.write(all, said({ a: 9 }, { process: { ...ours, pm_id: '_old_1' } }));
  daemon.write(all, said({ a: 7 }));
  t.deepEqual(await next(5), [
    ['opened'],
    ['message', { a: 1 }, 9],
    ['message', { a: 6 }, 9],
    ['message', { a: 9 }, 9],
    ['message', { a: 7 }, 9],
  ]);
});

for (const [major, order] of [
  [7, (event: string, process: object | null) => ({ event, process, at: 8 })],
  [6, (event: string, process: object | null) => ({ at: 8, process, event })],
] as const)
  test(`the death of a process of the app comes by the name that it had, as PM2 ${major} tells it`, async t => {
    const { place, start, next } = setUp(t);
    const daemon = new DaemonSocket(t, place.pubSocket);
    start();
    await next(1);
    await daemon.connected();
    const event = (name: string, process: object | null) =>
      daemon.write('s:process:event', `j:${JSON.stringify(order(name, process))}`);
    event('online', { ...ours, pm_uptime: 1 });
    event('online', { ...ours, pm_uptime: 1, app: { event: 'exit' } });
    event('exit', { ...ours, name: 'other', pm_uptime: 1 });
    event('exit', null);
    event('exit', { ...ours, pm_id: '_old_1', pm_uptime: 1 });
    t.deepEqual((await next(2)).slice(1), [['exited', '1:1', 8]]);
  });

test('what goes up has the one shape that the daemon takes', t => {
  const { place, bus, up } = setUp(t);
  const messages: object[] = [{ a: 1 }, [], { type: null, data: null }];
  for (const message of messages) bus.send(message, () => {});
  bus.send({ b: 1 }, () => {}, '9:9');
  for (const { type, data } of up.sent) {
    t.is(typeof type, 'string');
    t.deepEqual(Object.keys(data), ['csc', 'of']);
    t.is(typeof data.csc, 'string');
  }
  t.deepEqual(
    up.sent.map(({ type }) => type),
    [...messages.map(() => place.channel), `${place.channel}-9-9`],
  );
  t.deepEqual(bus.self, { workerId: 5, pid: 55, process: '3:1700000000000' });
});

test('a connection that breaks is told of, and made again', async t => {
  const { place, start, next, events } = setUp(t);
  start();
  await next(2);
  t.deepEqual(events.slice(0, 2), [
    ['broken', 'ENOENT'],
    ['broken', 'ENOENT'],
  ]);
  const daemon = new DaemonSocket(t, place.pubSocket);
  await daemon.connected();
  while (events.at(-1)![0] !== 'opened') await next(events.length + 1);
  daemon.cut();
  await next(events.length + 2);
  t.deepEqual(events.slice(-2), [['broken', undefined], ['opened']]);
});

test('the daemon says when to stop and closes its channel; nothing is told after', async t => {
  const { place, up, start, next, events } = setUp(t);
  const daemon = new DaemonSocket(t, place.pubSocket);
  start();
  await next(1);
  for (const message of [null, { type: 'log:reload' }, 'shutdown', 'ready', 5]) up.handlers!.message(message, 'public');
  up.handlers!.closed({ intended: false, holdExit() {} });
  daemon.write(`s:${place.channel}`, said({ a: 1 }));
  daemon.cut();
  await sleep(100);
  t.deepEqual(events.slice(1), [['stopping'], ['closed']]);
});

test('after close() nothing is left', async t => {
  const { place, up, bus, start, next } = setUp(t);
  const daemon = new DaemonSocket(t, place.pubSocket);
  start();
  await next(1);
  await daemon.connected();
  bus.close();
  bus.close();
  t.true(up.isClosed);
  while (daemon.sockets.size > 0) await sleep(5);
  t.is(await bus.listProcesses(), undefined);
});
