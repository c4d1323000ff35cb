import test from 'ava';
import { canonicalKey } from '../../lib/codec/canonical-key.js';
import { encodeValue } from '../../lib/codec/encode-value.js';
import { lenient } from '../../lib/codec/lenient.js';
import { travel } from './round-trip.js';

const HIDDEN = Symbol('hidden');

class Point {
  x = 1;
  [HIDDEN] = 2;
  norm() {
    return this.x;
  }
}

class Points extends Array<unknown> {
  norm() {
    return this.length;
  }
}

const arrive = (...list: unknown[]) => travel(lenient(list)) as unknown[];

test('what can not travel arrives as null, instances as plain objects', t => {
  t.deepEqual(
    arrive(() => {}, Symbol('s'), 1),
    [null, null, 1],
  );
  t.deepEqual(arrive({ point: new Point(), call() {}, deep: [new Map([[1, () => {}]])] }), [
    { point: { x: 1 }, call: null, deep: [new Map([[1, null]])] },
  ]);
  t.deepEqual(arrive(Points.from([1, () => {}])), [[1, null]]);
});

test('what can travel arrives as ever', t => {
  const value = { date: new Date(1), bytes: Buffer.from('b'), error: new RangeError('r'), big: 1n, none: undefined };
  t.deepEqual(arrive(value), [value]);
  t.deepEqual(arrive({ plain: [1, 'two', null] }), [{ plain: [1, 'two', null] }]);
});

test('references to one object, and cycles, are kept', t => {
  const point = Object.assign(new Point(), { self: undefined as unknown });
  point.self = point;
  const [first, second] = arrive(point, point) as { self: unknown }[];
  t.is(first, second);
  t.is(first!.self, first);
});

test('it ends with the list', t => {
  t.throws(() => encodeValue([lenient([() => {}]), () => {}], 'args'), { message: /^args\[1\] is a function/ });
  t.throws(() => encodeValue([lenient([new Point()]), new Point()], 'args'), {
    message: /^args\[1\] is an instance of Point/,
  });
});

test('an error property that is left out does not make what follows lenient', t => {
  const error = Object.assign(new Error('e'), {
    list: lenient([Object.defineProperty({}, 'x', { enumerable: true, get: unreadable })]),
  });
  t.throws(() => encodeValue([error, () => {}], 'args'), { message: /^args\[1\] is a function/ });
});

function unreadable(): never {
  throw new Error('unreadable');
}

test('equal lists have one key', t => {
  t.is(canonicalKey(lenient([new Point()]), 'k'), canonicalKey(lenient([{ x: 1 }]), 'k'));
  t.not(canonicalKey(lenient([new Point()]), 'k'), canonicalKey(lenient([{ x: 2 }]), 'k'));
});
