import test from 'ava';
import { createClusterPrimaryEnd } from '../../lib/transport/cluster.js';
import { turns } from '../helpers/transport/actor.js';
import { FakeCluster, ManualClock } from '../helpers/transport/fakes.js';

function setUp() {
  const cluster = new FakeCluster();
  const parts = listenTo(cluster);
  return { cluster, ...parts, worker: cluster.fork(1) };
}

function listenTo(cluster: FakeCluster) {
  const clock = new ManualClock();
  const end = createClusterPrimaryEnd({ cluster, clock });
  const log: unknown[] = [];
  end.listen({
    message: (peer, message, via) => log.push([peer.workerId, peer.pid, message, ...(via === 'internal' ? [via] : [])]),
    closed: workerId => log.push(`closed ${workerId}`),
    exited: workerId => log.push(`exited ${workerId}`),
  });
  return { clock, end, log };
}

test('every message is reported as it came, with who sent it', t => {
  const { cluster, log, worker } = setUp();
  const values = [null, 0, 'text', { type: 'x', data: 1 }, { ours: true }];
  for (const value of values) cluster.emit('message', worker, value);
  t.deepEqual(
    log,
    values.map(value => [1, 1001, value]),
  );
});

const ours = { cmd: 'NODE_CSC', m: { n: 1 } };

test("what comes as 'internalMessage' is told from what Node says there, of workers forked before and after", t => {
  const cluster = new FakeCluster();
  const before = cluster.fork(1);
  const { log, end } = listenTo(cluster);
  const after = cluster.fork(2);
  for (const worker of [before, after]) {
    for (const message of [null, { cmd: 'NODE_CLUSTER', m: 1 }, { cmd: 'NODE_CSC' }, ours, 'NODE_CSC'])
      worker.process.emit('internalMessage', message);
  }
  t.deepEqual(log, [
    [1, 1001, { n: 1 }, 'internal'],
    [2, 1002, { n: 1 }, 'internal'],
  ]);
  for (const [via, sent] of [
    ['internal', { cmd: 'NODE_CSC', m: { down: 1 } }],
    ['public', { down: 1 }],
  ] as const) {
    end.send(2, { down: 1 }, () => {}, via);
    t.deepEqual(after.sent.pop()!.message, sent);
  }
});

test("a Node that emits it as 'message' shows so by the way on which it is reported", t => {
  const { cluster, log, worker } = setUp();
  cluster.emit('message', worker, ours);
  t.deepEqual(log, [[1, 1001, { n: 1 }]]);
});

test('no listener is left on a worker whose channel has ended, or whose end is closed', t => {
  const { cluster, end, worker } = setUp();
  const [second, third, fourth] = [2, 3, 4].map(id => cluster.fork(id));
  const count = () => [worker, second!, third!, fourth!].map(one => one.process.listenerCount('internalMessage'));
  t.deepEqual(count(), [1, 1, 1, 1]);
  cluster.disconnect(worker);
  second!.connected = false;
  cluster.emit('exit', second);
  t.deepEqual(count(), [0, 0, 1, 1]);
  cluster.emit('exit', third);
  t.deepEqual(count(), [0, 0, 1, 1], 'its channel is still open');
  end.close();
  t.deepEqual(count(), [0, 0, 0, 0]);
});

test('a worker that could not be spawned has pid 0', t => {
  const { cluster, log } = setUp();
  const worker = cluster.fork(2);
  delete worker.process.pid;
  cluster.emit('message', worker, 'm');
  t.deepEqual(log, [[2, 0, 'm']]);
});

test('a worker is closed when its channel is, and exits later', t => {
  const { cluster, log, worker } = setUp();
  cluster.disconnect(worker);
  t.deepEqual(log, ['closed 1']);
  cluster.emit('exit', worker);
  t.deepEqual(log, ['closed 1', 'exited 1']);
});

test('an exit that comes first waits until the channel was read to its end', t => {
  const { cluster, clock, log, worker } = setUp();
  cluster.emit('message', worker, 1);
  cluster.emit('exit', worker);
  clock.advance(50);
  cluster.emit('message', worker, 2);
  t.deepEqual(log, [
    [1, 1001, 1],
    [1, 1001, 2],
  ]);
  cluster.disconnect(worker);
  t.deepEqual(log.slice(2), ['closed 1', 'exited 1']);
  t.deepEqual(clock.waiting, { timers: 0, refs: 0 });
});

test('a channel that ended without a word is closed at the exit', t => {
  const { cluster, clock, log, worker } = setUp();
  cluster.emit('message', worker, 1);
  worker.connected = false;
  cluster.emit('exit', worker);
  t.deepEqual(log.slice(1), ['closed 1', 'exited 1']);
  cluster.emit('message', worker, 'late');
  cluster.emit('disconnect', worker);
  t.is(log.length, 3);
  t.is(clock.waiting.timers, 0);
});

