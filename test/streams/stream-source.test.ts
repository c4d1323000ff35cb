// What is a stream, how sources of all kinds are read, and that each is ended once, by the way that it has.

import { EventEmitter, on, once } from 'node:events';
import { Readable } from 'node:stream';
import test from 'ava';
import { isStream } from '../../lib/codec/handles.js';
import { StreamSource } from '../../lib/streams/stream-source.js';

async function next(source: StreamSource): Promise<IteratorResult<unknown>> {
  try {
    const result = await source.next();
    source.arrived(result);
    return result;
  } catch (error) {
    source.failed();
    throw error;
  }
}

test('streams are told from data and from other handles', t => {
  async function* asynchronous() {}
  function* synchronous() {}
  const streams = [
    asynchronous(),
    synchronous(),
    new Map().entries(),
    [].values(),
    Readable.from([]),
    new ReadableStream(),
    { [Symbol.asyncIterator]() {} },
    { next: () => ({ done: true }) },
    { next() {}, return() {} },
    new (class {
      *[Symbol.iterator]() {}
      next() {}
    })(),
  ];
  for (const stream of streams) t.true(isStream(stream), String(stream));
  const others = [
    null,
    'text',
    [1],
    new Map(),
    new Set(),
    Buffer.alloc(1),
    { next: 1 },
    { next: { value: 1 } },
    { next() {}, value: 1 },
    { [Symbol.asyncIterator]: 1 },
    new EventEmitter(),
    Promise.resolve(),
    {
      get next() {
        throw new Error('a getter ran');
      },
    },
    new Proxy(
      {},
      {
        has() {
          throw new Error('a trap');
        },
      },
    ),
  ];
  for (const other of others) t.false(isStream(other));
});

test('a source that has ended, or failed, is not ended again', async t => {
  let returns = 0;
  const of = (results: readonly unknown[]) => {
    let i = 0;
    return new StreamSource({
      next() {
        const result = results[i++];
        if (result instanceof Error) throw result;
        return result;
      },
      return: () => ({ done: true, value: ++returns }),
    });
  };
  const ended = of([{ done: true, value: undefined }]);
  t.true((await next(ended)).done);
  await ended.end();
  const failed = of([new Error('broken')]);
  await t.throwsAsync(next(failed), { message: 'broken' });
  await failed.end();
  t.is(returns, 0);
  const open = of([{ done: false, value: 1 }]);
  t.is((await next(open)).value, 1);
  // Something else failed, not the source.
  open.failed();
  await open.end();
  await open.end();
  t.is(returns, 1);
});

test('a source without return() is ended by cancel(), unsubscribe(), stop() or as a disposable', async t => {
  for (const name of ['cancel', 'unsubscribe', 'stop', Symbol.asyncDispose, Symbol.dispose]) {
    let ends = 0;
    const iterable = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }) }),
      [name]: () => void ends++,
    };
    const source = new StreamSource(iterable);
    await next(source);
    await source.end();
    t.is(ends, 1, String(name));
  }
  await new StreamSource({ next: () => ({ done: true }) }).end();
});

test('a generator that waits for its source, or has not begun, is ended by what the object has', async t => {
  for (const hasBegun of [true, false]) {
    const ended: string[] = [];
    const messages = new EventEmitter();
    // Like a subscription of NATS.
    const subscription = {
      async *[Symbol.asyncIterator]() {
        try {
          for (;;) yield (await once(messages, 'message'))[0];
        } finally {
          ended.push('finally');
        }
      },
      unsubscribe() {
        ended.push('unsubscribe');
        messages.emit('message', undefined);
      },
    };
    const source = new StreamSource(subscription);
    if (hasBegun) void next(source);
    await source.end();
    t.deepEqual(ended, hasBegun ? ['unsubscribe', 'finally'] : ['unsubscribe']);
  }
});

test('a stream of Node is ended by return(), cancel() or destroy(), and its errors end no process', async t => {
  const plain = Readable.from([1, 2]);
  const source = new StreamSource(plain);
  t.deepEqual(await next(source), { value: 1, done: false });
  await source.end();
  t.true(plain.destroyed);
  // Like a call of gRPC.
  const call = Object.assign(new Readable({ read() {}, objectMode: true }), {
    cancels: 0,
    cancel() {
      call.cancels++;
      call.destroy(new Error('1 CANCELLED'));
    },
  });
  const server = new StreamSource(call);
  const pending = next(server).catch((error: Error) => error);
  await server.end();
  t.is(call.cancels, 1);
  t.regex(String(await pending), /CANCELLED/);
  const early = new Readable({ read() {} });
  const unread = new StreamSource(early);
  early.destroy(new Error('early'));
  await new Promise(resolve => early.on('close', resolve));
  await t.throwsAsync(next(unread), { message: 'early' });
});

test('a web stream that has nothing to say is cancelled', async t => {
  let cancels = 0;
  const source = new StreamSource(new ReadableStream({ cancel: () => void cancels++ }));
  const pending = next(source);
  await source.end();
  t.is(cancels, 1);
  t.true((await pending).done);
});

test('a source is listened to at once, and read later', async t => {
  const emitter = new EventEmitter();
  const source = new StreamSource({ [Symbol.asyncIterator]: () => on(emitter, 'value') });
  emitter.emit('value', 1);
  t.deepEqual(await next(source), { value: [1], done: false });
  const broken = new StreamSource({
    [Symbol.asyncIterator]() {
      throw new Error('no iterator');
    },
  });
  await t.throwsAsync(next(broken), { message: 'no iterator' });
});
