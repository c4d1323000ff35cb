// Results and arguments that come item by item: on every route, in the leader's own worker and in another one.

import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { callContext } from '../../lib/index.js';
import { createMemoryCluster, type MemoryCluster, type TestWorker } from '../../lib/testing.js';
import { VirtualTime } from '../helpers/clocks/virtual-time.js';

// biome-ignore lint/suspicious/noExplicitAny: the types have tests of their own.
type Any = any;

/** What the sources in a leader did. */
class Watch extends EventEmitter {
  pulled = 0;
  ended: string[] = [];

  /** Numbers from 1; without an end, as many as are read. */
  async *numbers(end = Number.POSITIVE_INFINITY) {
    try {
      for (let i = 1; i <= end; i++) {
        this.pulled++;
        yield i;
      }
      this.ended.push('end');
    } finally {
      this.ended.push('finally');
      this.emit('ended');
    }
  }
}

class Source {
  static watch = new Watch();

  constructor(readonly watch = Source.watch) {}
  numbers(end?: number) {
    return this.watch.numbers(end);
  }
  async later(end: number) {
    await null;
    return this.watch.numbers(end);
  }
  *generated() {
    yield* [1, Promise.resolve(2), 3];
  }
  iterator() {
    let i = 0;
    return { next: async () => (++i <= 3 ? { value: i, done: false } : { value: undefined, done: true }) };
  }
  readable() {
    return Readable.from([Buffer.from('ab'), Buffer.from('cd')], { objectMode: false });
  }
  objects() {
    return Readable.from([{ a: 1 }, { a: 2 }]);
  }
  web() {
    return new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array([1, 2]));
        controller.enqueue(new Uint8Array([3]));
        controller.close();
      },
    });
  }
  map() {
    return new Map([[1, 'a']]).entries();
  }
  async *failing() {
    yield 1;
    throw Object.assign(new TypeError('in the middle'), { code: 'E_MIDDLE' });
  }
  async *rows() {
    yield new (class Row {
      constructor(readonly id = 1) {}
      save() {}
    })();
    yield new Date(5);
    yield undefined;
    yield 'x'.repeat(3000);
  }
  async *handles() {
    yield 1;
    yield new EventEmitter();
  }
  *blobs() {
    yield new Blob(['content']);
  }
  get(key: string) {
    return key;
  }
  async sum(numbers: AsyncIterable<number>, factor = 1) {
    let sum = 0;
    for await (const number of numbers) sum += number;
    return sum * factor;
  }
  async kindOf(stream: Any) {
    const items: unknown[] = [];
    for await (const item of stream) items.push(item);
    const kind = stream instanceof Readable ? 'node' : stream instanceof ReadableStream ? 'web' : 'iterable';
    return { kind, isObjectMode: stream.readableObjectMode, items };
  }
  async *doubled(numbers: AsyncIterable<number>) {
    for await (const number of numbers) yield 2 * number;
  }
  async firstOf(numbers: AsyncIterable<number>) {
    for await (const number of numbers) return number;
    return undefined;
  }
  ignored(_numbers: AsyncIterable<number>) {
    return 'ignored';
  }
}

type Route = 'relay' | 'direct' | 'json';

interface Rig {
  readonly cluster: MemoryCluster;
  readonly leader: TestWorker;
  readonly follower: TestWorker;
  readonly watch: Watch;
  /** The handle under test, and that of the leader. */
  readonly handle: Any;
  readonly leaders: Any;
  readonly errors: Error[];
}

async function rigOf(
  t: ExecutionContext,
  where: 'leader' | 'follower',
  route: Route,
  more: object = {},
  time?: VirtualTime,
): Promise<Rig> {
  const watch = new Watch();
  class Shared extends Source {
    constructor() {
      super(watch);
    }
  }
  const cluster = createMemoryCluster(time && { clock: time, schedule: time.schedule });
  t.teardown(() => cluster.close());
  cluster.setupPrimary({ route: route === 'direct' ? 'direct' : 'relay' });
  const serialization = route === 'json' ? 'json' : 'advanced';
  const [leader, follower] = [cluster.fork({ serialization }), cluster.fork({ serialization })];
  const errors: Error[] = [];
  const handles = [];
  for (const worker of [leader, follower]) {
    const handle = worker.createSharedClient(Shared, { name: 'g', ...more }) as Any;
    handle.on('error', (error: Error) => errors.push(error));
    await (time?.until(handle.ready()) ?? handle.ready());
    handles.push(handle);
  }
  const [leaders, followers] = handles as [Any, Any];
  if (route === 'direct') while (followers.status().route !== 'direct') await (time?.advance(1) ?? sleep(1));
  return { cluster, leader, follower, watch, handle: where === 'leader' ? leaders : followers, leaders, errors };
}

