// Small inputs that take little time and memory, whatever they say. What is counted is work and memory, never time: before
// these were linear each took from seconds to hours.

import test from 'ava';
import { NonError } from 'serialize-error';
import { decodeError } from '../../lib/codec/decode-error.js';
import { decodeValue } from '../../lib/codec/decode-value.js';
import { encodeValue } from '../../lib/codec/encode-value.js';
import { travel, travelThrown } from './round-trip.js';

type Extended = Error & Record<string, unknown>;

/** So often referred to, level by level, that all ways to the innermost are 2^levels. */
function nest(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 'innermost';
  for (let i = 0; i < levels; i++) value = wrap(value);
  return value;
}

const left = { fails() {} };

for (const [name, wrap] of Object.entries<(inner: unknown) => unknown>({
  'in one object that is left out': inner => {
    const property = { inner, ...left };
    return Object.assign(new Error('m'), { a: property, b: property });
  },
  'in two objects that are left out': inner =>
    Object.assign(new Error('m'), { a: { inner, ...left }, b: { inner, ...left } }),
  'in a list of errors': inner =>
    new AggregateError(
      [
        { inner, ...left },
        { inner, ...left },
      ],
      'm',
    ),
  'by causes': inner => Object.assign(new Error('m', { cause: { inner, ...left } }), { a: { inner, ...left } }),
})) {
  test(`an error that is referenced twice a level, ${name}, is read a number of times that is linear`, t => {
    let reads = 0;
    const counted = (inner: unknown): unknown =>
      Object.defineProperty(wrap(inner) as object, 'code', { enumerable: true, get: () => ++reads });
    const came = travelThrown(nest(30, counted));
    t.is(came.message, 'm');
    t.true(reads < 100_000, `${reads}`);
  });
}

test('what is thrown and is no error is shown in part, however often it refers to the same', t => {
  const thrown = nest(60, inner => [inner, inner]);
  const came = travelThrown(thrown) as NonError & { value: unknown };
  t.true(came instanceof NonError);
  t.true(came.message.length < 100_000);
  let value = came.value;
  for (let i = 0; i < 60; i++) value = (value as unknown[])[1];
  t.is(value, 'innermost');
  const unfit = travelThrown(nest(60, inner => ({ a: inner, b: inner, ...left })));
  t.true(unfit instanceof NonError);
  t.true(unfit.message.length <= 1000);
});

test('of what is thrown and has very much in it the beginning is shown', t => {
  const keys = Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`k${i}`, i]));
  t.regex(travelThrown(keys).message, /^Non-error value: \{"k0":0,"k1":1,/);
  t.regex(travelThrown(new Array(100_000).fill('x')).message, /^Non-error value: \["x","x",/);
  const cycle: unknown[] = [() => 1];
  cycle.push(cycle);
  t.is(travelThrown(cycle).message, 'Non-error value: [object Array]');
  t.is(travelThrown({ n: 1n, f() {} }).message, 'Non-error value: [object Object]');
});

test('of an error with 300,000 properties the first 1,000 travel', t => {
  const error = new Error('m');
  for (let i = 0; i < 300_000; i++) Object.assign(error, { [`k${i}`]: i });
  const came = travelThrown(Object.assign(error, { code: 'E' })) as Extended;
  t.is(came.message, 'm');
  t.is(Object.keys(came).length, 1001);
  t.is(came.code, 'E');
  t.is(came.k999, 999);
});

test('where too much of an error was encoded in vain the rest is left out', t => {
  const unfit = ['x'.repeat(60_000), () => 1];
  const error = new Error('m') as Extended;
  for (let i = 0; i < 100; i++) error[`k${i}`] = unfit;
  error.last = 'not reached';
  t.deepEqual(Object.keys(travelThrown(error)), []);
});

test('holes in the errors of an error weigh nothing', t => {
  const error = new AggregateError([new Error('a')], 'm');
  error.errors.length = 30_000_000;
  const came = travelThrown(error) as AggregateError;
  t.is(came.errors[0].message, 'a');
  t.true(came.errors.length <= 10_000);
});

test('integers of 10 MB travel both ways', t => {
  for (const value of [16n ** 10_000_000n, -(16n ** 10_000_000n)]) t.true(travel(value) === value);
  for (const value of [0n, -1n, 255n, -(2n ** 64n)]) t.is(travel(value), value);
  for (const text of ['10.5', '', 'xyz', '0x1', '1n', '--1'])
    t.throws(() => decodeValue([7, text], true, undefined), { code: 'ERR_PROTOCOL' });
  t.throws(() => decodeValue([7], true, undefined), { code: 'ERR_PROTOCOL' });
});

test('holes that a frame claims take no memory', t => {
  const before = process.memoryUsage().heapUsed;
  const arrays = Array.from({ length: 50 }, () => decodeValue([2, 1_000_000, 5, 'x'], true, undefined) as unknown[]);
  t.true(process.memoryUsage().heapUsed - before < 50e6);
  for (const array of arrays) t.is(array.length, 1_000_000);
  t.deepEqual(Object.keys(arrays[0]!), ['5']);
  t.false(999_999 in arrays[0]!);
});

test('an error that came is decoded in a time that follows its length', t => {
  const { text, ext, parts } = encodeValue(
    nest(200, inner => [inner, inner]),
    'value',
  );
  t.true(decodeError(JSON.parse(text), ext, parts) instanceof NonError);
});

test('of a list with millions of holes in many places nobody looks for the elements', t => {
  const holes = new Array(30_000_000);
  const error = new Error('m') as Extended;
  for (let i = 0; i < 900; i++) error[`k${i}`] = holes;
  error.code = 'E';
  t.deepEqual({ ...travelThrown(error) }, { code: 'E' });
  t.throws(() => encodeValue(holes, 'args'), { code: 'ERR_NOT_SERIALIZABLE', message: /over 1000000 holes/ });
});
