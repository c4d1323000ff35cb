import { runInNewContext } from 'node:vm';
import test from 'ava';
import { encodeValue } from '../../lib/codec/encode-value.js';
import { CHANNELS, decode, Signals, travel } from './round-trip.js';

const channels = Object.keys(CHANNELS) as (keyof typeof CHANNELS)[];

class Row {
  id = 1;
  name = 'a';
}

// Each must arrive deeply equal. `true` where plain JSON says it.
const VALUES: readonly (readonly [title: string, value: unknown, plain?: true])[] = [
  ['null', null, true],
  ['true', true, true],
  ['false', false, true],
  ['a number', 1.5, true],
  ['zero', 0, true],
  ['the largest number', Number.MAX_VALUE, true],
  ['an empty string', '', true],
  ['a string with everything in it', '"\\\n\u0000é漢🦄\ud800', true],
  ['an empty array', [], true],
  ['nested arrays', [1, ['a', [null]]], true],
  ['a plain object', { a: 1, b: { c: [true] } }, true],
  ['many small objects', Array.from({ length: 100 }, (_, i) => ({ i })), true],
  ['integer keys', { 2: 'b', 1: 'a', z: 0 }, true],
  ['undefined', undefined],
  ['undefined in an array and an object', [undefined, { a: undefined, b: 1 }]],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
  ['-0 in an array', [-0, 0]],
  ['a bigint', 12345678901234567890n],
  ['a negative bigint', -1n],
  ['a date', new Date(0)],
  ['an invalid date', new Date(Number.NaN)],
  ['a date before 1970', new Date(-1)],
  ['a pattern', /a\/b"[\n]+/giu],
  [
    'a Map',
    new Map<unknown, unknown>([
      ['a', 1],
      [{ k: 1 }, [undefined]],
      [Number.NaN, new Map()],
    ]),
  ],
  ['a Set', new Set<unknown>(['a', 1, 1n, undefined, new Set([[]])])],
  ['a Buffer', Buffer.from([0, 1, 255])],
  ['an empty Buffer', Buffer.alloc(0)],
  ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
  ['a Uint8Array', new Uint8Array([1, 2])],
  ['a Uint8ClampedArray', new Uint8ClampedArray([1, 300])],
  ['an Int8Array', new Int8Array([-1])],
  ['an Int16Array', new Int16Array([-1, 2])],
  ['a Uint16Array', new Uint16Array([1, 2])],
  ['an Int32Array', new Int32Array([-1, 2])],
  ['a Uint32Array', new Uint32Array([1, 2])],
  ['a Float32Array', new Float32Array([0.5, Number.NaN])],
  ['a Float64Array', new Float64Array([0.1, -0])],
  ['a BigInt64Array', new BigInt64Array([-1n])],
  ['a BigUint64Array', new BigUint64Array([1n])],
  ['a DataView', new DataView(new Uint8Array([1, 2, 3]).buffer, 1)],
  ['a URL', new URL('https://user@example.com:81/a?b=c#d')],
  ['a long string', 'é'.repeat(5000)],
  ['a long string with half a surrogate pair', `${'x'.repeat(5000)}\udc00`],
  ['long strings and bytes in turn', ['a'.repeat(2000), Buffer.from('b'), { c: 'c'.repeat(2000) }, new Uint8Array(2)]],
  ['tags that are values', [[0], [1], [20, 0], undefined]],
];

for (const [title, value, plain = false] of VALUES) {
  for (const channel of channels) {
    test(`${title} arrives the same over the ${channel} channel`, t => {
      t.deepEqual(travel(value, channel), value);
    });
    test(`${title} arrives the same beside an undefined over the ${channel} channel`, t => {
      t.deepEqual(travel([value, undefined], channel), [value, undefined]);
    });
  }
  test(`${title} is ${plain ? '' : 'not '}said by plain JSON`, t => {
    const { ext } = encodeValue(value, 'value');
    t.is(ext, !plain);
  });
}

test('a pattern keeps its lastIndex', t => {
  const pattern = /a/g;
  pattern.lastIndex = 3;
  t.is((travel(pattern) as RegExp).lastIndex, 3);
});

test('URLSearchParams arrive', t => {
  const params = travel(new URLSearchParams('a=1&a=2')) as URLSearchParams;
  t.true(params instanceof URLSearchParams);
  t.deepEqual(params.getAll('a'), ['1', '2']);
});

test('a Buffer arrives as a Buffer, and a Uint8Array as what it is', t => {
  for (const channel of channels) {
    const [buffer, bytes] = travel([Buffer.from('a'), new Uint8Array(1)], channel) as [Buffer, Uint8Array];
    t.true(Buffer.isBuffer(buffer));
    t.false(Buffer.isBuffer(bytes));
  }
});

test('holes stay holes, and named properties of an array are left behind', t => {
  const array: unknown[] = [];
  array[1] = 'a';
  array[3] = undefined;
  array.length = 6;
  const came = travel(Object.assign(array, { named: 1, '-1': 2 })) as unknown[];
  t.is(came.length, 6);
  t.deepEqual(Object.keys(came), ['1', '3']);
  t.is(came[1], 'a');
});

test('the order of keys and an own __proto__ key stay', t => {
  const value = JSON.parse('{"z":[{"__proto__":{"x":1}}],"__proto__":[1,{"y":null}],"a":"b"}');
  for (const extra of [[], [undefined]]) {
    const [came] = travel([value, ...extra]) as [object];
    t.is(JSON.stringify(came), JSON.stringify(value));
    t.is(Object.getPrototypeOf(came), Object.prototype);
  }
});

test('an object without a prototype arrives as a plain object', t => {
  const bare = Object.assign(Object.create(null), { a: 1 });
  t.deepEqual(travel(bare), { a: 1 });
  t.deepEqual(travel([bare, undefined]), [{ a: 1 }, undefined]);
  t.deepEqual(travel(Object.assign(Object.create(Object.create(null)), { a: 1 })), { a: 1 });
});

test('a record, an instance of a class without methods, arrives as a plain object', t => {
  t.deepEqual(travel([new Row(), new Row()]), [
    { id: 1, name: 'a' },
    { id: 1, name: 'a' },
  ]);
  t.deepEqual(travel([new Row(), undefined]), [{ id: 1, name: 'a' }, undefined]);
  t.is(encodeValue([new Row(), new Row()], 'value').ext, false);
});

test('an instance of a class without methods that extends Array arrives as an array', t => {
  class Rows extends Array<number> {}
  t.deepEqual(travel(Rows.from([1, 2])), [1, 2]);
});

test('shared references arrive as shared', t => {
  const shared = [
    {},
    [],
    new Date(0),
    /x/,
    new Map(),
    new Set(),
    Buffer.from('a'),
    new ArrayBuffer(1),
    new Uint8Array(1),
    new URL('a:b'),
    new URLSearchParams(),
    new Error('e'),
    Object.assign([], { length: 2 }),
  ];
  const came = travel([shared, ...shared, ...shared, 'x'.repeat(2000)]) as unknown[];
  for (const [i, object] of (came[0] as unknown[]).entries()) {
    t.is(came[1 + i], object);
    t.is(came[1 + shared.length + i], object);
  }
});

test('a reference that is repeated far apart arrives as shared', t => {
  const last = {};
  const came = travel([...Array.from({ length: 20 }, () => ({})), last, last]) as unknown[];
  t.is(came.at(-1), came.at(-2));
});

test('cycles arrive as cycles', t => {
  interface Node {
    self?: Node;
    map?: Map<unknown, unknown>;
    set?: Set<unknown>;
    list?: unknown[];
  }
  const value: Node = {};
  value.self = value;
  value.map = new Map([[value, value]]);
  value.set = new Set([value]);
  value.list = [value];
  value.list.push(value.list);
  const came = travel(value) as Required<Node>;
  t.is(came.self, came);
  t.is(came.map.get(came), came);
  t.true(came.set.has(came));
  t.is(came.list[0], came);
  t.is(came.list[1], came.list);
});

test('two views on one ArrayBuffer arrive as two', t => {
  const { buffer } = new Uint8Array([1, 2, 3, 4]);
  const [a, b] = travel([new Uint8Array(buffer, 1, 2), new Uint8Array(buffer)]) as [Uint8Array, Uint8Array];
  t.deepEqual([...a], [2, 3]);
  t.deepEqual([...b], [1, 2, 3, 4]);
  t.not(a.buffer, b.buffer);
});

test('what is done to bytes after the encoding changes nothing', t => {
  const bytes = [Buffer.from('abc'), new Uint8Array([1]), new Uint8Array([1]).buffer] as const;
  const payload = encodeValue(bytes, 'value');
  bytes[0].fill(0);
  bytes[1].fill(0);
  new Uint8Array(bytes[2]).fill(0);
  t.deepEqual(decode(payload), [Buffer.from('abc'), new Uint8Array([1]), new Uint8Array([1]).buffer]);
});

test('values of another realm arrive as those of this one', t => {
  const value = runInNewContext(`class Row { a = 1 }; ({
    object: { a: [1] }, record: new Row(), date: new Date(5), pattern: /x/g, map: new Map([[1, 2]]), set: new Set([1]),
    bytes: new Uint8Array([7]), doubles: new Float64Array([0.5]), view: new DataView(new ArrayBuffer(1)),
    buffer: new ArrayBuffer(2), type: new RangeError('r'), own: new (class MyError extends Error {})('m'),
  })`);
  const came = travel(value) as Record<string, unknown>;
  t.deepEqual(came.object, { a: [1] });
  t.deepEqual(came.record, { a: 1 });
  t.deepEqual(came.date, new Date(5));
  t.deepEqual(came.pattern, /x/g);
  t.deepEqual(came.map, new Map([[1, 2]]));
  t.deepEqual(came.set, new Set([1]));
  t.deepEqual(came.bytes, new Uint8Array([7]));
  t.deepEqual(came.doubles, new Float64Array([0.5]));
  t.deepEqual(came.view, new DataView(new ArrayBuffer(1)));
  t.deepEqual(came.buffer, new ArrayBuffer(2));
  t.true(came.type instanceof RangeError);
  t.true(came.own instanceof Error);
});

test('a signal at any depth becomes a live one, once for each', t => {
  const signals = new Signals();
  const { signal } = new AbortController();
  const other = AbortSignal.abort();
  const value = ['a', { options: { signal, again: signal }, map: new Map([['s', other]]) }];
  const came = travel(value, 'json', signals) as typeof value;
  const { options, map } = came[1] as {
    options: { signal: AbortSignal; again: AbortSignal };
    map: Map<string, unknown>;
  };
  t.deepEqual(signals.sent, [signal, other]);
  t.is(options.signal, options.again);
  t.false(options.signal.aborted);
  signals.live.get(1)?.abort('enough');
  t.is(options.signal.reason, 'enough');
  t.true(map.get('s') instanceof AbortSignal);
});

test('a value with something encoded in one of its getters arrives', t => {
  const value = {
    get inner() {
      return encodeValue({ a: 1 }, 'inner').text;
    },
  };
  t.deepEqual(travel(value), { inner: '{"a":1}' });
});

test('a Proxy of plain data arrives as plain data', t => {
  t.deepEqual(travel(new Proxy({ a: new Proxy([1, undefined], {}) }, {})), { a: [1, undefined] });
});
