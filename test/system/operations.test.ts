// Operations, and methods of real clients of other shapes: namespaces, callbacks, chains, results that are more than data.

import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { callContext } from '../../lib/index.js';
import { createMemoryCluster, type MemoryCluster, type TestWorker } from '../../lib/testing.js';

// biome-ignore lint/suspicious/noExplicitAny: the types have tests of their own.
type Any = any;

interface Rig {
  readonly cluster: MemoryCluster;
  readonly workers: readonly TestWorker[];
  /** The leader's handle, then a follower's. */
  readonly handles: readonly [Any, Any];
  readonly errors: Error[];
  readonly warnings: string[];
}

async function rigOf(options: object, Class?: unknown): Promise<Rig> {
  const cluster = createMemoryCluster();
  cluster.setupPrimary();
  const workers = [cluster.fork(), cluster.fork()];
  const [errors, warnings]: [Error[], string[]] = [[], []];
  const handles: Any[] = [];
  for (const worker of workers) {
    const share = worker.createSharedClient as Any;
    const handle = Class ? share(Class, { name: 'g', ...options }) : share({ name: 'g', ...options });
    handle.on('error', (error: Error) => errors.push(error));
    handle.on('warning', ({ message }: { message: string }) => warnings.push(message));
    await handle.ready();
    handles.push(handle);
  }
  return { cluster, workers, handles: handles as [Any, Any], errors, warnings };
}

/** The same in the leader's own worker and in another one. */
function everywhere(
  title: string,
  options: () => object,
  body: (t: ExecutionContext, handle: Any, rig: Rig) => Promise<void>,
): void {
  test(title, async t => {
    for (const which of [0, 1] as const) {
      const rig = await rigOf(options());
      await body(t, rig.handles[which], rig);
      rig.cluster.close();
    }
  });
}

// ---------------------------------------------------------------------------------------------------------- operations

const bank = () => ({
  open: () => ({ balance: 10, get: () => 'method', value: 5, close() {} }),
  operations: {
    async transfer(client: Any, amount: number) {
      client.balance -= amount;
      return { balance: client.balance, term: callContext()!.term };
    },
    get: () => 'operation',
    double(this: Any, client: Any) {
      return 2 * this.read(client);
    },
    read: (client: Any) => client.value,
    fails() {
      throw new RangeError('no');
    },
    count: (client: Any) => {
      client.calls = (client.calls ?? 0) + 1;
      return client.calls;
    },
  },
  methods: { count: { idempotent: true, timeoutMs: 500 } },
});

everywhere(
  'an operation runs in the leader with the real client, and wins over a method of its name',
  bank,
  async (t, db) => {
    const { balance, term } = await db.transfer(4);
    t.is(balance, 6);
    t.true(term > 0);
    t.is(await db.get(), 'operation');
    t.is(await db.invoke('get'), 'operation');
    t.is(await db.double(), 10, 'it is a method of the object that it was given in');
    await t.throwsAsync(db.fails(), { instanceOf: RangeError, message: 'no' });
    t.is(await db.with({ idempotent: true }).count(), 1);
  },
);

test('a handle has its operations before there is a leader, and they count for the types of its options', async t => {
  const cluster = createMemoryCluster();
  const worker = cluster.fork();
  const handle = (worker.createSharedClient as Any)({ name: 'g', ...bank() });
  const early = handle.transfer(1);
  cluster.setupPrimary();
  t.like(await early, { balance: 9 });
  cluster.close();
});

test('operations named like roles serve them', async t => {
  const returned: unknown[] = [];
  const { cluster, handles } = await rigOf({
    open: () => ({ listeners: new Map<string, (value: unknown) => void>() }),
    close: () => returned.push('closed'),
    operations: {
      subscribe(client: Any, topic: string, listener: (value: unknown) => void) {
        client.listeners.set(topic, listener);
        return () => client.listeners.delete(topic);
      },
      publish: (client: Any, topic: string, value: unknown) => client.listeners.get(topic)?.(value),
      unpublish: (_client: Any, ...args: unknown[]) => returned.push(args),
    },
  });
  const [leader, follower] = handles;
  const values: unknown[] = [];
  await follower.subscribe('t', (value: unknown) => values.push(value)).ready;
  t.is(await leader.with({ sticky: 'k' }).publish('t', 1), undefined);
  await leader.unpublish('k');
  await until(() => values.length === 1);
  t.deepEqual(values, [1]);
  t.deepEqual(returned, [['t', 1]]);
  await leader.close();
  t.true(returned.includes('closed'));
  cluster.close();
});

