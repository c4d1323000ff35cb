// Both ends of a stream, without a channel between them: credit, numbers, ends.

import test from 'ava';
import { encodeData } from '../../lib/codec/encode-value.js';
import { MOST_ITEM_BYTES, shareOf } from '../../lib/streams/credit.js';
import { ItemQueue } from '../../lib/streams/item-queue.js';
import { ItemReader } from '../../lib/streams/item-reader.js';
import { ItemSender, type ItemSenderOptions } from '../../lib/streams/item-sender.js';
import { RemoteStream } from '../../lib/streams/remote-stream.js';
import { StreamSource } from '../../lib/streams/stream-source.js';
import { systemClock } from '../../lib/utils/clock.js';

const frame = (number: number, value: unknown) => {
  const json = [number, value];
  return { json, length: JSON.stringify(json).length, parts: undefined };
};
const same = (value: unknown) => value;

function readerOf(window = 16) {
  const log: unknown[] = [];
  const reader = new ItemReader({
    window,
    pull: (taken, size) => log.push(`pull ${taken} of ${size}`),
    stop: reason => log.push(`stop ${reason}`),
    waits: isWaiting => log.push(isWaiting ? 'waits' : 'waits no more'),
  });
  return { reader, log };
}

function senderOf(source: object, more: Partial<ItemSenderOptions> = {}) {
  const log: unknown[] = [];
  const sender = new ItemSender({
    clock: systemClock,
    source: new StreamSource(source),
    run: fn => fn(),
    mayRead: () => true,
    mostBytes: () => MOST_ITEM_BYTES,
    encode: item => encodeData(item, 'an item'),
    send: (_kind, text) => log.push(text),
    ended: count => log.push(`ended after ${count}`),
    failed: (error, count) => log.push(`failed after ${count}: ${(error as Error).message}`),
    closed: () => log.push('closed'),
    drop: item => log.push(`dropped ${item}`),
    report: error => log.push(`reported ${(error as Error).message}`),
    ...more,
  });
  return { sender, log };
}

const settled = () => new Promise(resolve => setImmediate(() => setImmediate(resolve)));

test('consumers get items in their order, then the error once, then the end', async t => {
  const queue = new ItemQueue<number>();
  const [first, second, third, fourth] = [queue.next(), queue.next(), queue.next(), queue.next()];
  t.true(queue.isAwaited);
  queue.push(1);
  queue.end({ error: new Error('over') });
  queue.end();
  t.deepEqual(await first, { value: 1, done: false });
  await t.throwsAsync(second, { message: 'over' });
  t.deepEqual(await third, { value: undefined, done: true });
  t.deepEqual(await fourth, { value: undefined, done: true });
  t.deepEqual(await queue.next(), { value: undefined, done: true });
});

test('a reader asks with its first consumer, and reports when half of its window was taken', async t => {
  const { reader, log } = readerOf(4);
  const first = reader.next();
  t.deepEqual(log.splice(0), ['waits no more', 'pull 0 of 4', 'waits']);
  for (let i = 1; i <= 4; i++) reader.item(frame(i, i), same);
  t.deepEqual(log.splice(0), ['waits no more']);
  t.is(reader.items, 3);
  t.true(reader.bytes > 3 * 64);
  t.deepEqual(await first, { value: 1, done: false });
  t.deepEqual(await reader.next(), { value: 2, done: false });
  t.deepEqual(log.splice(0), ['pull 2 of 4']);
});

test('bytes are reported too', async t => {
  const { reader, log } = readerOf(100);
  const next = reader.next();
  reader.item({ json: [1, 'x'], length: 600_000, parts: [Buffer.alloc(10)] }, same);
  await next;
  t.true(log.includes('pull 1 of 100'));
});

test('an item that came before is dropped; one that is missing, and what is no item, are errors', t => {
  const { reader } = readerOf();
  void reader.next();
  reader.item(frame(1, 'a'), same);
  reader.item(frame(1, 'a'), same);
  t.is(reader.items, 0);
  t.throws(() => reader.item(frame(3, 'c'), same), {
    code: 'ERR_PROTOCOL',
    message: /number of an item must be the next/,
  });
  t.throws(() => reader.item({ json: 0, length: 1, parts: undefined }, same), { code: 'ERR_PROTOCOL' });
  reader.end();
  reader.item(frame(2, 'b'), same);
  t.is(reader.items, 0);
});

test('an end before all items have come is an error', async t => {
  const { reader } = readerOf();
  const next = reader.next();
  reader.ended(2);
  await t.throwsAsync(next, { code: 'ERR_PROTOCOL', message: /after all its items/ });
  const whole = readerOf().reader;
  const done = whole.next();
  whole.ended(0);
  t.true((await done).done);
});