test('a channel that ends without a word after the exit is closed then', t => {
  const { cluster, clock, log, worker } = setUp();
  cluster.emit('exit', worker);
  clock.advance(20);
  t.deepEqual(log, []);
  worker.connected = false;
  clock.advance(10);
  t.deepEqual(log, ['closed 1', 'exited 1']);
});

test('the channel of a dead worker that somebody else holds open is closed after a second', t => {
  const { cluster, clock, log, worker } = setUp();
  cluster.emit('exit', worker);
  clock.advance(999);
  t.deepEqual(log, []);
  clock.advance(1);
  t.deepEqual(log, ['closed 1', 'exited 1']);
  cluster.disconnect(worker);
  cluster.emit('message', worker, 'of a grandchild');
  t.is(log.length, 2);
});

test('a worker whose channel closed before we listened is not reported', t => {
  const { cluster, log, worker } = setUp();
  worker.connected = false;
  cluster.emit('exit', worker);
  t.deepEqual(log, []);
});

test('a message goes to a worker that Node has taken off its list', t => {
  const { cluster, end, worker } = setUp();
  cluster.emit('message', worker, 'hello');
  delete cluster.workers[1];
  end.send(1, { n: 1 }, () => {});
  t.deepEqual(
    worker.sent.map(({ message }) => message),
    [{ n: 1 }],
  );
});

test('what was written, failed, or found nobody counts as written once', async t => {
  const { cluster, end, worker } = setUp();
  const written: string[] = [];
  const send = (workerId: number, name: string) => end.send(workerId, {}, () => written.push(name));
  send(1, 'written');
  worker.sent[0]!.callback();
  worker.sent[0]!.callback();
  worker.failure = new Error('not clonable');
  send(1, 'failed');
  send(7, 'nobody');
  worker.connected = false;
  send(1, 'not connected');
  t.deepEqual(written, ['written']);
  await turns(1);
  t.deepEqual(written, ['written', 'failed', 'nobody', 'not connected']);
  cluster.emit('exit', worker);
  await turns(1);
  t.is(written.length, 4);
});

test('what Node never calls back for counts as written when the channel has closed', async t => {
  const { cluster, end, worker } = setUp();
  let written = 0;
  end.send(1, {}, () => written++);
  cluster.disconnect(worker);
  t.is(written, 0);
  await turns(1);
  worker.sent[0]!.callback();
  t.is(written, 1);
});

test('kill() sends SIGKILL and never throws', t => {
  const { end, worker } = setUp();
  end.kill(1);
  t.deepEqual(worker.signals, ['SIGKILL']);
  worker.failure = new Error('EPERM');
  t.notThrows(() => end.kill(1));
  t.notThrows(() => end.kill(7));
});

test('a cluster object without workers has nobody to send to', async t => {
  const cluster = Object.assign(new FakeCluster(), { workers: undefined as never });
  const { end } = listenTo(cluster);
  let written = 0;
  end.send(1, {}, () => written++);
  await turns(1);
  t.is(written, 1);
  t.is(end.count, 0);
  t.is(setUp().end.count, 1);
});

test('a worker that Node has just taken off its list is passed over', t => {
  const cluster = Object.assign(new FakeCluster(), { workers: { 1: undefined } as never });
  t.notThrows(() => listenTo(cluster));
});

test('close() lets go of all that is ours and of nothing else', async t => {
  const { cluster, clock, end, log, worker } = setUp();
  cluster.on('message', () => {});
  cluster.emit('exit', worker);
  t.is(clock.waiting.timers, 1);
  end.close();
  end.close();
  t.is(clock.waiting.timers, 0);
  t.deepEqual(cluster.eventNames(), ['message']);
  t.is(cluster.listenerCount('message'), 1);
  let written = 0;
  end.send(1, {}, () => written++);
  await turns(1);
  t.is(written, 1);
  t.deepEqual(worker.sent, []);
  t.deepEqual(log, []);
});

test('close() in the midst of a report ends the reports', t => {
  const cluster = new FakeCluster();
  const end = createClusterPrimaryEnd({ cluster, clock: new ManualClock() });
  const log: string[] = [];
  end.listen({
    message: () => end.close(),
    closed: () => log.push('closed'),
    exited: () => log.push('exited'),
  });
  const worker = cluster.fork(1);
  cluster.emit('exit', worker);
  cluster.emit('message', worker, 'close');
  cluster.disconnect(worker);
  t.deepEqual(log, []);
});