// ---------------------------------------------------------------------------------------------------------- namespaces

class Api {
  readonly json = { get: (key: string) => `json ${key}`, _hidden: () => 1, close: () => 'of the namespace' };
  readonly chat = { completions: { create: async (text: string) => ({ text }) }, other: () => 1 };
  readonly secret = { read: () => 1 };
  get lazy(): object {
    return { go: () => 'went' };
  }
}

everywhere(
  'methods of the namespaces that are named can be called, by path and by invoke(), and no others',
  () => ({ open: () => new Api(), namespaces: ['json', 'chat.completions', 'lazy', 'missing'] }),
  async (t, api) => {
    t.is(await api.json.get('a'), 'json a');
    t.deepEqual(await api.chat.completions.create('hi'), { text: 'hi' });
    t.is(await api.invoke('json.get', 'b'), 'json b');
    t.is(await api.lazy.go(), 'went');
    t.is(await api.with({ idempotent: true }).json.get('c'), 'json c');
    t.is(await api.json.close(), 'of the namespace');
    const { get } = api.json;
    t.is(await get('d'), 'json d');
    t.is(api.secret, undefined);
    t.is(api.chat.other, undefined);
    t.is(api.json._hidden, undefined);
    for (const name of [
      'secret.read',
      'chat.other',
      'json._hidden',
      'json.constructor',
      'json.',
      '.json',
      'missing.go',
    ])
      await t.throwsAsync(api.invoke(name), { code: 'ERR_UNKNOWN_METHOD' }, name);
  },
);

// ------------------------------------------------------------------------------------------------------ callbacks, chains

everywhere(
  'a method that takes a callback returns a promise where methods says so',
  () => ({
    open: () => ({
      sayHello: (name: string, callback: (error: unknown, reply?: unknown) => void) =>
        setTimeout(() => (name === '' ? callback(new RangeError('no name')) : callback(null, { hello: name })), 1),
    }),
    methods: { sayHello: { callback: true } },
  }),
  async (t, grpc) => {
    t.deepEqual(await grpc.sayHello('Ada'), { hello: 'Ada' });
    await t.throwsAsync(grpc.sayHello(''), { instanceOf: RangeError });
    await t.throwsAsync(
      grpc.sayHello('Ada', () => {}),
      {
        code: 'ERR_NOT_SERIALIZABLE',
        message: /callback: true.*operation/,
      },
    );
  },
);

/** A builder as of a query library: it runs when it is awaited. */
class Query {
  constructor(
    readonly ran: string[],
    readonly text: string,
  ) {}
  where(x: string): Query {
    return new Query(this.ran, `${this.text} where ${x}`);
  }
  // biome-ignore lint/suspicious/noThenProperty: as such libraries have it.
  then(resolve: (value: unknown) => void): void {
    this.ran.push(this.text);
    resolve(this.text);
  }
}

test('a chain is refused before it runs, unless methods says to run it; a promise of another library is awaited', async t => {
  class Bluebird extends Query {
    static resolve(): void {}
  }
  const ran: string[] = [];
  const { cluster, handles, errors } = await rigOf({
    open: () => ({
      deleteMany: () => new Query(ran, 'delete'),
      find: () => new Query(ran, 'find'),
      bluebird: () => new Bluebird(ran, 'bluebird'),
      callable: () => Object.assign(() => {}, { ['th' + 'en']: () => ran.push('callable') }),
    }),
    methods: { find: { thenable: 'await', result: (text: string) => text.toUpperCase() } },
  });
  for (const handle of handles) {
    const promise = handle.deleteMany();
    t.throws(() => promise.where('x'), { instanceOf: TypeError });
    await t.throwsAsync(promise, { code: 'ERR_NOT_SERIALIZABLE', message: /chain.*operation.*thenable/ });
    await t.throwsAsync(handle.callable(), { code: 'ERR_NOT_SERIALIZABLE' });
    t.deepEqual(ran, []);
    t.is(await handle.find(), 'FIND');
    t.is(await handle.bluebird(), 'bluebird');
    ran.length = 0;
  }
  t.is(errors.length, 4, 'each is reported, too');
  cluster.close();
});

