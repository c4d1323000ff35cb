import type { OpenContext } from '../../lib/index.js';
import { endOf, everywhere, recorder, system, watch } from '../helpers/system/test.js';

/** A client whose methods have other names, and other meanings, than the usual ones. */
class Broker {
  static readonly log: string[] = [];
  static listeners: ((value: unknown) => void)[] = [];

  watch(topic: string, listener: (value: unknown) => void): void {
    Broker.log.push(`watch ${topic}`);
    Broker.listeners.push(listener);
  }

  unwatch(topic: string): void {
    Broker.log.push(`unwatch ${topic}`);
    Broker.listeners = [];
  }

  announce(value: string): string {
    Broker.log.push(`announce ${value}`);
    if (value === 'slow') return new Promise(() => {}) as never;
    return value;
  }

  withdraw(value: string): void {
    Broker.log.push(`withdraw ${value}`);
  }

  /** No subscription at all. */
  subscribe(plan: string): string {
    Broker.log.push(`subscribe ${plan}`);
    return `subscribed to ${plan}`;
  }

  quit(): void {
    Broker.log.push('quit');
  }

  close(account: string): string {
    return `closed ${account}`;
  }

  log(line: string): string {
    Broker.log.push(line);
    return line;
  }
}

const METHODS = {
  watch: { role: 'subscribe' },
  unwatch: { role: 'unsubscribe' },
  announce: { role: 'publish', timeoutMs: 100, idempotent: true },
  withdraw: { role: 'unpublish' },
  subscribe: { role: 'invoke' },
  quit: { role: 'close' },
  close: { role: 'invoke' },
  log: { role: 'oneway' },
} as const;

everywhere('methods of other names are found by their role, and called by their own names', async (t, rig) => {
  Broker.log.length = 0;
  Broker.listeners = [];
  const workers = [rig.fork(), rig.fork(), rig.fork()];
  const [first, client] = workers.map(worker =>
    rig.adopt(worker.createSharedClient(Broker, { name: 'g', methods: METHODS }), worker),
  );
  await rig.time.until(client!.ready());
  const log = recorder();
  const any = client as unknown as Record<string, (...args: unknown[]) => unknown>;
  const subscription = any.watch!('topic', log.listener) as { ready: Promise<void> };
  await rig.time.until(subscription.ready);
  for (const listener of Broker.listeners) listener('value');
  await rig.time.settle();
  t.deepEqual(log.values, ['value']);
  await rig.time.until(client!.with({ sticky: 'me' }).publish('here'));
  await rig.time.until(any.announce!('there') as Promise<unknown>);
  await rig.time.until(client!.unpublish('me'));
  await client!.unsubscribe('topic');
  t.is<unknown, unknown>(await client!.log('one way'), undefined);
  await rig.time.settle();
  t.is(await rig.time.until(client!.invoke('subscribe', 'gold')), 'subscribed to gold');
  t.is(await rig.time.until(client!.invoke('close', 'mine')), 'closed mine');
  await rig.time.until(first!.close());
  await rig.time.settle();
  t.deepEqual(Broker.log, [
    'watch topic',
    'announce here',
    'announce there',
    'withdraw here',
    'unwatch topic',
    'one way',
    'subscribe gold',
    'quit',
  ]);
});

system('what methods say of a publication holds by either name', async (t, rig) => {
  Broker.log.length = 0;
  const workers = [rig.fork(), rig.fork(), rig.fork()];
  const [, client] = workers.map((worker, i) =>
    rig.adopt(worker.createSharedClient(Broker, { name: 'g', methods: METHODS, eligible: i !== 1 }), worker),
  );
  await rig.time.until(client!.ready());
  const any = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const ends = [watch(client!.publish('slow')), watch(any.announce!('slow'))];
  await rig.time.advance(50);
  t.is(Broker.log.length, 2);
  rig.leader().kill();
  await rig.time.settle();
  t.is(Broker.log.length, 4, 'idempotent: said again');
  await rig.time.advance(51);
  t.deepEqual(
    ends.map(({ end }) => end),
    ['ERR_TIMEOUT unknown', 'ERR_TIMEOUT unknown'],
  );
});

system('idempotent and timeouts of single methods', async (t, rig) => {
  const methods = { hold: { idempotent: true, timeoutMs: 300 }, work: { timeoutMs: 50 } };
  const clients = await rig.clients(3, i => ({ methods, eligible: i !== 1 }));
  const client = clients[1]!;
  const calls = [watch(client.hold(1)), watch(client.with({ idempotent: false }).hold(2)), watch(client.work(3, 100))];
  await rig.time.advance(51);
  t.is(calls[2]!.end, 'ERR_TIMEOUT unknown');
  rig.leader().kill();
  await rig.time.settle();
  t.deepEqual([calls[0]!.end, calls[1]!.end], [undefined, 'ERR_LEADER_LOST unknown']);
  await rig.time.advance(251);
  t.is(calls[0]!.end, 'ERR_TIMEOUT unknown');
});

system('open() is given name, term and signal; close() is given what it made', async (t, rig) => {
  const log: unknown[] = [];
  const contexts: OpenContext[] = [];
  const workers = [rig.fork(), rig.fork()];
  const clients = workers.map(worker =>
    rig.adopt(
      worker.createSharedClient({
        name: 'g',
        open: async (context: OpenContext) => {
          contexts.push(context);
          await null;
          return { me: () => worker.workerId, close: () => log.push('its own') };
        },
        close: async (client: { me(): number }) => void log.push(['close', client.me()]),
      }),
      worker,
    ),
  );
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  t.is(await rig.time.until(clients[1]!.me()), 1);
  t.deepEqual([contexts[0]!.name, contexts[0]!.term, contexts[0]!.signal.aborted], ['g', clients[0]!.term, false]);
  await rig.time.until(clients[0]!.resign());
  await rig.time.until(clients[1]!.ready());
  t.true(contexts[0]!.signal.aborted);
  t.is(await rig.time.until(clients[0]!.me()), 2);
  t.deepEqual(log, [['close', 1]]);
});

