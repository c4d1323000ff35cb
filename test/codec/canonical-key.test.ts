import test from 'ava';
import { canonicalKey } from '../../lib/codec/canonical-key.js';

const shared = { id: 1 };
const cyclic: Record<string, unknown> = { id: 1 };
cyclic.self = cyclic;

// Any two of these are different values.
const DIFFERENT: readonly unknown[] = [
  0,
  -0,
  1,
  '1',
  1n,
  -1n,
  '1n',
  '',
  Number.NaN,
  'NaN',
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  undefined,
  null,
  'undefined',
  'null',
  true,
  false,
  'true',
  [],
  {},
  [[]],
  [{}],
  [0],
  [1],
  ['1'],
  [undefined],
  [null],
  new Array(1),
  new Array(2),
  { a: 1 },
  { a: '1' },
  { a: undefined },
  { a: 1, b: 2 },
  { ab: 12 },
  ['a', 1],
  ['a,1'],
  [['a'], 1],
  [['a', 1]],
  new Date(1),
  new Date(Number.NaN),
  /a/,
  /a/g,
  /b/,
  new Map(),
  new Map([['a', 1]]),
  new Map([['a', '1']]),
  new Map([
    ['a', 1],
    ['b', 2],
  ]),
  new Map([
    ['b', 2],
    ['a', 1],
  ]),
  new Set(),
  new Set(['a', 'b']),
  new Set(['b', 'a']),
  Buffer.from([1, 2]),
  Buffer.from([1, 3]),
  new Uint8Array([1, 2]),
  new Int8Array([1, 2]),
  new Uint8Array([1, 2]).buffer,
  new DataView(new Uint8Array([1, 2]).buffer),
  new Uint16Array([513]),
  new URL('a:b'),
  'a:b',
  new URLSearchParams('a'),
  new Error('a'),
  new TypeError('a'),
  new Error('b'),
  Object.assign(new Error('a'), { code: 1 }),
  new AggregateError([], 'a'),
  new AggregateError([new Error('a')], 'a'),
  cyclic,
  { id: 1, self: { id: 1, self: null } },
  'x'.repeat(5000),
  [`${'x'.repeat(5000)}`],
  [Buffer.from('x')],
];

test('different values have different keys', t => {
  const keys = DIFFERENT.map(value => canonicalKey(value, 'topic'));
  const found = new Map<string, unknown>();
  for (const [i, key] of keys.entries()) {
    t.false(found.has(key), `${String(found.get(key))} and ${String(DIFFERENT[i])} are both ${key}`);
    found.set(key, DIFFERENT[i]);
  }
});

test('equal values have equal keys', t => {
  const equal: readonly (readonly [unknown, unknown])[] = [
    [
      { a: 1, b: { c: 2, d: 3 } },
      { b: { d: 3, c: 2 }, a: 1 },
    ],
    [
      [shared, shared],
      [{ id: 1 }, { id: 1 }],
    ],
    [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [new Map([[shared, shared]]), new Map([[{ id: 1 }, { id: 1 }]])],
    [new Uint8Array([1, 2]), new Uint8Array(new Uint8Array([0, 1, 2]).buffer, 1)],
    [new Error('a'), new Error('a')],
    [Object.assign(new Error('a'), { a: 1, b: 2 }), Object.assign(new Error('a'), { b: 2, a: 1 })],
    [new Date(1), new Date(1)],
  ];
  for (const [a, b] of equal) t.is(canonicalKey(a, 'topic'), canonicalKey(b, 'topic'));
});

test('the key of a string is that string as JSON, however long', t => {
  for (const topic of ['a', 'é"\ud800', 'x'.repeat(2 ** 21)]) t.is(canonicalKey(topic, 'topic'), JSON.stringify(topic));
});

test('a topic that can not travel is refused with its path', t => {
  t.throws(() => canonicalKey({ a: () => 1 }, 'topic'), {
    code: 'ERR_NOT_SERIALIZABLE',
    message: /^topic\.a is a function/,
  });
  t.throws(() => canonicalKey(AbortSignal.abort(), 'topic'), { code: 'ERR_NOT_SERIALIZABLE' });
});

test('a topic whose key would be too large is refused, and soon', t => {
  const refusal = { code: 'ERR_NOT_SERIALIZABLE', message: /too large/ };
  t.throws(() => canonicalKey([Buffer.alloc(2 ** 21)], 'topic'), refusal);
  let doubling: unknown = [];
  for (let i = 0; i < 100; i++)
    doubling =
      i % 2
        ? [doubling, doubling]
        : new Map([
            [1, doubling],
            [2, doubling],
          ]);
  t.throws(() => canonicalKey(doubling, 'topic'), refusal);
});

test('an error that holds the same errors again and again has a key, and soon', t => {
  let doubling = new AggregateError([]);
  for (let i = 0; i < 100; i++) doubling = new AggregateError([doubling, doubling]);
  t.true(canonicalKey(doubling, 'topic').length < 2 ** 23);
});