// -------------------------------------------------------------------------------------------------------------- results

everywhere(
  'what methods says of a result is sent in its place',
  () => ({
    open: () => ({
      raw: async (n: number) => ({ data: n, request: new EventEmitter() }),
      chain() {
        return this;
      },
      noisy: () => new EventEmitter(),
      broken: () => 1,
      later: () => 2,
    }),
    methods: {
      raw: { result: (response: Any) => response.data },
      noisy: { result: 'void' },
      broken: {
        result: () => {
          throw new RangeError('in result');
        },
      },
      later: { result: async (n: number) => n * 2 },
    },
  }),
  async (t, api, { errors }) => {
    t.is(await api.raw(3), 3);
    t.is(await api.noisy(), undefined);
    t.is(await api.chain(), undefined, 'the real client itself is never sent');
    t.is(await api.later(), 4);
    await t.throwsAsync(api.broken(), { instanceOf: RangeError, message: 'in result' });
    t.deepEqual(errors, []);
  },
);

class Pool {
  readonly free = ['a', 'b'];
  readonly returned: string[] = [];
  static readonly made: Pool[] = [];
  constructor() {
    Pool.made.push(this);
  }

  async connect() {
    const name = this.free.pop();
    if (!name) throw new Error('the pool is empty');
    const pool = this;
    return new (class Connection extends EventEmitter {
      query = () => 1;
      release(): void {
        pool.free.push(name);
      }
      end(): void {
        pool.returned.push('end');
      }
    })();
  }
  async query() {
    const connection = await this.connect();
    connection.release();
    return this.free.length;
  }
  async several() {
    return { list: [await this.connect(), await this.connect()], pool: this };
  }
  async slow(signalled: { ms: number }) {
    await sleep(signalled.ms);
    return this.connect();
  }
  disposable(how: string) {
    const note = (what: string) => () => this.returned.push(what);
    const all: Record<string | symbol, unknown> = {
      cancel: note('cancel'),
      return: note('return'),
      release: note('release'),
      end: note('end'),
      close: note('close'),
    };
    for (const name of ['cancel', 'return', 'release']) if (name !== how && how !== 'first') delete all[name];
    if (how === 'dispose') all[Symbol.dispose] = note('dispose');
    if (how === 'asyncDispose')
      Object.assign(all, { [Symbol.asyncDispose]: note('asyncDispose'), [Symbol.dispose]: note('dispose') });
    return Object.assign(Object.create({ kind: how, query() {} }), all);
  }
  failing() {
    return Object.assign(new EventEmitter(), { release: () => Promise.reject(new Error('can not be released')) });
  }
  log() {
    return this.returned;
  }
  close(): void {
    Pool.made.length = 0;
  }
}

everywhere(
  'a connection that a pool handed out is given back where it can not be sent, also if its caller has gone',
  () => ({ open: () => new Pool() }),
  async (t, pool, { errors }) => {
    const rig = { pools: Pool.made };
    for (let i = 0; i < 10; i++) {
      const error = await t.throwsAsync(pool.connect(), { code: 'ERR_NOT_SERIALIZABLE', message: /operation/ });
      t.is((error as Any).outcome, 'unknown');
      t.regex(error!.message, /result is an instance of Connection/);
    }
    t.is(await pool.query(), 2);
    await t.throwsAsync(pool.several(), { code: 'ERR_NOT_SERIALIZABLE' });
    t.is(await pool.query(), 2);
    await t.throwsAsync(pool.with({ timeoutMs: 20 }).slow({ ms: 40 }), { code: 'ERR_TIMEOUT' });
    await pool.with({ oneway: true }).connect();
    await until(() => rig.pools.every(({ free }) => free.length === 2));
    t.is(await pool.query(), 2);
    t.deepEqual(errors, []);
  },
);