everywhere('a handle of an open() form has what the leader announces', async (t, rig) => {
  const workers = [rig.fork(), rig.fork()];
  const definition = { name: 'g', open: () => ({ get: (key: string) => `got ${key}`, _hidden: () => 1, value: 7 }) };
  const clients = workers.map(worker => rig.adopt(worker.createSharedClient(definition), worker));
  t.throws(() => clients[1]!.get('early'), { instanceOf: TypeError, message: /get is not .*ready\(\)/ });
  const early = clients[1]!.invoke('get', 'early');
  await rig.time.until(clients[1]!.ready());
  t.is(await rig.time.until(early), 'got early');
  t.deepEqual(await rig.time.until(Promise.all(clients.map(client => client.get('it')))), ['got it', 'got it']);
  t.deepEqual(Object.keys(Object.getPrototypeOf(clients[1])), ['get']);
  const withs = clients[1]!.with({ timeoutMs: 5 });
  t.is(await rig.time.until(withs.get('with')), 'got with');
});

everywhere('methods named in the options are there before any leader', async (t, rig) => {
  const worker = rig.fork();
  const definition = { name: 'g', methods: { get: {} }, open: () => ({ get: (key: string) => key }) };
  const client = rig.adopt(worker.createSharedClient(definition), worker);
  const call = client.get('now');
  t.is(await rig.time.until(call), 'now');
});

system('a method that only a later real client has is announced', async (t, rig) => {
  const workers = [rig.fork(), rig.fork()];
  const clients = workers.map((worker, i) =>
    rig.adopt(
      worker.createSharedClient({
        name: 'g',
        open: () => (i === 0 ? { a: () => 'a' } : { b: () => 'b' }) as { a?(): string; b?(): string },
      }),
      worker,
    ),
  );
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  t.deepEqual(
    clients.map(client => [typeof client.a, typeof client.b]),
    Array(2).fill(['function', 'undefined']),
  );
  workers[0]!.kill();
  await rig.time.settle();
  t.deepEqual([typeof clients[1]!.a, typeof clients[1]!.b], ['function', 'function']);
  t.is(await rig.time.until(endOf(clients[1]!.a!())), 'ERR_UNKNOWN_METHOD not-started');
});

everywhere('Symbol.asyncDispose and Symbol.dispose close a real client that has no close()', async (t, rig) => {
  const log: string[] = [];
  const worker = rig.fork();
  const shapes = [
    { [Symbol.asyncDispose]: async () => void log.push('async'), [Symbol.dispose]: () => void log.push('not me') },
    { [Symbol.dispose]: () => void log.push('sync') },
    {},
  ];
  for (const [i, shape] of shapes.entries()) {
    const client = rig.adopt(worker.createSharedClient({ name: `g${i}`, open: () => shape as object }), worker);
    await rig.time.until(client.ready());
    await rig.time.until(client.close());
  }
  t.deepEqual(log, ['async', 'sync']);
});

everywhere('inherited methods are there, those of Object are not, getters are left alone', async (t, rig) => {
  let gets = 0;
  class Parent {
    parent(): string {
      return 'parent';
    }
    get lazy(): string {
      gets++;
      return 'lazy';
    }
  }
  class Child extends Parent {
    own = () => 'own';
    child(): string {
      return this.parent();
    }
  }
  const workers = [rig.fork(), rig.fork()];
  const clients = workers.map(worker => rig.adopt(worker.createSharedClient(Child, { name: 'g' }), worker));
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  for (const client of clients) {
    t.deepEqual(await rig.time.until(Promise.all([client.parent(), client.child(), client.own()])), [
      'parent',
      'parent',
      'own',
    ]);
    t.is((client as { lazy?: unknown }).lazy, undefined);
    t.is(await rig.time.until(endOf(client.invoke('lazy'))), 'ERR_UNKNOWN_METHOD not-started');
  }
  t.is(gets, 0);
});

everywhere('constructor arguments reach the real client', async (t, rig) => {
  class Two {
    constructor(
      readonly a: number,
      readonly b: { list: string[] },
    ) {}
    sum(): string {
      return `${this.a} ${this.b.list.join()}`;
    }
  }
  const workers = [rig.fork(), rig.fork()];
  const clients = workers.map(worker =>
    rig.adopt(worker.createSharedClient(Two, { name: 'g', args: [1, { list: ['x', 'y'] }] }), worker),
  );
  t.is(await rig.time.until(clients[1]!.sum()), '1 x,y');
});

everywhere('timeouts of single methods hold for ready of a subscription, and for unpublish', async (t, rig) => {
  const methods = { subscribe: { timeoutMs: 50 }, unpublish: { timeoutMs: 100 } };
  const [, client] = await rig.clients(2, { methods });
  rig.upstream().onSubscribe = () => new Promise(() => {});
  rig.upstream().onUnpublish = () => new Promise(() => {});
  await rig.time.until(client!.with({ sticky: 'me' }).publish('here'));
  const ready = watch(client!.subscribe('topic', () => {}).ready);
  const taken = watch(client!.unpublish('me'));
  await rig.time.advance(51);
  t.deepEqual([ready.end, taken.end], ['ERR_TIMEOUT unknown', undefined]);
  await rig.time.advance(50);
  t.is(taken.end, 'ERR_TIMEOUT unknown');
});
