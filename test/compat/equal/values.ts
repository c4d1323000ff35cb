// What becomes of arguments and results on their way, as far as `util.inspect` shows it.

import { inspect } from 'node:util';
import type { Case } from './case.js';
import { type Any, endOf } from './world.js';

const shown = (value: unknown) => inspect(value, { depth: 10, breakLength: Number.POSITIVE_INFINITY, sorted: true });

/** Each of them there and back through a follower. */
const echoed =
  (...values: unknown[]): Case['run'] =>
  async world => {
    const [, follower] = await world.pair();
    const back: string[] = [];
    for (const value of values) {
      const end = (await endOf(follower.echo(value))) as Any;
      back.push('value' in end ? shown(end.value) : `${end.name}: ${end.message}`);
    }
    return back;
  };

class Written {
  toJSON() {
    return 'written';
  }
}

const shared = { s: 1 };

const cycle: Any = { name: 'cycle' };
cycle.self = cycle;

export const VALUES: readonly Case[] = [
  { title: 'null, true and false', run: echoed(null, true, false) },
  { title: 'whole numbers and fractions', run: echoed(0, 1, -1, 1.5, 2 ** 31, -(2 ** 31), 2 ** 53, 1e-7, 0.1) },
  { title: 'strings', run: echoed('', 'a', 'Zürich 東京 😀', 'a b+c|^%$@\\"\n\u0000', 'x'.repeat(2000)) },
  {
    title: 'empty holders, and nested ones',
    run: echoed([], {}, [[]], { a: {} }, [[1, [2, [3]]]], { a: { b: [{}] } }),
  },
  { title: 'keys of all kinds', run: echoed({ '': 1, 'a b': 2, 'a|b': 3, 1: 4, ü: 5 }) },
  { title: 'bytes', run: echoed(Buffer.from([0, 1, 255]), Buffer.alloc(0), { bytes: [Buffer.from('a')] }) },
  { title: 'an object without a prototype', run: echoed(Object.assign(Object.create(null), { a: 1 })) },
  { title: 'a symbol as a key', run: echoed({ [Symbol('s')]: 1, a: 1 }) },
  { title: 'numbers that are none', run: echoed(Number.NaN, [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) },
  { title: 'undefined, in arrays and objects', run: echoed(undefined, [undefined, 1], { a: undefined, b: 1 }) },
  { title: 'an object with toJSON, and boxed values', run: echoed(new Written(), [Object(1), Object('a')]) },
  { title: 'one object in two places', run: echoed([shared, shared]) },
  { title: 'a Date', run: echoed(new Date(1e12), { at: [new Date(0)] }) },
  {
    title: 'arguments, undefined and null among them',
    run: async world => {
      const clients = await world.pair();
      return Promise.all(clients.map(client => client.count(undefined, null, 1, undefined)));
    },
  },
  {
    title: 'an error that is no failure',
    run: async world => {
      const [, follower] = await world.pair();
      const error = await follower.echo(Object.assign(new TypeError('sent'), { code: 'E', extra: 1 }));
      return [error instanceof Error, error.name, error.message, error.code, error.extra];
    },
    differs: {
      name: 'errors',
      original: [true, 'Error', 'sent', 'E', 1],
      compat: [true, 'TypeError', 'sent', 'E', 1],
    },
  },
  {
    title: 'many calls at once, each with its own result',
    run: async world => {
      const [leader, follower] = await world.pair();
      const numbers = Array.from({ length: 50 }, (_, n) => n);
      return Promise.all(numbers.map(n => (n % 2 ? leader : follower).echo({ n })));
    },
  },
  {
    title: 'negative zero, holes and large numbers',
    run: echoed(-0, new Array(2), 1.5e300),
    differs: {
      name: 'values',
      original: ['0', '[ undefined, undefined ]', '1.4999999999999992e+300'],
      compat: ['-0', '[ <2 empty items> ]', '1.5e+300'],
    },
  },
  {
    title: 'bytes that are no Buffer, and a URL',
    run: echoed(new Uint8Array([1, 2]), new URL('http://a/b').searchParams),
    differs: {
      name: 'values',
      original: ["{ '0': 1, '1': 2 }", '{}'],
      compat: ['Uint8Array(2) [ 1, 2 ]', 'URLSearchParams {}'],
    },
  },
  {
    title: 'half of a surrogate pair',
    run: echoed('\ud800'),
    differs: { name: 'values', original: ["'\ufffd'"], compat: ["'\\ud800'"] },
  },
  {
    title: 'a cycle',
    run: echoed(cycle),
    differs: {
      name: 'values',
      original: ['RangeError: Maximum call stack size exceeded'],
      compat: ["<ref *1> { name: 'cycle', self: [Circular *1] }"],
    },
  },
];
