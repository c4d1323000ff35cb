import { EventEmitter } from 'node:events';
import test from 'ava';
import { createClusterWorkerEnd } from '../../lib/transport/cluster.js';
import { turns } from '../helpers/transport/actor.js';
import { FakeWorker, ManualClock } from '../helpers/transport/fakes.js';

function setUp(worker = new FakeWorker(3), clock = new ManualClock()) {
  const exits: number[] = [];
  const end = createClusterWorkerEnd({ worker, clock, exit: code => exits.push(code) });
  const log: unknown[] = [];
  const holds: Promise<unknown>[] = [];
  const listen = () =>
    end.listen({
      message: (message, via) => log.push(via === 'internal' ? [message, via] : message),
      closed: ({ intended, holdExit }) => {
        log.push(intended ? 'intended' : 'lost');
        for (const hold of holds) holdExit(hold);
      },
    });
  return { worker, clock, end, exits, log, holds, listen };
}

/** As Node: the worker's listeners, then the question whether to exit. */
function disconnect(worker: FakeWorker): 'exits' | 'stays' {
  worker.connected = false;
  worker.emit('disconnect');
  return worker.exitedAfterDisconnect ? 'stays' : 'exits';
}

function openHold() {
  let settle = (_: unknown) => {};
  let fail = (_: Error) => {};
  const promise = new Promise<unknown>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  return { promise, settle, fail };
}

test('it knows itself, and reports every message', t => {
  const { end, worker, log, listen } = setUp();
  listen();
  t.deepEqual(end.self, { workerId: 3, pid: 1003 });
  t.is(end.kind, 'cluster');
  for (const value of [null, 'text', { ours: true }]) worker.emit('message', value);
  t.deepEqual(log, [null, 'text', { ours: true }]);
});

test("what comes as 'internalMessage' is told from what Node says there, and sent in its form", t => {
  const { worker, end, log, listen } = setUp();
  listen();
  const ours = { cmd: 'NODE_CSC', m: { n: 1 } };
  for (const message of [null, { cmd: 'NODE_HANDLE' }, { cmd: 'NODE_CSC' }, ours])
    worker.process.emit('internalMessage', message);
  // A Node that doesn't keep the two apart.
  worker.emit('message', ours);
  t.deepEqual(log, [[{ n: 1 }, 'internal'], { n: 1 }]);
  end.send({ up: 1 }, () => {}, 'internal');
  end.send({ up: 1 }, () => {}, 'public');
  t.deepEqual(
    worker.sent.map(({ message }) => message),
    [{ cmd: 'NODE_CSC', m: { up: 1 } }, { up: 1 }],
  );
  end.close();
  t.is(worker.process.listenerCount('internalMessage'), 0);
});

test('a worker without a pid has 0', t => {
  const worker = new FakeWorker(3);
  delete worker.process.pid;
  t.is(createClusterWorkerEnd({ worker }).self.pid, 0);
});

test('Node exits as ever where nothing holds it', t => {
  const { worker, log, listen, exits } = setUp();
  listen();
  t.is(disconnect(worker), 'exits');
  t.deepEqual(log, ['lost']);
  t.deepEqual(exits, []);
});

test('the exit waits for every promise, then comes with the code that Node gives', async t => {
  const { worker, clock, exits, holds, listen } = setUp();
  const [one, two] = [openHold(), openHold()];
  holds.push(one.promise, two.promise);
  listen();
  t.is(disconnect(worker), 'stays');
  t.deepEqual(clock.waiting, { timers: 1, refs: 1 });
  await turns(1);
  t.is(worker.exitedAfterDisconnect, undefined);
  one.settle('done');
  await turns(2);
  t.deepEqual(exits, []);
  two.fail(new Error('could not close'));
  let hasRun = false;
  two.promise.catch(() => {
    hasRun = true;
  });
  await turns(2);
  t.deepEqual(exits, [0]);
  t.true(hasRun);
  t.is(clock.waiting.timers, 0);
});

test('a promise added while the exit is being done delays it again', async t => {
  const { worker, exits, holds, listen } = setUp();
  const [one, two] = [openHold(), openHold()];
  holds.push(one.promise.then(() => second.push()));
  const second = {
    push() {
      holder(two.promise);
    },
  };
  let holder = (_: Promise<unknown>) => {};
  const late = setUp(worker);
  late.end.listen({
    message() {},
    closed: ({ holdExit }) => {
      holder = holdExit;
    },
  });
  listen();
  disconnect(worker);
  one.settle(1);
  await turns(3);
  t.deepEqual([exits, late.exits], [[], []]);
  two.settle(2);
  await turns(2);
  t.deepEqual(exits, [0]);
});

test('two copies of the library see the same end and wait for each other', async t => {
  const ours = setUp();
  const theirs = setUp(ours.worker);
  const [one, two] = [openHold(), openHold()];
  ours.holds.push(one.promise);
  theirs.holds.push(two.promise);
  ours.listen();
  theirs.listen();
  t.is(disconnect(ours.worker), 'stays');
  t.deepEqual([ours.log, theirs.log], [['lost'], ['lost']]);
  one.settle(1);
  await turns(2);
  t.deepEqual(ours.exits.concat(theirs.exits), []);
  two.settle(2);
  await turns(2);
  t.deepEqual(ours.exits.concat(theirs.exits), [0]);
});