everywhere(
  'a handle is let go of once, by the first way that it has, and never ended',
  () => ({ open: () => new Pool() }),
  async (t, pool, { errors }) => {
    for (const how of ['asyncDispose', 'dispose', 'release', 'cancel', 'return', 'none', 'first'])
      await t.throwsAsync(pool.disposable(how), { code: 'ERR_NOT_SERIALIZABLE' }, how);
    t.deepEqual(await pool.log(), ['asyncDispose', 'dispose', 'release', 'cancel', 'return', 'release']);
    await t.throwsAsync(pool.failing(), { code: 'ERR_NOT_SERIALIZABLE' });
    await until(() => errors.length > 0);
    t.deepEqual(
      errors.map(({ message }) => message),
      ['can not be released'],
    );
  },
);

// ------------------------------------------------------------------------------------------------------ values and events

everywhere(
  'types and errors of the app pass both ways, in calls, values and events',
  () => ({
    open: () => {
      const client = Object.assign(new EventEmitter(), {
        listener: (_value: unknown) => {},
        echo: (value: unknown) => value,
        isId: (value: unknown) => value instanceof Id,
        fail() {
          throw new Deadlock('40P01');
        },
        subscribe(_topic: unknown, listener: (value: unknown) => void) {
          this.listener = listener;
        },
        push(value: unknown) {
          this.listener(value);
          (this as unknown as EventEmitter).emit('saved', value);
        },
      });
      return client;
    },
    events: ['saved'],
    types: [ID],
    errors: [Deadlock],
  }),
  async (t, client, { errors }) => {
    const id = new Id('a');
    t.deepEqual(await client.echo([id]), [id]);
    t.true(await client.isId(id));
    const error = (await t.throwsAsync(client.fail(), { instanceOf: Deadlock })) as Deadlock;
    t.is(error.sqlState(), '40P01');
    const values: unknown[] = [];
    client.upstream.on('saved', (value: unknown) => values.push(value));
    await client.subscribe('t', (value: unknown) => values.push(value)).ready;
    await client.push(id);
    await until(() => values.length === 2);
    t.deepEqual(values, [id, id]);
    t.true(values.every(value => value instanceof Id));
    t.deepEqual(errors, []);
  },
);

class Id {
  constructor(readonly hex: string) {}
  equals(): boolean {
    return true;
  }
}
class Deadlock extends Error {
  sqlState(): string {
    return this.message;
  }
}
const ID = {
  name: 'Id',
  test: (value: unknown) => value instanceof Id,
  encode: ({ hex }: Id) => hex,
  decode: (hex: string) => new Id(hex),
};

test('a worker that does not name a type gets an error that names it, and so does its caller', async t => {
  const cluster = createMemoryCluster();
  cluster.setupPrimary();
  const open = () => ({ make: () => new Id('a'), take: (_id: unknown) => 1 });
  const [first, second] = [cluster.fork(), cluster.fork()];
  const leader = (first.createSharedClient as Any)({ name: 'g', open, types: [ID] });
  await leader.ready();
  const other = (second.createSharedClient as Any)({ name: 'g', open, types: [{ ...ID, name: 'Other' }] });
  await other.ready();
  const made = await t.throwsAsync(other.make(), { code: 'ERR_NOT_SERIALIZABLE', message: /"Id"/ });
  t.is((made as Any).outcome, 'unknown');
  const taken = await t.throwsAsync(other.take(new Id('b')), { code: 'ERR_NOT_SERIALIZABLE', message: /"Other"/ });
  t.is((taken as Any).outcome, 'not-started');
  t.true((await leader.make()) instanceof Id);
  cluster.close();
});

// ------------------------------------------------------------------------------------------------------- subscriptions

class Feed {
  readonly returned: string[] = [];
  readonly sources: { push(value: unknown): void; end(error?: unknown): void }[] = [];

