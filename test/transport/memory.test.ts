import test from 'ava';
import type { Connection } from '../../lib/transport/direct.js';
import { MemoryNetwork, type MemoryNetworkOptions, type MemoryWorker } from '../../lib/transport/memory.js';
import { turns } from '../helpers/transport/actor.js';
import { ManualClock } from '../helpers/transport/fakes.js';

function setUp(options: MemoryNetworkOptions = {}) {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ clock, ...options });
  const log: unknown[] = [];
  const listen = () =>
    network.primaryEnd.listen({
      message: (peer, message) => log.push([peer.workerId, message]),
      closed: workerId => log.push(`closed ${workerId}`),
      exited: workerId => log.push(`exited ${workerId}`),
    });
  listen();
  return { clock, network, log, listen };
}

function receive(worker: MemoryWorker, holds: Promise<unknown>[] = []): unknown[] {
  const log: unknown[] = [];
  worker.end.listen({
    message: message => log.push(message),
    closed: ({ intended, holdExit }) => {
      log.push(intended ? 'intended' : 'lost');
      for (const hold of holds) holdExit(hold);
    },
  });
  return log;
}

const nothing = () => {};

test('ids and pids are unique, and the clock is the system clock unless told otherwise', async t => {
  const network = new MemoryNetwork();
  const [one, two] = [network.fork(), network.fork()];
  t.deepEqual([one.workerId, two.workerId], [1, 2]);
  t.not(one.pid, two.pid);
  t.true(Math.abs(network.primaryClock.wall() - Date.now()) < 1000);
  t.deepEqual(one.end.self, { workerId: 1, pid: one.pid });
  const log = receive(one);
  network.primaryEnd.send(1, { n: 1 }, nothing);
  await turns(1);
  t.deepEqual(log, [{ n: 1 }]);
  network.close();
});

test('a message is a copy, as the serialization of the channel makes it', async t => {
  const { network, log } = setUp();
  const [advanced, json] = [network.fork(), network.fork({ serialization: 'json' })];
  const message = { bytes: Uint8Array.of(7), map: new Map([[1, 2]]), none: undefined };
  for (const worker of [advanced, json]) worker.end.send(message, nothing);
  message.bytes[0] = 8;
  await turns(1);
  t.deepEqual(log, [
    [1, { bytes: Uint8Array.of(7), map: new Map([[1, 2]]), none: undefined }],
    [2, { bytes: { 0: 7 }, map: {} }],
  ]);
});

test('a message takes its latency, and none overtakes another', async t => {
  const { clock, network, log } = setUp({ latencyMs: 10 });
  const worker = network.fork();
  const received = receive(worker);
  worker.end.send({ n: 1 }, nothing);
  network.primaryEnd.send(1, { n: 1 }, nothing);
  t.deepEqual(clock.waiting, { timers: 2, refs: 2 });
  worker.delay(0);
  worker.end.send({ n: 2 }, nothing);
  await turns(2);
  t.deepEqual([log, received], [[], []]);
  clock.advance(10);
  t.deepEqual(
    [log, received],
    [
      [
        [1, { n: 1 }],
        [1, { n: 2 }],
      ],
      [{ n: 1 }],
    ],
  );
});

test('the order between workers is up to the schedule, the order of one worker is not', t => {
  const tasks: (() => void)[] = [];
  const { network, log } = setUp({ schedule: task => tasks.push(task) });
  const [one, two] = [network.fork(), network.fork()];
  for (const n of [1, 2]) for (const worker of [one, two]) worker.end.send({ n }, nothing);
  for (const task of tasks.reverse()) task();
  t.deepEqual(log, [
    [2, { n: 1 }],
    [2, { n: 2 }],
    [1, { n: 1 }],
    [1, { n: 2 }],
  ]);
});

test('after SIGKILL what was sent is read, then closed and exited come in one turn', t => {
  const tasks: (() => void)[] = [];
  const { network, log } = setUp({ schedule: task => tasks.push(task) });
  const worker = network.fork();
  const received = receive(worker);
  let written = 0;
  worker.end.send({ n: 1 }, nothing);
  network.primaryEnd.send(1, { lost: true }, () => written++);
  worker.kill();
  worker.kill();
  t.false(worker.isAlive);
  tasks.shift()!();
  t.deepEqual(log, [[1, { n: 1 }]]);
  for (const task of tasks) task();
  t.deepEqual(log, [[1, { n: 1 }], 'closed 1', 'exited 1']);
  t.deepEqual([written, received], [1, []]);
});

/** A network in which the code that runs now may be ahead of all else, for what it took. */
function setUpAhead() {
  const tasks: (() => void)[] = [];
  const clock = new ManualClock();
  let ahead = 0;
  const { now } = clock;
  clock.now = () => now() + ahead;
  const runAhead = (code: () => void) => {
    ahead = 5;
    code();
    ahead = 0;
  };
  const runTasks = () => {
    for (const task of tasks) task();
  };
  return { ...setUp({ clock, schedule: task => tasks.push(task) }), runAhead, runTasks };
}