test('a disconnect that the app asked for is intended, and is not held', async t => {
  const { worker, clock, exits, holds, log, listen } = setUp();
  holds.push(Promise.resolve());
  listen();
  worker.exitedAfterDisconnect = true;
  t.is(disconnect(worker), 'stays');
  await turns(2);
  t.deepEqual(log, ['intended']);
  t.deepEqual(exits, []);
  t.true(worker.exitedAfterDisconnect);
  t.is(clock.waiting.timers, 0);
});

test('a channel that closed before is reported, but not at once', async t => {
  const { worker, log, listen } = setUp();
  worker.exitedAfterDisconnect = true;
  disconnect(worker);
  listen();
  t.deepEqual(log, []);
  await turns(1);
  t.deepEqual(log, ['intended']);
});

test('a channel that closed before is not reported to an end that was closed meanwhile', async t => {
  const { worker, end, log, listen } = setUp();
  worker.connected = false;
  listen();
  end.close();
  await turns(1);
  t.deepEqual(log, []);
});

test('a message is written once, whatever becomes of it', async t => {
  const { worker, end } = setUp();
  const written: string[] = [];
  const send = (name: string) => end.send({ name }, () => written.push(name));
  send('written');
  worker.sent[0]!.callback();
  worker.failure = new Error('not clonable');
  send('failed');
  delete worker.failure;
  worker.connected = false;
  send('not connected');
  t.deepEqual(written, ['written']);
  await turns(1);
  t.deepEqual(written, ['written', 'failed', 'not connected']);
});

test('what was not written when the channel closed counts as written', async t => {
  const { worker, end, listen } = setUp();
  listen();
  let written = 0;
  end.send({}, () => written++);
  disconnect(worker);
  await turns(1);
  t.is(written, 1);
});

test('close() lets go of its own listeners only, and drops what is sent after', async t => {
  const { worker, end, log, listen } = setUp();
  worker.on('message', () => {});
  listen();
  end.close();
  end.close();
  t.deepEqual(worker.eventNames(), ['message']);
  t.is(worker.listenerCount('message'), 1);
  let written = 0;
  end.send({}, () => written++);
  t.is(written, 0);
  await turns(1);
  t.is(written, 1);
  worker.emit('message', 'late');
  disconnect(worker);
  t.deepEqual([worker.sent, log], [[], []]);
});

/** As Node in a worker: its own listener on the process, among those of the app. */
class NodeProcess extends EventEmitter {
  readonly pid = 1003;
  /** What Node does in the end. */
  does: 'exits' | 'stays' | undefined;
  readonly signals: string[] = [];
  readonly worker: FakeWorker;

  constructor() {
    super();
    this.worker = new FakeWorker(3);
    Object.assign(this.worker, { process: this });
    this.once('disconnect', () => {
      this.worker.emit('disconnect');
      this.does = this.worker.exitedAfterDisconnect ? 'stays' : 'exits';
    });
  }

  kill(signal: string): void {
    this.signals.push(signal);
  }
}

test('listeners of the app see the worker as without the library, wherever they listen', async t => {
  const node = new NodeProcess();
  const { worker } = node;
  const seen: unknown[] = [];
  const look = () => seen.push(worker.exitedAfterDisconnect);
  worker.on('disconnect', look);
  const { holds, exits, listen } = setUp(worker);
  listen();
  worker.on('disconnect', look);
  node.on('disconnect', look);
  holds.push(Promise.resolve());
  node.emit('disconnect');
  t.is(node.does, 'stays');
  t.deepEqual(seen, [undefined, undefined, undefined]);
  await new Promise<void>(resolve => setImmediate(() => setImmediate(resolve)));
  t.deepEqual(exits, [0]);
  t.deepEqual([node.listenerCount('disconnect'), worker.listenerCount('disconnect')], [1, 2]);
});

test('an app that keeps its worker alive in a listener of its own is not ended for it', async t => {
  const node = new NodeProcess();
  const { worker } = node;
  const { holds, exits, listen } = setUp(worker);
  listen();
  worker.on('disconnect', () => {
    worker.exitedAfterDisconnect = true;
  });
  holds.push(Promise.resolve());
  node.emit('disconnect');
  await new Promise<void>(resolve => setImmediate(() => setImmediate(resolve)));
  t.is(node.does, 'stays');
  t.true(worker.exitedAfterDisconnect);
  t.deepEqual(exits, []);
});

test('two copies of the library answer Node once', async t => {
  const node = new NodeProcess();
  const { worker } = node;
  const [first, second] = [setUp(worker), setUp(worker)];
  for (const { holds, listen } of [first, second]) {
    listen();
    holds.push(Promise.resolve());
  }
  node.emit('disconnect');
  t.is(node.does, 'stays');
  t.is(worker.exitedAfterDisconnect, undefined);
  await new Promise<void>(resolve => setImmediate(() => setImmediate(resolve)));
  t.deepEqual([...first.exits, ...second.exits], [0]);
});

test('where Node doesn’t ask, the worker reads as before all the same', async t => {
  const { worker, holds, listen } = setUp();
  listen();
  holds.push(new Promise(() => {}));
  worker.emit('disconnect');
  await new Promise<void>(resolve => setImmediate(resolve));
  const { get, value } = Object.getOwnPropertyDescriptor(worker, 'exitedAfterDisconnect')!;
  t.deepEqual([get, value], [undefined, undefined]);
});