test('a consumer that wants no more ends the source once, and items that waited are gone', async t => {
  const { reader, log } = readerOf();
  const stream = new RemoteStream(reader);
  void stream.next();
  reader.item(frame(1, 1), same);
  reader.item(frame(2, 2), same);
  await t.throwsAsync(stream.throw(new Error('enough')), { message: 'enough' });
  t.deepEqual(await stream.return(), { value: undefined, done: true });
  await stream[Symbol.asyncDispose]();
  t.deepEqual(
    log.filter(line => String(line).startsWith('stop')),
    ['stop Error: enough'],
  );
  t.true((await stream.next()).done);
});

test('a sender reads as many items as have room, and goes on when some were taken', async t => {
  const { sender, log } = senderOf([1, 2, 3, 4, 5].values());
  sender.pull([0, 2]);
  await settled();
  t.deepEqual(log, ['[1,1]', '[2,2]']);
  t.is(sender.items, 2);
  sender.pull([9, 2]);
  await settled();
  t.deepEqual(log.slice(2), ['[3,3]', '[4,4]']);
  sender.pull([4, 2]);
  await settled();
  t.deepEqual(log.slice(4), ['[5,5]', 'ended after 5']);
  sender.end();
  sender.fail(new Error('late'));
  t.is(log.length, 6);
});

test('a report of what was taken that has not its form is ignored', async t => {
  const { sender, log } = senderOf([1].values());
  for (const broken of [undefined, 0, [], [0], ['0', '1'], [0, 1.5], [null, 1]]) sender.pull(broken);
  await settled();
  t.deepEqual(log, []);
});

test('without a lease nothing is read', async t => {
  let mayRead = false;
  const { sender, log } = senderOf([1].values(), { mayRead: () => mayRead });
  sender.pull([0, 2]);
  await settled();
  t.deepEqual(log, []);
  mayRead = true;
  sender.resume();
  await settled();
  t.deepEqual(log, ['[1,1]', 'ended after 1']);
});

test('the bytes of a blob are read first', async t => {
  const { sender, log } = senderOf([new Blob(['ab']), 2].values());
  sender.pull([0, 8]);
  while (!log.includes('ended after 2')) await settled();
  t.is(log.length, 3);
  t.regex(String(log[0]), /^\[1,\[23/);
});

test('a blob whose stream ends while its bytes are read is not sent', async t => {
  const { sender, log } = senderOf([new Blob(['ab'])].values(), {
    encode(item) {
      const isFirst = log.length === 0;
      log.push('encode');
      if (!isFirst) sender.end();
      return encodeData(item, 'an item');
    },
  });
  sender.pull([0, 8]);
  while (!log.includes('closed')) await settled();
  await settled();
  t.deepEqual(log, ['encode', 'encode', 'closed']);
});

test('an item that comes after the end is dropped, and errors of an end are reported', async t => {
  let give!: (item: unknown) => void;
  const { sender, log } = senderOf({
    next: () =>
      new Promise(resolve => {
        give = value => resolve({ value, done: false });
      }),
    return: async () => {
      throw new Error('cannot end');
    },
  });
  sender.pull([0, 1]);
  sender.end();
  give('late');
  await settled();
  t.deepEqual(log.sort(), ['closed', 'dropped late', 'reported cannot end']);
});

test('an item that cannot be sent ends the source, and is dropped', async t => {
  let returns = 0;
  const source = { next: async () => ({ value: () => {}, done: false }), return: async () => void returns++ };
  const { sender, log } = senderOf(source);
  sender.pull([0, 1]);
  await settled();
  t.is(returns, 1);
  t.regex(String(log[0]), /^dropped/);
  t.regex(String(log[1]), /^failed after 0: an item is a function/);
});

test('a source may go on for long without a pause; timers and I/O have their turn', async t => {
  let isOver = false;
  const { sender, log } = senderOf(Array.from({ length: 1000 }, (_, i) => i).values());
  setImmediate(() => {
    isOver = log.length < 1000;
  });
  sender.pull([0, 10_000]);
  while (log.length < 1001) await settled();
  t.true(isOver);
});

test('a reader that waits reports what it took where a sender with a small share may wait for that', async t => {
  const { reader, log } = readerOf();
  void reader.next();
  reader.item(frame(1, 'x'.repeat(40_000)), same);
  t.false(log.includes('pull 1 of 16'));
  void reader.next();
  t.true(log.includes('pull 1 of 16'));
  void reader.next();
  reader.item(frame(2, 'x'.repeat(40_000)), same);
  t.true(log.includes('pull 2 of 16'));
});

test('many streams have less each, but never so little that one stops', t => {
  t.is(shareOf(1), MOST_ITEM_BYTES);
  t.is(shareOf(16), MOST_ITEM_BYTES);
  t.is(shareOf(100), (16 * MOST_ITEM_BYTES) / 100);
  t.is(shareOf(100_000), 32 * 1024);
});
