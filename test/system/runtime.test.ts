import test from 'ava';
import { Runtime } from '../../lib/runtime/runtime.js';
import { MemoryNetwork } from '../../lib/transport/memory.js';
import { systemClock } from '../../lib/utils/clock.js';
import { VirtualTime } from '../helpers/clocks/virtual-time.js';

/** Stands in for `process`: what listens to a signal, and what was raised. */
class Signals {
  readonly #listeners: [signal: string, listener: () => void][] = [];
  readonly raised: string[] = [];

  prepend(signal: string, listener: () => void): void {
    this.#listeners.unshift([signal, listener]);
  }

  off(signal: string, listener: () => void): void {
    const at = this.#listeners.findIndex(entry => entry[0] === signal && entry[1] === listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }

  listeners(signal: string): (() => void)[] {
    return this.#listeners.filter(entry => entry[0] === signal).map(([, listener]) => listener);
  }

  raise(signal: string): void {
    this.raised.push(signal);
  }

  emit(signal: string): void {
    for (const listener of this.listeners(signal)) listener();
  }

  get count(): number {
    return this.#listeners.length;
  }
}

function setUp() {
  const time = new VirtualTime();
  const network = new MemoryNetwork({ clock: time, schedule: time.schedule });
  const serializations: string[] = [];
  const primary = new Runtime({
    where: 'primary',
    clock: network.primaryClock,
    createPrimaryEnd: () => network.primaryEnd,
    setSerialization: kind => void serializations.push(kind),
  });
  const fork = (where: 'worker' | 'thread' = 'worker') => {
    const worker = network.fork();
    const signals = new Signals();
    const host = new Runtime({ where, clock: worker.clock, signals, createWorkerEnd: () => worker.end });
    return { host, signals, worker };
  };
  return { time, network, primary, fork, serializations };
}

interface AnyClient {
  readonly isLeader: boolean;
  ready(): Promise<void>;
  close(): Promise<void>;
  invoke(method: string, ...args: unknown[]): Promise<unknown>;
}

const DEFINITION = { name: 'g', open: () => ({ get: () => 1 }), resignOn: ['SIGTERM', 'SIGINT'] };

const create = (host: Runtime, definition: object = DEFINITION) =>
  host.createSharedClient(definition, undefined) as AnyClient;

test('on a signal of resignOn the member hands over, and then the signal does what it would have done', async t => {
  const { time, network, primary, fork } = setUp();
  primary.setupPrimary();
  const [one, two] = [fork(), fork()];
  const [leader, follower] = [create(one.host), create(two.host)];
  await time.until(Promise.all([leader.ready(), follower.ready()]));
  t.is(one.signals.count, 2);
  const call = follower.invoke('get');
  one.signals.emit('SIGTERM');
  t.deepEqual(one.signals.raised, []);
  t.is(await time.until(call), 1);
  await time.until(follower.ready());
  await time.settle();
  t.deepEqual([leader.isLeader, follower.isLeader], [false, true]);
  t.deepEqual(one.signals.raised, ['SIGTERM']);
  // Had it not ended the process, the other one would still be listened to.
  t.is(one.signals.count, 1);
  network.close();
});

test('where the app listens to the signal too, it is not raised again', async t => {
  const { time, network, primary, fork } = setUp();
  primary.setupPrimary();
  const { host, signals } = fork();
  const client = create(host);
  await time.until(client.ready());
  signals.prepend('SIGINT', () => {});
  signals.emit('SIGINT');
  await time.settle();
  t.deepEqual(signals.raised, []);
  // Nobody else may lead.
  t.true(client.isLeader);
  const other = fork();
  const successor = create(other.host);
  await time.until(successor.ready());
  await time.settle();
  t.deepEqual([client.isLeader, successor.isLeader], [false, true]);
  t.is(await time.until(client.invoke('get')), 1);
  // As long as anybody else may lead it goes on as a follower.
  const third = create(fork().host);
  await time.until(third.ready());
  await time.until(successor.close());
  await time.settle();
  t.deepEqual([client.isLeader, third.isLeader], [false, true]);
  await time.until(third.close());
  t.is(await time.until(client.invoke('get')), 1);
  t.true(client.isLeader);
  network.close();
});

test('where the signal comes to all workers, each with requests in flight, the calls of all are answered to the last', async t => {
  const { time, network, primary, fork } = setUp();
  primary.setupPrimary();
  const workers = [fork(), fork(), fork()];
  const opened: number[] = [];
  const clients = workers.map(({ host }, i) =>
    create(host, {
      ...DEFINITION,
      timeoutMs: 1000,
      open: () => {
        opened.push(i);
        return { get: () => i };
      },
    }),
  );
  await time.until(Promise.all(clients.map(client => client.ready())));
  const failed: unknown[] = [];
  const left = new Set(clients.keys());
  const call = async (i: number): Promise<void> => {
    if (!left.has(i)) return;
    await clients[i]!.invoke('get').catch(error => failed.push(error));
    time.setTimer(() => void call(i), 10);
  };
  for (const i of clients.keys()) void call(i);
  for (const { signals } of workers) signals.prepend('SIGTERM', () => {});
  for (const { signals } of workers) signals.emit('SIGTERM');
  await time.advance(500);
  // Each has drained its requests, and closes: who leads goes first.
  while (left.size > 0) {
    const leader = clients.findIndex((client, i) => left.has(i) && client.isLeader);
    t.true(leader >= 0);
    left.delete(leader);
    await time.until(clients[leader]!.close());
    await time.advance(500);
  }
  t.deepEqual(failed, []);
  t.is(new Set(opened).size, 3);
  t.deepEqual(time.waiting, []);
  network.close();
});

test('a client made after the signal came leads only where nobody else may', async t => {
  const { time, network, primary, fork } = setUp();
  primary.setupPrimary();
  const { host, signals } = fork();
  const first = create(host);
  await time.until(first.ready());
  signals.prepend('SIGTERM', () => {});
  signals.emit('SIGTERM');
  const late = create(host, { ...DEFINITION, name: 'late' });
  await time.until(late.ready());
  t.true(late.isLeader);
  const other = create(fork().host, { ...DEFINITION, name: 'late' });
  await time.until(other.ready());
  await time.settle();
  t.deepEqual([late.isLeader, other.isLeader], [false, true]);
  network.close();
});

test('of two groups that resign on one signal, the last one raises it', async t => {
  const { time, network, primary, fork } = setUp();
  primary.setupPrimary();
  const { host, signals } = fork();
  const slow = { close: () => new Promise(resolve => time.setTimer(() => resolve(1), 100)) };
  const clients = [DEFINITION, { ...DEFINITION, name: 'slow', ...slow }].map(definition => create(host, definition));
  await time.until(Promise.all(clients.map(client => client.ready())));
  signals.emit('SIGTERM');
  await time.advance(99);
  t.deepEqual(signals.raised, []);
  await time.advance(2);
  t.deepEqual(signals.raised, ['SIGTERM']);
  network.close();
});

test('where nobody else can lead it goes on while the app lives on, and is let go of where the signal ends it', async t => {
  const network = new MemoryNetwork({});
  const ends = { createPrimaryEnd: () => network.primaryEnd, setSerialization: () => {} };
  for (const [where, standalone] of [
    ['primary', false],
    ['worker', true],
  ] as const) {
    const signals = new Signals();
    const { end } = network.fork();
    const host = new Runtime({ where, clock: systemClock, signals, createWorkerEnd: () => end, ...ends } as never);
    let closed = 0;
    const client = create(host, { ...DEFINITION, standalone, close: () => void closed++ });
    await client.ready();
    const listener = () => {};
    signals.prepend('SIGTERM', listener);
    signals.emit('SIGTERM');
    t.true(client.isLeader);
    t.is(await client.invoke('get'), 1);
    signals.off('SIGTERM', listener);
    const raised = new Promise<void>(resolve => {
      signals.raise = () => resolve();
    });
    signals.emit('SIGTERM');
    await raised;
    t.deepEqual([client.isLeader, closed], [false, 1]);
    await client.close();
  }
  network.close();
});

test('close() lets go of the signals', async t => {
  const { time, network, primary, fork } = setUp();
  primary.setupPrimary();
  const { host, signals } = fork();
  const client = create(host);
  await time.until(client.ready());
  await time.until(client.close());
  t.deepEqual([signals.count, signals.raised], [0, []]);
  t.deepEqual(time.waiting.length, 0);
  network.close();
});

test('a worker thread shares nothing, unless it is alone', async t => {
  const { time, network, fork } = setUp();
  const { host } = fork('thread');
  t.throws(() => create(host), { code: 'ERR_NO_PRIMARY', message: /worker thread.*standalone: true/s });
  const client = create(host, { ...DEFINITION, standalone: true });
  await time.until(client.ready());
  t.true(client.isLeader);
  t.is(await time.until(client.invoke('get')), 1);
  await time.until(client.close());
  network.close();
});

test('setupPrimary() belongs in the primary', t => {
  const { fork } = setUp();
  t.throws(() => fork().host.setupPrimary(), { code: 'ERR_INVALID_OPTION', message: /a worker of the cluster/ });
  t.throws(() => fork('thread').host.setupPrimary(), { code: 'ERR_INVALID_OPTION', message: /a worker thread/ });
});

test('a serialization that is asked for is set, once and before anything else', t => {
  const { primary, serializations, network } = setUp();
  t.throws(() => primary.setupPrimary({ serialization: 'xml' as never }), { code: 'ERR_INVALID_OPTION' });
  t.deepEqual(serializations, []);
  const first = primary.setupPrimary({ serialization: 'json' });
  t.is(primary.setupPrimary({ serialization: 'json' }), first);
  t.deepEqual(serializations, ['json']);
  t.throws(() => primary.setupPrimary({ serialization: 'advanced' }), {
    code: 'ERR_INVALID_OPTION',
    message: /serialization/,
  });
  network.close();
});
