import test from 'ava';
import { Inbox } from '../../lib/leader/inbox.js';
import { Kind } from '../../lib/protocol/bundle.js';
import { FrameReader } from '../../lib/protocol/frame-reader.js';
import { bytesOf } from '../../lib/protocol/frames.js';
import { MOST_WITHDRAWALS } from '../../lib/protocol/withdrawals.js';
import { bundle, frameWords } from '../helpers/unit/frames.js';

const inboxOf = (mostBytes?: number, onDrop = () => {}) => new Inbox(onDrop, mostBytes);
const call = (id: number, deadline: number, size = 100) =>
  bundle({ term: 5, from: 2 }, { kind: Kind.CALL, id, value: ['get', deadline, ['x'.repeat(size)]] });
const ids = (words: string[]) => words.map(word => word.split(' ').slice(0, 2).join(' '));

test('beyond the bound calls and subscriptions are refused, and what takes something back is held', t => {
  const inbox = inboxOf(1000);
  t.is(inbox.add(call(1, 1e9, 900), 0), undefined);
  const mixed = bundle(
    { term: 5, from: 2 },
    { kind: Kind.CALL, id: 2, value: ['get', 1e9, []] },
    { kind: Kind.SUBSCRIBE, id: 3, value: ['all', 1] },
    { kind: Kind.UNSUBSCRIBE, id: 4 },
    { kind: Kind.CANCEL, id: 5, value: [0, 1] },
  );
  t.deepEqual(ids(frameWords([inbox.add(mixed, 0)!])), ['CALL 2', 'SUBSCRIBE 3']);
  t.truthy(inbox.add(call(6, 1e9), 0));
  t.false(inbox.isEmpty);
  t.true(inbox.bytes < 2000);
  t.deepEqual(ids(frameWords(inbox.take())), ['CALL 1', 'UNSUBSCRIBE 4', 'CANCEL 5']);
  t.is(inbox.bytes, 0);
});

test('of what takes others back one is kept for each that is not refused, bounded, and it is told when others are dropped', t => {
  let drops = 0;
  const inbox = inboxOf(1000, () => drops++);
  const add = (kind: number, id: number) => bundle({ term: 5, from: 2 }, { kind, id });
  inbox.add(call(1, 1e9, 900), 0);
  inbox.add(bundle({ term: 5 }, { kind: Kind.MEMBER_LEFT, id: 3 }), 0);
  const { bytes } = inbox;
  for (let id = 2; id < 1000; id++) {
    t.truthy(inbox.add(add(Kind.SUBSCRIBE, id), 0));
    inbox.add(add(Kind.UNSUBSCRIBE, id), 0);
  }
  t.is(inbox.bytes, bytes);
  for (let id = 0; id <= MOST_WITHDRAWALS; id++) inbox.add(add(Kind.UNSUBSCRIBE, 1e6 + id), 0);
  t.is(drops, 1);
  const words = ids(frameWords(inbox.take()));
  t.is(words.length, 2 + MOST_WITHDRAWALS);
  t.deepEqual(words.slice(0, 2), ['CALL 1', 'UNSUBSCRIBE 1000000']);
  t.true(words.includes('MEMBER_LEFT 3'));
  t.true(inbox.isEmpty);
});

test('what takes others back is held though nothing else is', t => {
  const inbox = inboxOf(1000);
  inbox.add(call(1, 100, 900), 0);
  const cancels = Array.from({ length: 10 }, (_, i) => ({ kind: Kind.CANCEL, id: i, value: [0, 1] }));
  inbox.add(bundle({ term: 5, from: 2 }, ...cancels), 0);
  t.is(inbox.add(call(2, 100, 5000), 2000), undefined);
  t.false(inbox.isEmpty);
  t.deepEqual(ids(frameWords(inbox.take())).slice(0, 2), ['CALL 2', 'CANCEL 0']);
});

test('one alone may be as large as it likes', t => {
  t.is(inboxOf(1000).add(call(1, 1e9, 5000), 0), undefined);
});

test('where there is no room, calls that are too late make it', t => {
  const inbox = inboxOf(22_000);
  for (let id = 1; id <= 50; id++) t.is(inbox.add(call(id, id <= 25 ? 100 : 1e9), 0), undefined);
  const late = bundle(
    { term: 5, from: 2 },
    { kind: Kind.UNPUBLISH, id: 98, value: [100, 'key', []] },
    { kind: Kind.CALL, id: 99, value: ['get', 100, []] },
  );
  t.is(inbox.add(late, 0), undefined);
  t.truthy(inbox.add(call(51, 1e9, 2000), 50), 'nothing is late yet');
  t.truthy(inbox.add(call(52, 1e9, 2000), 500), 'it was looked for a moment ago');
  t.is(inbox.add(call(53, 1e9, 2000), 1100), undefined);
  const words = ids(frameWords(inbox.take()));
  t.deepEqual(words.slice(0, 2), ['CALL 26', 'CALL 27']);
  t.deepEqual(words.slice(-2), ['UNPUBLISH 98', 'CALL 53']);
});

test('calls that never end are never late', t => {
  const inbox = inboxOf(bytesOf(call(1, 1)) + 10);
  inbox.add(bundle({ term: 5, from: 2 }, { kind: Kind.CALL, id: 1, value: ['get', null, ['x'.repeat(100)]] }), 0);
  t.truthy(inbox.add(call(2, 1e9), 1e6));
});

test('each sender has its turn, with its own in order', t => {
  const inbox = inboxOf();
  const taken: string[] = [];
  for (let id = 1; id <= 5000; id++) inbox.add(bundle({ term: 5, from: 2 }, { kind: Kind.CANCEL, id }), 0);
  for (let id = 1; id <= 3; id++) inbox.add(bundle({ term: 5, from: 3 }, { kind: Kind.CANCEL, id }), 0);
  inbox.add(bundle({ term: 5 }, { kind: Kind.MEMBER_LEFT, id: 3 }), 0);
  for (let item = inbox.next(); item; item = inbox.next()) {
    taken.push(`${item.bundle.f ?? 'gone'} ${item.bundle.h[1]}`);
    inbox.end(item);
  }
  t.deepEqual(taken.slice(0, 9), ['2 1', '3 1', '2 2', '3 2', '2 3', '3 3', '2 4', 'gone 3', '2 5']);
  t.is(taken.at(-1), '2 5000');
  t.is(taken.length, 5004);
  t.is(inbox.bytes, 0);
  t.true(inbox.isEmpty);
});

test('what was read of a bundle is not handed out again', t => {
  const inbox = inboxOf();
  inbox.add(bundle({ term: 5, from: 2 }, { kind: Kind.CANCEL, id: 1 }, { kind: Kind.CANCEL, id: 2 }), 0);
  const item = inbox.next()!;
  item.reader = new FrameReader(item.bundle);
  item.reader.next();
  const again = inbox.next()!.reader!;
  t.is(again.next()!.id, 2);
  t.true(again.isAtEnd);
  again.repeat();
  t.false(again.isAtEnd);
  t.deepEqual(ids(frameWords(inbox.take())), ['CANCEL 2']);
});
