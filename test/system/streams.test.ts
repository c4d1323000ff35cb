// Results that come item by item.

import { AsyncLocalStorage } from 'node:async_hooks';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { callContext } from '../../lib/index.js';
import { defer } from '../../lib/utils/deferred.js';
import { VirtualTime } from '../helpers/clocks/virtual-time.js';
import { type Any, all, ended, everywhere, PLACES, rigOf } from '../helpers/system/streams.js';

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
    // By then the leader has had a turn.
    await handle.get('later');
    t.is(watch.pulled, 16);
    t.like(handle.status().calls.streams, { open: 1, items: 15 });
    t.is(leaders.status().served.streams.open, 1);
    await stream.return();
    await ended(watch);
    watch.pulled = 0;
    const wide = await handle.with({ maxQueued: 100 }).numbers();
    await wide.next();
    while (handle.status().calls.streams.items < 99) await sleep(1);
    await handle.get('later');
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
      get: () => 'later',
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
    while (reader.status().calls.streams.items < 3) await sleep(1);
    await reader.get();
    t.is(pulled.length, 4);
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
    const given = defer();
    const operations = {
      async slow(client: Any) {
        await given.promise;
        return client.numbers();
      },
    };
    const { handle, leaders } = await rigOf(t, where, route, { operations }, time);
    const call = handle.slow();
    await time.settle();
    const closing = handle.close();
    given.resolve();
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

everywhere(
  'callContext() works where a source is asked for its iterator, too',
  async (t, { handle }) => {
    t.deepEqual(await all(handle.named()), ['g']);
  },
  {
    operations: {
      named: () => ({
        [Symbol.asyncIterator]() {
          const name = callContext()?.name;
          return (async function* () {
            yield name;
          })();
        },
      }),
    },
  },
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

for (const route of ['relay', 'direct'] as const) {
  test(`a planned end waits for a stream that is returned only then (${route})`, async t => {
    const time = new VirtualTime();
    const given = defer();
    const operations = {
      async slow(client: Any) {
        await given.promise;
        return client.numbers(40);
      },
    };
    const { handle, leaders } = await rigOf(t, 'follower', route, { operations }, time);
    const items = all(handle.slow());
    await time.settle();
    const resigned = leaders.resign();
    await time.settle();
    given.resolve();
    t.is((await time.until<unknown[]>(items)).length, 40);
    await time.until(resigned);
  });
}
