import test from 'ava';
import { Held } from '../../lib/leader/held.js';
import { bytesOf } from '../../lib/protocol/frames.js';
import { Kind } from '../../lib/protocol/messages.js';
import { bundle, frameWords } from '../helpers/unit-frames.js';

const call = (id: number, deadline: number, size = 100) =>
  bundle({ term: 5, from: 2 }, { kind: Kind.CALL, id, value: ['get', deadline, ['x'.repeat(size)]] });
const ids = (words: string[]) => words.map(word => word.split(' ').slice(0, 2).join(' '));

test('beyond the bound calls and subscriptions are refused, and what takes something back is held', t => {
  const held = new Held(1000);
  t.is(held.add(call(1, 1e9, 900), 0), undefined);
  const mixed = bundle(
    { term: 5, from: 2 },
    { kind: Kind.CALL, id: 2, value: ['get', 1e9, []] },
    { kind: Kind.SUBSCRIBE, id: 3, value: ['all', 1] },
    { kind: Kind.UNSUBSCRIBE, id: 4 },
    { kind: Kind.CANCEL, id: 5, value: [0, 1] },
  );
  t.deepEqual(ids(frameWords([held.add(mixed, 0)!])), ['CALL 2', 'SUBSCRIBE 3']);
  t.truthy(held.add(call(6, 1e9), 0));
  t.is(held.length, 2);
  t.true(held.bytes < 1500);
  t.deepEqual(ids(frameWords(held.take())), ['CALL 1', 'UNSUBSCRIBE 4', 'CANCEL 5']);
  t.is(held.bytes, 0);
});

test('one alone may be as large as it likes', t => {
  t.is(new Held(1000).add(call(1, 1e9, 5000), 0), undefined);
});

test('where there is no room, calls that are too late make it', t => {
  const held = new Held(10_000);
  for (let id = 1; id <= 50; id++) t.is(held.add(call(id, id <= 25 ? 100 : 1e9), 0), undefined);
  const late = bundle(
    { term: 5, from: 2 },
    { kind: Kind.UNPUBLISH, id: 98, value: [100, 'key', []] },
    { kind: Kind.CALL, id: 99, value: ['get', 100, []] },
  );
  t.is(held.add(late, 0), undefined);
  t.truthy(held.add(call(51, 1e9, 2000), 50), 'nothing is late yet');
  t.truthy(held.add(call(52, 1e9, 2000), 500), 'it was looked for a moment ago');
  t.is(held.add(call(53, 1e9, 2000), 1100), undefined);
  const words = ids(frameWords(held.take()));
  t.deepEqual(words.slice(0, 2), ['CALL 26', 'CALL 27']);
  t.deepEqual(words.slice(-2), ['UNPUBLISH 98', 'CALL 53']);
});

test('calls that never end are never late', t => {
  const held = new Held(bytesOf(call(1, 1)) + 10);
  held.add(bundle({ term: 5, from: 2 }, { kind: Kind.CALL, id: 1, value: ['get', null, ['x'.repeat(100)]] }), 0);
  t.truthy(held.add(call(2, 1e9), 1e6));
});
