// How much one value may have: told early, by the codec alone, whatever the channel.

import test from 'ava';
import { canonicalKey } from '../../lib/codec/canonical-key.js';
import { encodeError } from '../../lib/codec/encode-error.js';
import { encodeValue } from '../../lib/codec/encode-value.js';
import { MAX_CONTROL_ERROR, MAX_VALUE } from '../../lib/codec/limits.js';
import { Writer } from '../../lib/codec/writer.js';
import { decode, Signals, travelThrown } from './round-trip.js';

const LIMIT = 6000;
const refusal = { code: 'ERR_NOT_SERIALIZABLE', message: /is too large .* over 6000 characters or bytes/ };

const LARGE: Readonly<Record<string, () => unknown>> = {
  'a Buffer': () => Buffer.alloc(6001),
  'a view of many bytes': () => new Float64Array(751),
  'an ArrayBuffer': () => new ArrayBuffer(6001),
  'a long string': () => 'x'.repeat(6001),
  'a long string of characters of three bytes': () => '\u20ac'.repeat(2001),
  'many short strings': () => new Array(2000).fill('four'),
  'many numbers': () => new Array(3001).fill(1),
  'many names': () => Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`name${i}`, 1])),
  'a long name': () => ({ ['x'.repeat(6001)]: 1 }),
  'short strings that JSON writes in six characters each': () => new Array(20).fill('\0'.repeat(100)),
  'short strings with characters of three bytes': () => new Array(20).fill('\u20ac'.repeat(110)),
  'a BigInt': () => 16n ** 6001n,
  'a RegExp': () => new RegExp('x'.repeat(6001)),
  'a URL': () => new URL(`http://x/${'x'.repeat(6001)}`),
  URLSearchParams: () => new URLSearchParams({ a: 'x'.repeat(6001) }),
  'a Map': () => new Map([['x'.repeat(3000), 'y'.repeat(3001)]]),
  'a Set': () => new Set(['x'.repeat(3000), 'y'.repeat(3001)]),
  'parts that are large together': () => [Buffer.alloc(2000), 'x'.repeat(2000), new Uint8Array(2001)],
};

for (const [name, make] of Object.entries(LARGE)) {
  test(`${name} over the limit is refused, and the text says the limit`, t => {
    t.throws(() => encodeValue(make(), 'args', undefined, LIMIT), refusal);
    t.throws(() => encodeValue({ deep: [make()] }, 'result', undefined, LIMIT), refusal);
    t.notThrows(() => encodeValue(make(), 'args', undefined, 10 * LIMIT));
  });
}

test('bytes are refused before they are copied', t => {
  const bytes = Buffer.alloc(420e6);
  const before = process.memoryUsage().arrayBuffers;
  t.throws(() => encodeValue(bytes, 'args[0]'), {
    code: 'ERR_NOT_SERIALIZABLE',
    message: /^args\[0\] is too large .* over 256 MiB/,
  });
  t.true(process.memoryUsage().arrayBuffers - before < 1e6);
  t.is(MAX_VALUE, 2 ** 28);
});

test('a text that is longer than a string can be is too large as well', t => {
  const write = () => {
    throw new RangeError('Invalid string length');
  };
  t.throws(() => new Writer({ path: 'args', write, limit: LIMIT }).payload(1), refusal);
});

test('what is just as large as it may be travels', t => {
  for (const value of ['x'.repeat(2000), Buffer.alloc(LIMIT), new Array(1900).fill(1), 'x'.repeat(LIMIT)])
    t.deepEqual(decode(encodeValue(value, 'args', undefined, LIMIT)), value);
});

test('a call has so many signals and no more, whoever says it', t => {
  const signals = new Signals();
  const many = (count: number) => Array.from({ length: count }, () => new AbortController().signal);
  t.notThrows(() => encodeValue(many(1000), 'args', signals));
  t.throws(() => encodeValue(many(1001), 'args', new Signals()), {
    code: 'ERR_NOT_SERIALIZABLE',
    message: /^args\[1000\] is one of over 1000 AbortSignals/,
  });
  for (const number of [0, 1001]) {
    t.throws(() => decode({ text: `[19,${number}]`, ext: true, parts: undefined }, signals), { code: 'ERR_PROTOCOL' });
  }
});

test('a string as a topic or key has a limit as well', t => {
  t.throws(() => canonicalKey('x'.repeat(2 ** 24 + 1), 'topic'), {
    code: 'ERR_NOT_SERIALIZABLE',
    message: /^topic is too large .* over 16 MiB/,
  });
});

test('of an error that is too large the texts are cut, and what may be left out is', t => {
  const error = Object.assign(new RangeError('m'.repeat(3e6)), {
    code: 'E',
    text: 'x'.repeat(60_000),
    more: 'y'.repeat(60_000),
    cause: new TypeError('c'.repeat(3e6)),
  });
  const came = travelThrown(error) as RangeError & { code: string; cause: Error };
  t.is(came.constructor, RangeError);
  t.is(came.code, 'E');
  t.is(came.message.length, 2 ** 20 + 1);
  t.is(came.cause.message.length, 2 ** 20 + 1);
  for (const limit of [MAX_CONTROL_ERROR, 10_000]) {
    const { text, parts = [] } = encodeError(error, limit);
    const size = parts.reduce((sum, part) => sum + part.length, text.length);
    t.true(size <= 1.1 * limit, `${size}`);
    t.regex(text, /"RangeError"/);
    t.regex(text, /"code":"E"/);
  }
});