test('what the code of a killed worker would have sent later was never sent', t => {
  const { network, log, runAhead, runTasks } = setUpAhead();
  const worker = network.fork();
  worker.end.send({ n: 1 }, nothing);
  runAhead(() => worker.end.send({ n: 2 }, nothing));
  worker.kill();
  runTasks();
  t.deepEqual(log, [[1, { n: 1 }], 'closed 1', 'exited 1']);
});

test('what the code of a killed primary would have sent later was never sent', t => {
  const { network, runAhead, runTasks } = setUpAhead();
  const worker = network.fork();
  const received = receive(worker);
  network.primaryEnd.send(1, { n: 1 }, nothing);
  runAhead(() => network.primaryEnd.send(1, { n: 2 }, nothing));
  network.killPrimary();
  runTasks();
  t.deepEqual(received, [{ n: 1 }, 'lost']);
});

test('what the code of a killed worker would have written later to another was never written', async t => {
  const { network, runAhead, runTasks } = setUpAhead();
  const [here, there] = [network.fork(), network.fork()];
  const received: string[] = [];
  const handlers = {
    data: (chunk: Uint8Array) => received.push(String(chunk)),
    drained: nothing,
    closed: () => received.push('closed'),
  };
  const address = await new Promise<string>((listening, failed) => {
    there.direct.listen({ listening, failed, accept: () => handlers });
  });
  const connection = here.direct.connect(address, { data: nothing, drained: nothing, closed: nothing });
  connection.write([Buffer.from('1')]);
  runAhead(() => connection.write([Buffer.from('2')]));
  here.kill();
  runTasks();
  t.deepEqual(received, ['1', 'closed']);
});

test('a worker and a primary are idle once they have read all that came', async t => {
  const { network } = setUp();
  const worker = network.fork();
  const received = receive(worker);
  t.deepEqual([worker.isIdle, network.isPrimaryIdle], [true, true]);
  network.primaryEnd.send(1, { n: 1 }, nothing);
  network.primaryEnd.send(1, { n: 2 }, nothing);
  worker.freeze();
  network.freezePrimary();
  await turns(1);
  t.deepEqual([worker.isIdle, network.isPrimaryIdle], [false, false]);
  worker.thaw();
  network.thawPrimary();
  await turns(1);
  t.deepEqual([worker.isIdle, received.length], [false, 1]);
  await turns(4);
  t.deepEqual([worker.isIdle, network.isPrimaryIdle, received.length], [true, true, 2]);
});

test('a frozen worker reads and says nothing until it thaws', async t => {
  const { network, log } = setUp();
  const worker = network.fork();
  const received = receive(worker);
  let written = 0;
  worker.freeze();
  network.primaryEnd.send(1, { n: 1 }, () => written++);
  worker.end.send({ n: 2 }, nothing);
  worker.run(() => received.push('news'));
  worker.exit();
  await turns(3);
  t.deepEqual([received, log, written, worker.isAlive], [[], [], 0, true]);
  worker.thaw();
  await turns(5);
  t.deepEqual([received, log], [[], [[1, { n: 2 }], 'closed 1', 'exited 1']]);
  t.is(written, 1);
});

test('what waits for a frozen worker is lost with it', async t => {
  const { network, log } = setUp();
  const worker = network.fork();
  let written = 0;
  worker.freeze();
  network.primaryEnd.send(1, { n: 1 }, () => written++);
  await turns(2);
  network.primaryEnd.kill(1);
  t.is(written, 0);
  await turns(2);
  t.is(written, 1);
  t.deepEqual(log, ['closed 1', 'exited 1']);
});

test('a worker that does not read runs, and its messages wait', async t => {
  const { network, log } = setUp();
  const worker = network.fork();
  const received = receive(worker);
  let written = 0;
  worker.stopReading();
  network.primaryEnd.send(1, { n: 1 }, () => written++);
  worker.run(() => worker.end.send({ running: true }, nothing));
  await turns(3);
  t.deepEqual([received, written, log], [[], 0, [[1, { running: true }]]]);
  worker.startReading();
  t.is(written, 0);
  await turns(1);
  t.deepEqual([received, written], [[{ n: 1 }], 1]);
});

test('a worker that disconnects lives on, without a channel', async t => {
  const { network, log } = setUp();
  const worker = network.fork();
  const received = receive(worker, [Promise.resolve()]);
  let written = 0;
  const count = () => written++;
  worker.end.send({ last: true }, count);
  network.primaryEnd.send(1, { lost: true }, count);
  worker.disconnect();
  worker.disconnect();
  worker.end.send({ late: true }, count);
  network.primaryEnd.send(1, { late: true }, count);
  await turns(3);
  t.deepEqual([log, received, written], [[[1, { last: true }], 'closed 1'], ['intended'], 4]);
  t.true(worker.isAlive);
  network.killPrimary();
  await turns(2);
  t.true(worker.isAlive);
  t.is(received.length, 1);
});

test('a channel that closed before is reported to who listens later', async t => {
  const { network } = setUp();
  const worker = network.fork();
  worker.disconnect();
  await turns(2);
  const received = receive(worker);
  t.deepEqual(received, []);
  await turns(1);
  t.deepEqual(received, ['intended']);
});

