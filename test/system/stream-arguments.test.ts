// Arguments that are sent item by item.

import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { all, everywhere, rigOf } from '../helpers/system/streams.js';

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
    await handle.get('later');
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
    message: /args\[0\]\.body is a stream within an argument.*pass it as an argument of its own\.$/,
  });
  await t.throwsAsync(handle.sum(1, [source]), { code: 'ERR_NOT_SERIALIZABLE' });
  t.is(await handle.sum(source), 6);
});

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
