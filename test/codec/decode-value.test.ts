import test from 'ava';
import { decodeValue } from '../../lib/codec/decode-value.js';
import { encodeValue } from '../../lib/codec/encode-value.js';
import { SharedClientError } from '../../lib/errors/shared-client-error.js';
import type { Part } from '../../lib/protocol/payload.js';
import { decode, Signals } from './round-trip.js';

const bytes = new Uint8Array(3);

const BROKEN: readonly (readonly [title: string, json: unknown, parts?: readonly Part[]])[] = [
  ['nothing', undefined],
  ['an empty array', []],
  ['an unknown tag', [99]],
  ['a tag that is a string', ['0']],
  ['a tag that is an array', [[0]]],
  ['a bigint without digits', [7, 'x']],
  ['a bigint that is missing', [7]],
  ['a string that did not come', [8]],
  ['a string that came as bytes', [8], [bytes]],
  ['bytes that did not come', [13]],
  ['bytes that came as a string', [14], ['x']],
  ['a pattern that is none', [10, '(', '', 0]],
  ['flags that are none', [10, 'a', 'zz', 0]],
  ['a Map with half an entry', [11, 1]],
  ['a typed array of no known class', [15, 'Function'], [bytes]],
  ['a typed array of too few bytes', [15, 'Float64Array'], [bytes]],
  ['an error without properties', [16, 'Error', 'Error', 'm', 's']],
  ['an error without a message', [16, 'Error', 'Error']],
  ['an error whose properties can not be set', [16, 'NonError', 'NonError', 'm', 's', { value: 1 }]],
  ['an address that is none', [17, '']],
  ['a signal where there is none', [19, 1]],
  ['a reference to nothing', [20, 0]],
  ['a reference to a method', [20, 'map']],
  ['a reference to what comes later', [0, [20, 2], {}]],
  ['a thousand million holes', [2, 1e9]],
  ['holes in many arrays', [0, [2, 600_000], [2, 600_000]]],
  ['a length that is none', [2, 'x']],
  ['a length below nothing', [2, -1]],
  ['an index outside of its array', [2, 1, 1, 'a']],
  ['an index below nothing', [2, 1, -1, 'a']],
  ['an index that is a name', [2, 1, 'length', 5]],
  ['an index without an element', [2, 1, 0]],
];

for (const [title, json, parts] of BROKEN) {
  test(`${title} is refused as a broken frame`, t => {
    const error = t.throws(() => decodeValue(json, true, parts)) as SharedClientError;
    t.true(error instanceof SharedClientError);
    t.is(error.code, 'ERR_PROTOCOL');
  });
}

test('a signal whose number is none is refused', t => {
  t.throws(() => decodeValue([19, 'x'], true, undefined, new Signals()), { code: 'ERR_PROTOCOL' });
});

test('JSON that is nested beyond measure is refused', t => {
  const deep = JSON.parse(`${'[0,'.repeat(100_000)}1${']'.repeat(100_000)}`);
  t.throws(() => decodeValue(deep, true, undefined), { code: 'ERR_PROTOCOL' });
  const inName = JSON.parse(`[7,${'['.repeat(100_000)}${']'.repeat(100_000)}]`);
  t.throws(() => decodeValue(inName, true, undefined), { code: 'ERR_PROTOCOL' });
});

test('random JSON gives a value or a broken frame, and nothing else', t => {
  const random = generator(1);
  const parts = ['a string', bytes, 'another', bytes];
  for (let i = 0; i < 20_000; i++) {
    const json = randomJson(random, 0);
    try {
      decodeValue(json, true, parts, new Signals());
    } catch (error) {
      if ((error as SharedClientError).code !== 'ERR_PROTOCOL') t.fail(`${(error as Error).stack}`);
    }
  }
  t.pass();
});

test('what was plain JSON is the JSON itself', t => {
  const json = { a: [0, 1] };
  t.is(decodeValue(json, false, undefined), json);
});

test('each decoding has bytes of its own', t => {
  const value = [Buffer.from('abc'), new Uint8Array([1]), new Uint8Array([2]).buffer, new Float32Array([3])];
  const payload = encodeValue(value, 'value');
  const first = decode(payload) as [Buffer, Uint8Array, ArrayBuffer, Float32Array];
  first[0].fill(0);
  first[1].fill(0);
  new Uint8Array(first[2]).fill(0);
  first[3].fill(0);
  t.deepEqual(decode(payload), value);
});

test('a Buffer keeps the memory of a part that is owned and fills it', t => {
  const part = new Uint8Array(100).fill(7);
  const buffer = decodeValue([13], true, [part], undefined, true) as Buffer;
  t.is(buffer.buffer, part.buffer);
  t.deepEqual(buffer, Buffer.alloc(100, 7));
});

test('a Buffer does not keep a large chunk for a small part of it', t => {
  const part = new Uint8Array(100).subarray(50, 60).fill(7);
  const buffer = decodeValue([13], true, [part], undefined, true) as Buffer;
  t.not(buffer.buffer, part.buffer);
  t.deepEqual(buffer, Buffer.alloc(10, 7));
});

// Mulberry32: the same JSON in every run.
function generator(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function randomJson(random: (below: number) => number, depth: number): unknown {
  const leaves = [
    null,
    true,
    0,
    1,
    -1,
    1e9,
    0.5,
    '',
    'a',
    '__proto__',
    'Error',
    'DOMException',
    'Float64Array',
    'g',
    '12',
  ];
  if (depth > 4 || random(4) === 0) return leaves[random(leaves.length)];
  const children = Array.from({ length: random(6) }, () => randomJson(random, depth + 1));
  if (random(4) > 0) return [random(22), ...children];
  return JSON.parse(
    `{${children.map((child, i) => `"${leaves[7 + random(8)]}${i}":${JSON.stringify(child)}`).join()}}`,
  );
}