test('a worker whose primary died reads what was sent, and exits unless it is held', async t => {
  const { network, log } = setUp();
  let release = (_: unknown) => {};
  const hold = new Promise(resolve => {
    release = resolve;
  });
  const [held, unheld, notReading] = [network.fork(), network.fork(), network.fork()];
  const received = receive(held, [hold]);
  receive(unheld);
  let written = 0;
  network.primaryEnd.send(1, { last: true }, nothing);
  held.end.send({ lost: true }, () => written++);
  network.killPrimary();
  await turns(3);
  t.deepEqual([held.isAlive, unheld.isAlive, notReading.isAlive], [true, false, false]);
  t.deepEqual([received, log, written], [[{ last: true }, 'lost'], [], 1]);
  const late = receive(held);
  await turns(1);
  t.deepEqual(late, ['lost']);
  t.true(held.isAlive);
  release(1);
  await turns(2);
  t.false(held.isAlive);
});

test('a stalled primary hears all in order when it goes on', async t => {
  const { clock, network, log } = setUp();
  const worker = network.fork();
  network.freezePrimary();
  network.primaryClock.setTimer(() => log.push('timer'), 5);
  worker.end.send({ n: 1 }, nothing);
  worker.kill();
  clock.advance(10);
  await turns(2);
  t.deepEqual(log, []);
  network.thawPrimary();
  await turns(5);
  t.deepEqual(log, ['timer', [1, { n: 1 }], 'closed 1', 'exited 1']);
});

test('a closed end can be listened to again, and knows nothing of those who went between', async t => {
  const { network, log, listen } = setUp();
  const [left, dies, stays] = [network.fork(), network.fork(), network.fork()];
  left.disconnect();
  await turns(2);
  network.primaryEnd.close();
  dies.kill();
  stays.end.close();
  await turns(2);
  listen();
  left.kill();
  const received = receive(stays);
  stays.end.send({ again: true }, nothing);
  network.primaryEnd.send(3, { again: true }, nothing);
  await turns(2);
  t.deepEqual(log, ['closed 1', [3, { again: true }]]);
  t.deepEqual(received, [{ again: true }]);
});

test('close() ends everything and leaves no timer', async t => {
  const { clock, network, log } = setUp({ latencyMs: 5 });
  const workers = [network.fork(), network.fork()];
  for (const worker of workers) {
    worker.clock.setTimer(() => log.push('timer'), 1);
    worker.end.send({}, () => log.push('written'));
    network.primaryEnd.send(worker.workerId, {}, () => log.push('written'));
  }
  network.primaryClock.setTimer(() => log.push('timer'), 1);
  network.close();
  network.close();
  t.deepEqual(clock.waiting, { timers: 0, refs: 0 });
  clock.advance(10);
  await turns(3);
  t.deepEqual(log, []);
  t.false(workers.some(worker => worker.isAlive));
});

test('where it takes time to read a message, its sender hears in a later turn that it was written', async t => {
  const { clock, network } = setUp();
  const worker = network.fork();
  const log: string[] = [];
  network.primaryEnd.listen({
    message(_peer, message) {
      if (message === 'long') clock.advance(10);
      clock.defer(() => log.push(`read ${message}`));
    },
    closed: nothing,
    exited: nothing,
  });
  for (const message of ['short', 'long']) {
    worker.end.send(message as unknown as object, () => log.push(`wrote ${message}`));
    await turns(2);
  }
  t.deepEqual(log, ['wrote short', 'read short', 'read long', 'wrote long']);
});

test('what waits for a connection to settle goes on where it broke, and was destroyed before that was reported', async t => {
  const network = new MemoryNetwork();
  const [here, there] = [network.fork(), network.fork()];
  const silent = { data() {}, drained() {}, closed: () => t.fail() };
  const address = await new Promise<string>((listening, failed) => {
    there.direct.listen({
      listening,
      failed,
      accept: connection => {
        connection.destroy();
        return silent;
      },
    });
  });
  const connection = here.direct.connect(address, silent);
  connection.write([Buffer.from('x')]);
  await new Promise(resolve => setImmediate(resolve));
  const settled = new Promise<void>(resolve => connection.settle(resolve));
  connection.write([Buffer.from('y')]);
  connection.destroy();
  await settled;
  t.pass();
  network.close();
});

test('a connection is as fast as its processes are now', async t => {
  const { clock, network } = setUp();
  const [here, there] = [network.fork(), network.fork()];
  const handlers = { data() {}, drained() {}, closed() {} };
  const accepted = new Promise<Connection>((accept, failed) => {
    there.direct.listen({
      listening: address => void here.direct.connect(address, handlers),
      failed,
      accept: connection => {
        accept(connection);
        return handlers;
      },
    });
  });
  const connection = await accepted;
  const log: string[] = [];
  here.delay(10);
  connection.settle(() => log.push('settled slowly'));
  await turns(1);
  t.deepEqual(log, []);
  clock.advance(10);
  await turns(1);
  here.delay(0);
  connection.settle(() => log.push('settled'));
  await turns(1);
  t.deepEqual(log, ['settled slowly', 'settled']);
  network.close();
});