  /** An async iterable, with a queue of its own. */
  subscribe(topic: string) {
    const queue: unknown[] = [];
    let wake = () => {};
    let isOver = false;
    let failure: unknown;
    const { returned } = this;
    const source = {
      push: (value: unknown) => {
        queue.push(value);
        wake();
      },
      end: (error?: unknown) => {
        isOver = true;
        failure = error;
        wake();
      },
    };
    this.sources.push(source);
    return {
      async next(): Promise<IteratorResult<unknown>> {
        while (queue.length === 0 && !isOver) await new Promise<void>(resolve => (wake = resolve));
        if (queue.length > 0) return { value: queue.shift(), done: false };
        if (failure !== undefined) throw failure;
        return { value: undefined, done: true };
      },
      async return(): Promise<IteratorResult<unknown>> {
        returned.push(`return ${topic}`);
        source.end();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

test('items of an async iterable are values; unsubscribing ends it at its source', async t => {
  const feed = new Feed();
  const { cluster, handles, warnings, errors } = await rigOf({
    open: () => feed,
    methods: { subscribe: { value: (item: Any) => item.text } },
  });
  for (const [i, handle] of handles.entries()) {
    const values: unknown[] = [];
    const subscription = handle.subscribe('t', (value: unknown) => values.push(value));
    await subscription.ready;
    for (const text of ['a', 'b', 'c']) feed.sources[i]!.push({ text });
    await until(() => values.length === 3);
    t.deepEqual(values, ['a', 'b', 'c']);
    await subscription.unsubscribe();
    await until(() => feed.returned.length === i + 1);
    feed.sources[i]!.push({ text: 'late' });
    await sleep(5);
    t.deepEqual(values, ['a', 'b', 'c']);
  }
  t.deepEqual(feed.returned, ['return t', 'return t']);
  t.deepEqual([warnings, errors], [[], []]);
  cluster.close();
});

test('an async iterable that ends or fails by itself is a loss: resync is told, and it is made again', async t => {
  const feed = new Feed();
  const { cluster, handles, errors } = await rigOf({ open: () => feed });
  const [, follower] = handles;
  const received: unknown[] = [];
  follower.on('resync', ({ topic, reason }: Any) => received.push(`${topic} ${reason}`));
  await follower.subscribe('t', (value: unknown) => received.push(value)).ready;
  feed.sources[0]!.push(1);
  feed.sources[0]!.end();
  await until(() => feed.sources.length === 2);
  feed.sources[1]!.push(2);
  feed.sources[1]!.end(new Error('gone'));
  await until(() => feed.sources.length === 3);
  feed.sources[2]!.push(3);
  await until(() => received.at(-1) === 3);
  t.deepEqual(received, [1, 't reconnected', 2, 't reconnected', 3]);
  t.deepEqual(
    errors.map(({ message }) => message),
    ['gone'],
  );
  t.deepEqual(feed.returned, []);
  cluster.close();
});

test('a source that always has more lets calls through', async t => {
  const { cluster, handles } = await rigOf({
    open: () => ({
      async *subscribe() {
        for (let i = 0; ; i++) yield i;
      },
      get: () => 'through',
    }),
  });
  const [, follower] = handles;
  let last = 0;
  const subscription = follower.subscribe('t', (value: number) => (last = value));
  await subscription.ready;
  t.is(await follower.get(), 'through');
  await until(() => last > 1000);
  await subscription.unsubscribe();
  cluster.close();
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

test('a listener that is called with (channel, message) gives what methods says, and an error first is reported', async t => {
  let listener = (..._: unknown[]) => {};
  const { cluster, handles, errors, warnings } = await rigOf({
    open: () => ({
      pSubscribe(_pattern: string, given: typeof listener) {
        listener = given;
      },
    }),
    methods: {
      pSubscribe: {
        role: 'subscribe',
        value: (message: unknown, channel: string) => {
          if (message === 'odd') throw new Error('odd');
          return { message, channel };
        },
      },
    },
  });
  const [, follower] = handles;
  const values: unknown[] = [];
  await follower.subscribe('a.*', (value: unknown) => values.push(value)).ready;
  listener('hello', 'a.b');
  listener('odd', 'a.b');
  listener(new Error('refused'), undefined);
  listener('again', 'a.c');
  await until(() => values.length === 2);
  t.deepEqual(values, [
    { message: 'hello', channel: 'a.b' },
    { message: 'again', channel: 'a.c' },
  ]);
  t.deepEqual(
    errors.map(({ message }) => message),
    ['odd', 'refused'],
  );
  t.deepEqual(warnings, []);
  cluster.close();
});

// -------------------------------------------------------------------------------------------------------------- opening

test('resync() and resyncOn tell every subscriber, and the last value is forgotten', async t => {
  for (const by of ['resync', 'ready'] as const) {
    const real = Object.assign(new EventEmitter(), {
      subscribe(_topic: unknown, listener: (value: unknown) => void) {
        (this as unknown as EventEmitter).on('value', listener as never);
      },
      unsubscribe() {},
      close() {},
    });
    let resync = () => {};
    const { cluster, handles } = await rigOf({
      open: (context: { resync(): void }) => {
        ({ resync } = context);
        resync();
        return real;
      },
      resyncOn: ['ready'],
    });
    const [leader, follower] = handles;
    const received: unknown[] = [];
    for (const [name, handle] of [
      ['l', leader],
      ['f', follower],
    ] as const) {
      handle.on('resync', ({ reason, fromTerm, toTerm }: Any) =>
        received.push(`${name} ${reason} ${toTerm - fromTerm}`),
      );
      await handle.subscribe('t', (value: unknown) => received.push(`${name} ${value}`)).ready;
    }
    real.emit('value', 1);
    await until(() => received.length === 2);
    t.deepEqual(received.splice(0).sort(), ['f 1', 'l 1']);
    if (by === 'resync') resync();
    else real.emit('ready');
    await until(() => received.length === 2);
    t.deepEqual(received.splice(0).sort(), ['f reconnected 0', 'l reconnected 0']);
    await follower.subscribe('t', (value: unknown) => received.push(`late ${value}`)).ready;
    await sleep(5);
    t.deepEqual(received, [], 'no old value is replayed');
    cluster.close();
  }
});

class Slow extends EventEmitter {
  static made: Slow[] = [];
  isOpen = false;
  constructor() {
    super();
    Slow.made.push(this);
  }
  connects = 0;
  async connect(): Promise<void> {
    this.connects++;
    await sleep(5);
    this.isOpen = true;
  }
  state(): boolean {
    return this.isOpen;
  }
  disconnect(): void {
    this.isOpen = false;
  }
}

test('a method with the role ready, and the events of readyOn, are waited for in both forms', async t => {
  const methods = { connect: { role: 'ready' } };
  for (const [options, Class] of [
    [{ methods }, Slow],
    [{ methods, open: () => new Slow() }, undefined],
  ] as const) {
    const { cluster, handles } = await rigOf(options, Class);
    for (const handle of handles) {
      const made = Slow.made.length;
      t.is(await handle.connect(), undefined, 'it is ready()');
      t.true(await handle.state());
      t.is(Slow.made.at(-1)!.connects, 1);
      t.is(Slow.made.length, made);
    }
    cluster.close();
  }
  class Socket extends EventEmitter {
    constructor() {
      super();
      setTimeout(() => this.emit('open'), 10);
      setTimeout(() => this.emit('hello'), 15);
    }
    received = this.once('hello', () => {});
    close(): void {}
    get(): number {
      return this.listenerCount('hello');
    }
  }
  const { cluster, handles } = await rigOf({ readyOn: ['open', 'hello'] }, Socket);
  t.is(await handles[1].get(), 1, 'only the listener of readyOn is left');
  cluster.close();
});

test('an error before the events of readyOn fails the attempt at once, and the real client is closed', async t => {
  const closed: number[] = [];
  class Refused extends EventEmitter {
    constructor() {
      super();
      setTimeout(() => this.emit('error', new Error('wrong password')), 1);
    }
    close(): void {
      closed.push(1);
    }
  }
  const cluster = createMemoryCluster();
  cluster.setupPrimary();
  const handle = (cluster.fork().createSharedClient as Any)(Refused, { name: 'g', readyOn: 'open' });
  const error = await t.throwsAsync(handle.ready(), { code: 'ERR_LEADER_FAILED' });
  t.is((error!.cause as Error).message, 'wrong password');
  t.true(closed.length >= 1);
  cluster.close();
});

test('the first link of a chain that nobody waits for is reported, and ends no process', async t => {
  const ran: string[] = [];
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  const { cluster, handles, errors } = await rigOf({ open: () => ({ deleteMany: () => new Query(ran, 'delete') }) });
  for (const handle of handles) t.throws(() => handle.deleteMany().where('x'), { instanceOf: TypeError });
  await until(() => errors.length === 2);
  await sleep(5);
  t.deepEqual([unhandled, ran], [[], []]);
  t.true(errors.every(({ message }) => /chain/.test(message)));
  process.off('unhandledRejection', note);
  cluster.close();
});

everywhere(
  'blobs pass in arguments and results, and calls made after one keep their order',
  () => {
    const log: string[] = [];
    return {
      open: () => ({
        async size(blob: Blob, name: string) {
          log.push(name);
          return blob.size;
        },
        note: (name: string) => void log.push(name),
        make: () => ({ file: new File(['abc'], 'a.txt') }),
        log: () => log,
      }),
    };
  },
  async (t, client) => {
    const calls = [
      client.size(new Blob(['12345']), 'first'),
      client.note('second'),
      client.size(new Blob(['1']), 'third'),
      client.note('fourth'),
    ];
    t.deepEqual(await Promise.all(calls), [5, undefined, 1, undefined]);
    t.deepEqual(await client.log(), ['first', 'second', 'third', 'fourth']);
    const { file } = await client.make();
    t.deepEqual([file.name, await file.text()], ['a.txt', 'abc']);
  },
);

test('a real client that the signal ends is closed in silence', async t => {
  const { cluster, handles, errors } = await rigOf({
    open: ({ signal }: { signal: AbortSignal }) => {
      const client = Object.assign(new EventEmitter(), { close() {} });
      signal.addEventListener('abort', () => {
        client.emit('error', Object.assign(new Error('aborted'), { name: 'AbortError' }));
        client.emit('error', new Error('another'));
      });
      return client;
    },
  });
  await handles[0].resign();
  t.deepEqual(
    errors.map(({ message }) => message),
    ['another'],
  );
  cluster.close();
});

test('a stream of Node is destroyed, and what has no way to be given back is left alone, in sets and maps too', async t => {
  const made: (Writable | EventEmitter)[] = [];
  const make = <T extends Writable | EventEmitter>(handle: T): T => {
    made.push(handle);
    return handle;
  };
  const { cluster, handles } = await rigOf({
    open: () => ({
      streams: () => [make(new Writable()), new Set([make(new Writable())]), new Map([['a', make(new Writable())]])],
      emitter: () => make(new EventEmitter()),
    }),
  });
  for (const handle of handles) {
    await t.throwsAsync(handle.streams(), { code: 'ERR_NOT_SERIALIZABLE' });
    await t.throwsAsync(handle.emitter(), { code: 'ERR_NOT_SERIALIZABLE' });
  }
  t.deepEqual(
    made.map(handle => 'destroyed' in handle && handle.destroyed),
    [true, true, true, false, true, true, true, false],
  );
  cluster.close();
});

test('a role can be served by a method with a callback, and subscribe have another name', async t => {
  const returned: unknown[] = [];
  const { cluster, handles } = await rigOf({
    open: () => ({
      send(text: string, callback: (error: unknown) => void) {
        returned.push(text);
        callback(text === 'bad' ? new RangeError('bad') : null);
      },
      subscribe: { not: 'a method' },
    }),
    methods: { send: { role: 'publish', callback: true }, subscribe: { role: 'invoke' } },
  });
  await handles[1].publish('good');
  await t.throwsAsync(handles[1].publish('bad'), { instanceOf: RangeError });
  t.deepEqual(returned, ['good', 'bad']);
  await t.throwsAsync(handles[1].subscribe('t', () => {}).ready, { code: 'ERR_UNKNOWN_METHOD' });
  cluster.close();
});

test('a namespace reads undefined for symbols', async t => {
  const { cluster, handles } = await rigOf({ open: () => new Api(), namespaces: ['json'] });
  t.is(handles[1].json[Symbol.iterator], undefined);
  t.true('get' in handles[1].json);
  t.false('missing' in handles[1].json);
  cluster.close();
});