const PLACES = [
  ['leader', 'relay'],
  ['follower', 'relay'],
  ['follower', 'json'],
  ['follower', 'direct'],
] as const;

function everywhere(title: string, body: (t: ExecutionContext, rig: Rig) => Promise<void>, more: object = {}): void {
  for (const [where, route] of PLACES)
    test(`${title} (${where}, ${route})`, async t => body(t, await rigOf(t, where, route, more)));
}

async function all(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Waits until the source in the leader was ended. */
async function ended(watch: Watch): Promise<string[]> {
  if (watch.ended.length === 0) await once(watch, 'ended');
  return watch.ended;
}

// -------------------------------------------------------------------------------------------------------- results

everywhere('a stream can be iterated without await, and with', async (t, { handle }) => {
  t.deepEqual(
    await all(handle.numbers(40)),
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
  t.deepEqual(await all(await handle.numbers(3)), [1, 2, 3]);
  t.deepEqual(await all(handle.later(3)), [1, 2, 3]);
  t.deepEqual(await all(handle.numbers(0)), []);
});

everywhere('every kind of stream arrives', async (t, { handle }) => {
  t.deepEqual(await all(handle.generated()), [1, 2, 3]);
  t.deepEqual(await all(handle.iterator()), [1, 2, 3]);
  t.deepEqual(Buffer.concat((await all(handle.readable())) as Buffer[]).toString(), 'abcd');
  t.deepEqual(await all(handle.objects()), [{ a: 1 }, { a: 2 }]);
  t.deepEqual(await all(handle.web()), [new Uint8Array([1, 2]), new Uint8Array([3])]);
  t.deepEqual(await all(handle.map()), [[1, 'a']]);
});

everywhere('items are data, as results are', async (t, { handle }) => {
  const items = await all(handle.rows());
  t.deepEqual(JSON.stringify(items[0]), '{"id":1}');
  t.deepEqual(items.slice(1), [new Date(5), undefined, 'x'.repeat(3000)]);
});

everywhere(
  'an error of the source comes after its items, and so does an item that cannot be sent',
  async (t, { handle }) => {
    const items: unknown[] = [];
    const error = await t.throwsAsync(
      async () => {
        for await (const item of handle.failing()) items.push(item);
      },
      { instanceOf: TypeError, message: 'in the middle' },
    );
    t.is((error as Any).code, 'E_MIDDLE');
    t.deepEqual(items, [1]);
    const stream = handle.handles();
    const iterator = stream[Symbol.asyncIterator]();
    t.deepEqual(await iterator.next(), { value: 1, done: false });
    await t.throwsAsync(iterator.next(), {
      code: 'ERR_NOT_SERIALIZABLE',
      // `result` would be given the stream.
      message: /handles\(\) returned.*an item is(?!.*result:).*operation.* yields data/,
    });
    t.deepEqual(await iterator.next(), { value: undefined, done: true });
  },
);

everywhere('break ends the source once, after at most the items that have room', async (t, { handle, watch }) => {
  for await (const item of handle.numbers()) if (item === 3) break;
  t.deepEqual(await ended(watch), ['finally']);
  t.true(watch.pulled <= 3 + 16 + 16, `${watch.pulled}`);
  t.is(handle.status().calls.streams.open, 0);
});

everywhere(
  'a reader that stops holds the source after 16 items, or maxQueued',
  async (t, { handle, watch, leaders }) => {
    const stream = await handle.numbers();
    t.is(watch.pulled, 0);
    await stream.next();
    while (handle.status().calls.streams.items < 15) await sleep(1);
    await sleep(20);
    t.is(watch.pulled, 16);
    t.like(handle.status().calls.streams, { open: 1, items: 15 });
    t.is(leaders.status().served.streams.open, 1);
    await stream.return();
    await ended(watch);
    watch.pulled = 0;
    const wide = await handle.with({ maxQueued: 100 }).numbers();
    await wide.next();
    while (handle.status().calls.streams.items < 99) await sleep(1);
    await sleep(20);
    t.is(watch.pulled, 100);
    await wide.throw(new Error('enough')).catch(() => {});
  },
);

everywhere(
  '1 MiB of items waits at most, and one of any size passes',
  async (t, { cluster, leader, follower, handle }) => {
    const pulled: number[] = [];
    const open = () => ({
      async *blocks() {
        for (let i = 0; i < 40; i++) {
          pulled.push(i);
          yield Buffer.alloc(300_000, i);
        }
      },
      async *huge() {
        yield Buffer.alloc(3_000_000, 1);
        yield 'y'.repeat(3_000_000);
      },
    });
    const isLeaders = handle.isLeader;
    const shared = leader.createSharedClient({ name: 'blocks', open }) as Any;
    await shared.ready();
    const other = follower.createSharedClient({ name: 'blocks', open, eligible: false }) as Any;
    await other.ready();
    t.truthy(cluster);
    const reader = isLeaders ? shared : other;
    const stream = await reader.blocks();
    t.is((await stream.next()).value.length, 300_000);
    await sleep(30);
    t.true(pulled.length <= 5, `${pulled.length}`);
    t.is((await all(stream)).length, 39);
    t.deepEqual(
      ((await all(reader.huge())) as Any[]).map(item => item.length),
      [3_000_000, 3_000_000],
    );
  },
);

for (const route of ['relay', 'direct'] as const) {
  test(`many streams share what may wait: a reader that stands still for a moment is not overloaded (${route})`, async t => {
    const time = new VirtualTime();
    const operations = {
      async *blocks() {
        for (let i = 0; i < 20; i++) yield Buffer.alloc(65_536, i);
      },
    };
    const { handle, leaders, follower } = await rigOf(t, 'follower', route, { operations }, time);
    const streams: Any[] = [];
    for (let i = 0; i < 100; i++) streams.push(await time.until(handle.blocks()));
    const read = Promise.all(streams.map(async stream => (await all(stream)).length));
    while (leaders.status().served.streams.items === 0) await time.turns(1);
    follower.freeze();
    await time.settle();
    t.true(leaders.status().served.streams.bytes < 48 * 1024 * 1024);
    follower.thaw();
    t.true((await time.until<number[]>(read)).every(length => length === 20));
  });
}

everywhere('a result that is no stream ends the iteration with an error', async (t, { handle }) => {
  await t.throwsAsync(all(handle.get('a')), { code: 'ERR_INVALID_OPTION', message: /a string of 1 characters/ });
  t.is(await handle.get('a'), 'a');
  await t.throwsAsync(all(handle.invoke('missing')), { code: 'ERR_UNKNOWN_METHOD' });
});

everywhere('a call that is iterated can be ended by return() and throw()', async (t, { handle, watch }) => {
  for (const end of ['return', 'throw'] as const) {
    const iterator = handle.numbers()[Symbol.asyncIterator]();
    t.is((await iterator.next()).value, 1);
    const ending = iterator[end](new Error('enough'));
    if (end === 'return') t.true((await ending).done);
    else await t.throwsAsync(ending, { message: 'enough' });
    t.deepEqual((await ended(watch)).splice(0), ['finally']);
  }
});

everywhere('items may be blobs, whose bytes are read first', async (t, { handle }) => {
  const [blob] = (await all(handle.blobs())) as [Blob];
  t.is(await blob.text(), 'content');
});

test('a stream that nobody waits for is ended, by stop() if it has nothing else', async t => {
  let stops = 0;
  const { handle } = await rigOf(t, 'follower', 'relay', {
    operations: {
      watch: () => ({
        [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
        stop: () => void stops++,
      }),
    },
  });
  await handle.with({ oneway: true }).watch();
  while (stops === 0) await sleep(1);
  t.is(stops, 1);
});

everywhere('a call that fails before its iterator is read does not end the process', async (t, { handle }) => {
  const unhandled: string[] = [];
  const listener = (error: Error) => unhandled.push(error.message);
  process.on('unhandledRejection', listener);
  t.teardown(() => process.off('unhandledRejection', listener));
  const iterator = handle.invoke('unread')[Symbol.asyncIterator]();
  t.is(await handle.get('a'), 'a');
  await sleep(1);
  await t.throwsAsync(iterator.next(), { code: 'ERR_UNKNOWN_METHOD' });
  t.deepEqual(
    unhandled.filter(message => message.includes('unread')),
    [],
  );
});

everywhere(
  'what a source emits before its reader asks is not lost: the lines of a file',
  async (t, { handle }) => {
    const stream = await handle.lines();
    await sleep(20);
    t.deepEqual(await all(stream), ['first', 'second']);
    const input = createInterface({ input: Readable.from(['first\nsecond\n']) });
    t.deepEqual(await handle.later(input), ['first', 'second']);
  },
  {
    operations: {
      lines: () => createInterface({ input: Readable.from(['first\nsecond\n']) }),
      async later(_client: unknown, lines: AsyncIterable<string>) {
        await sleep(20);
        return all(lines);
      },
    },
  },
);

everywhere('a signal ends it with its reason', async (t, { handle, watch }) => {
  const controller = new AbortController();
  const stream = await handle.with({ signal: controller.signal }).numbers();
  t.is((await stream.next()).value, 1);
  controller.abort(new Error('no more'));
  await t.throwsAsync(stream.next(), { message: 'no more' });
  t.deepEqual(await ended(watch), ['finally']);
});

everywhere('close() of the handle ends its streams', async (t, { handle, watch }) => {
  const stream = await handle.numbers();
  t.is((await stream.next()).value, 1);
  const next = (async () => {
    for await (const _ of stream);
  })();
  const closing = handle.close();
  await t.throwsAsync(next, { code: 'ERR_CLOSED' });
  await closing;
  t.deepEqual(await ended(watch), ['finally']);
});

for (const [where, route] of PLACES) {
  test(`close() ends a stream at once that comes only then (${where}, ${route})`, async t => {
    const time = new VirtualTime();
    let give!: () => void;
    const given = new Promise<void>(resolve => {
      give = resolve;
    });
    const operations = {
      async slow(client: Any) {
        await given;
        return client.numbers();
      },
    };
    const { handle, leaders } = await rigOf(t, where, route, { operations }, time);
    const call = handle.slow();
    await time.settle();
    const closing = handle.close();
    give();
    await time.settle();
    t.is(leaders.status().served.streams.open, 0);
    const stream = await time.until<Any>(call);
    await time.until(closing);
    await t.throwsAsync(time.until(stream.next()), { code: 'ERR_CLOSED' });
  });

  test(`timeoutMs counts until a first item is asked for, and until each item comes (${where}, ${route})`, async t => {
    const time = new VirtualTime();
    const operations = {
      async *slow(_client: unknown, ms: number) {
        yield 1;
        await new Promise<void>(resolve => time.setTimer(resolve, ms));
        yield 2;
      },
    };
    const { handle, watch } = await rigOf(t, where, route, { operations }, time);
    const isOpen = () => handle.status().calls.streams.open > 0;
    const client = handle.with({ timeoutMs: 50 });
    const unread = await time.until<Any>(client.numbers());
    await time.advance(45);
    t.true(isOpen());
    await time.advance(10);
    t.false(isOpen());
    await t.throwsAsync(time.until(unread.next()), { code: 'ERR_TIMEOUT' });
    t.is(watch.pulled, 0);

    const stream = await time.until<Any>(client.slow(0));
    t.is((await time.until<Any>(stream.next())).value, 1);
    await time.advance(500);
    t.is((await time.until<Any>(stream.next())).value, 2);
    t.true((await time.until<Any>(stream.next())).done);

    const late = await time.until<Any>(client.slow(1000));
    t.is((await time.until<Any>(late.next())).value, 1);
    await time.advance(500);
    const error = time.until(late.next());
    await t.throwsAsync(error, { code: 'ERR_TIMEOUT', message: /slow\(\) did not end within 50 ms/ });
  });
}

test('the death of the reader ends the source', async t => {
  for (const route of ['relay', 'direct'] as const) {
    const { handle, watch, follower } = await rigOf(t, 'follower', route);
    const stream = await handle.numbers();
    await stream.next();
    follower.kill();
    t.deepEqual(await ended(watch), ['finally']);
  }
});

test('the loss of the leader ends a stream after the items that came; it is not started again', async t => {
  for (const route of ['relay', 'direct'] as const) {
    const { handle, leader, watch } = await rigOf(t, 'follower', route, { methods: { numbers: { idempotent: true } } });
    const stream = await handle.numbers();
    t.is((await stream.next()).value, 1);
    while (handle.status().calls.streams.items < 15) await sleep(1);
    leader.kill();
    const items: unknown[] = [];
    await t.throwsAsync(
      async () => {
        for await (const item of stream) items.push(item);
      },
      { code: 'ERR_LEADER_LOST' },
    );
    t.is(items.length, 15);
    t.is(watch.pulled, 16);
    t.is(await handle.get('again'), 'again');
  }
});

for (const route of ['relay', 'direct'] as const) {
  test(`a planned end waits for streams, within drainTimeoutMs (${route})`, async t => {
    const time = new VirtualTime();
    const { handle, leaders, watch } = await rigOf(t, 'follower', route, { drainTimeoutMs: 100 }, time);
    const stream = await time.until<Any>(handle.numbers(200));
    t.is((await time.until<Any>(stream.next())).value, 1);
    const resigned = leaders.resign();
    for (let i = 2; i <= 200; i++) {
      t.is((await time.until<Any>(stream.next())).value, i);
      if (i % 40 === 0) await time.advance(10);
    }
    t.true((await time.until<Any>(stream.next())).done);
    await time.until(resigned);
    t.deepEqual(watch.ended, ['end', 'finally']);

    const endless = await time.until<Any>(handle.numbers());
    await time.until(endless.next());
    await time.settle();
    watch.ended = [];
    const again = handle.resign();
    await time.advance(200);
    await time.until(again);
    const items: unknown[] = [];
    const reading = (async () => {
      for await (const item of endless) items.push(item);
    })();
    await t.throwsAsync(time.until(reading), { code: 'ERR_LEADER_LOST' });
    t.is(items.length, 15);
    t.deepEqual(watch.ended, ['finally']);
  });
}

everywhere(
  'callContext() works in the source of a stream, and its signal aborts as the reader ends it',
  async (t, { handle }) => {
    const stream = await handle.context();
    t.like((await stream.next()).value, { name: 'g', hasSignal: true });
    await stream.return();
    t.is(await handle.aborted(), true);
  },
  (() => {
    let signal: AbortSignal | undefined;
    return {
      operations: {
        async *context() {
          signal = callContext()!.signal;
          yield { name: callContext()!.name, hasSignal: signal instanceof AbortSignal };
          await new Promise(resolve => signal!.addEventListener('abort', resolve));
          yield callContext()!.term;
        },
        async aborted() {
          while (!signal!.aborted) await sleep(1);
          return true;
        },
      },
    };
  })(),
);

test('a source runs in the context of its caller, in the leader', async t => {
  const storage = new AsyncLocalStorage<string>();
  const { handle } = await rigOf(t, 'leader', 'relay', {
    operations: {
      async *stores() {
        yield storage.getStore();
        await sleep(1);
        yield storage.getStore();
      },
    },
  });
  const stream = await storage.run('caller', () => handle.stores());
  t.deepEqual(await storage.run('reader', () => all(stream)), ['caller', 'caller']);
});

test('a source runs in what the hook extract gives', async t => {
  const storage = new AsyncLocalStorage<unknown>();
  const { handle } = await rigOf(t, 'follower', 'relay', {
    context: {
      inject: () => storage.getStore(),
      extract: (carrier: unknown, run: () => unknown) => storage.run(carrier, run),
    },
    operations: {
      async *stores() {
        yield storage.getStore();
        await sleep(1);
        yield [storage.getStore(), callContext()!.name];
      },
    },
  });
  const stream = await storage.run('trace', () => handle.stores());
  t.deepEqual(await all(stream), ['trace', ['trace', 'g']]);
});

// ------------------------------------------------------------------------------------------------------ arguments

async function* upTo(end: number, log: string[] = []) {
  try {
    for (let i = 1; i <= end; i++) yield i;
  } finally {
    log.push('finally');
  }
}

everywhere('an argument can be a stream, and others beside it', async (t, { handle }) => {
  t.is(await handle.sum(upTo(100)), 5050);
  t.is(await handle.sum(upTo(3), 10), 60);
  t.deepEqual(
    await all(handle.doubled(upTo(50))),
    Array.from({ length: 50 }, (_, i) => 2 * (i + 1)),
  );
});

everywhere('an argument arrives as what it was', async (t, { handle }) => {
  t.deepEqual(await handle.kindOf(upTo(2)), { kind: 'iterable', isObjectMode: undefined, items: [1, 2] });
  t.deepEqual(await handle.kindOf(Readable.from([{ a: 1 }])), { kind: 'node', isObjectMode: true, items: [{ a: 1 }] });
  const bytes = await handle.kindOf(Readable.from([Buffer.from('ab')], { objectMode: false }));
  t.like(bytes, { kind: 'node', isObjectMode: false });
  t.is(Buffer.concat(bytes.items).toString(), 'ab');
  const web = ReadableStream.from(['x', 'y']);
  t.deepEqual(await handle.kindOf(web), { kind: 'web', isObjectMode: undefined, items: ['x', 'y'] });
});

everywhere(
  'its source is ended once: at its end, where the method stops reading, and where it never reads',
  async (t, { handle }) => {
    const log: string[] = [];
    t.is(await handle.firstOf(upTo(1000, log)), 1);
    while (log.length === 0) await sleep(1);
    t.is(await handle.ignored(Readable.from([1, 2, 3]).on('close', () => log.push('closed'))), 'ignored');
    while (log.length === 1) await sleep(1);
    t.is(await handle.sum(upTo(3, log)), 6);
    await sleep(5);
    t.deepEqual(log, ['finally', 'closed', 'finally']);
  },
);

everywhere('an error of its source is thrown in the method', async (t, { handle }) => {
  async function* failing() {
    yield 1;
    throw new RangeError('upload failed');
  }
  await t.throwsAsync(handle.sum(failing()), { instanceOf: RangeError, message: 'upload failed' });
  async function* unsendable() {
    yield 1;
    yield () => {};
  }
  await t.throwsAsync(handle.sum(unsendable()), { code: 'ERR_NOT_SERIALIZABLE', message: /an item is a function/ });
});

everywhere('a stream within an argument, or in a topic, is refused before anything is read', async (t, { handle }) => {
  const log: string[] = [];
  const source = upTo(3, log);
  await t.throwsAsync(handle.sum({ body: source }), {
    code: 'ERR_NOT_SERIALIZABLE',
    message: /args\[0\]\.body is a stream within an argument.*Pass it as an argument of its own/,
  });
  await t.throwsAsync(handle.sum(1, [source]), { code: 'ERR_NOT_SERIALIZABLE' });
  t.is(await handle.sum(source), 6);
});

for (const route of ['relay', 'direct'] as const) {
  test(`a planned end waits for a stream that is returned only then (${route})`, async t => {
    const time = new VirtualTime();
    let give!: () => void;
    const given = new Promise<void>(resolve => {
      give = resolve;
    });
    const operations = {
      async slow(client: Any) {
        await given;
        return client.numbers(40);
      },
    };
    const { handle, leaders } = await rigOf(t, 'follower', route, { operations }, time);
    const items = all(handle.slow());
    await time.settle();
    const resigned = leaders.resign();
    await time.settle();
    give();
    t.is((await time.until<unknown[]>(items)).length, 40);
    await time.until(resigned);
  });
}

test('the death of the worker that sends ends the stream in the method', async t => {
  for (const route of ['relay', 'direct'] as const) {
    const seen: unknown[] = [];
    const done: Promise<unknown>[] = [];
    const { handle, follower } = await rigOf(t, 'follower', route, {
      operations: {
        collect(_client: unknown, numbers: AsyncIterable<number>) {
          const run = (async () => {
            for await (const number of numbers) seen.push(number);
          })();
          done.push(run);
          return run;
        },
      },
    });
    async function* endless() {
      for (let i = 0; ; i++) {
        yield i;
        await sleep(1);
      }
    }
    handle.collect(endless()).catch(() => {});
    while (seen.length < 3) await sleep(1);
    follower.kill();
    await t.throwsAsync(done[0]!, { code: 'ERR_CLOSED' });
  }
});

test('the loss of the leader ends the source, and the call is never sent again, though idempotent', async t => {
  for (const route of ['relay', 'direct'] as const) {
    const { handle, leader } = await rigOf(t, 'follower', route, { methods: { sum: { idempotent: true } } });
    const log: string[] = [];
    let count = 0;
    async function* endless() {
      try {
        for (;;) {
          yield ++count;
          await sleep(1);
        }
      } finally {
        log.push('finally');
      }
    }
    const sum = handle.sum(endless());
    while (count < 3) await sleep(1);
    leader.kill();
    await t.throwsAsync(sum, { code: 'ERR_LEADER_LOST' });
    while (log.length === 0) await sleep(1);
    t.is(await handle.get('a'), 'a');
  }
});

test('a sticky publication with a stream is refused', async t => {
  const { handle } = await rigOf(t, 'follower', 'relay');
  await t.throwsAsync(handle.with({ sticky: 'k' }).publish('topic', upTo(3)), {
    code: 'ERR_NOT_SERIALIZABLE',
    message: /sticky publication/,
  });
});
