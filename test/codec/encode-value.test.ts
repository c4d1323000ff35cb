import { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { encodeValue } from '../../lib/codec/encode-value.js';
import { SharedClientError } from '../../lib/errors/shared-client-error.js';
import { Signals, travel } from './round-trip.js';

class Account {
  balance = 1;
  pay() {}
}

class Bag {}

const REFUSED: readonly (readonly [title: string, value: unknown, path: string, what: string])[] = [
  ['a function', [() => 1], 'args[0]', 'a function'],
  ['a class', { Account }, 'args.Account', 'a function'],
  ['a symbol', { a: [Symbol('x')] }, 'args.a[0]', 'a symbol'],
  ['a socket', [{ socket: new Socket() }], 'args[0].socket', 'an instance of Socket'],
  [
    'a promise',
    { items: [1, 2, 3, { 'odd key': Promise.resolve() }] },
    'args.items[3]["odd key"]',
    'an instance of Promise',
  ],
  ['a WeakMap', new WeakMap(), 'args', 'an instance of WeakMap'],
  ['a generator', (function* () {})(), 'args', 'an instance of Generator'],
  ['a boxed number', Object(1), 'args', 'an instance of Number'],
  ['a SharedArrayBuffer', new SharedArrayBuffer(1), 'args', 'an instance of SharedArrayBuffer'],
  ['a view of a SharedArrayBuffer', new Uint8Array(new SharedArrayBuffer(1)), 'args', 'a view of a SharedArrayBuffer'],
  ['an instance of a class with methods', { to: new Account() }, 'args.to', 'an instance of Account'],
  ['an instance without own properties', [new (class Empty {})()], 'args[0]', 'an instance of Empty'],
  ['an object with an inherited value', Object.create({ a: 1 }), 'args', 'an instance of Object'],
  [
    'a class that is only named URL',
    new (class URL {
      go() {}
    })(),
    'args',
    'an instance of URL',
  ],
  [
    'a class that is only named URLSearchParams',
    new (class URLSearchParams {
      go() {}
    })(),
    'args',
    'an instance of URLSearchParams',
  ],
  [
    'a class that is only named AbortSignal',
    new (class AbortSignal {
      go() {}
    })(),
    'args',
    'an instance of AbortSignal',
  ],
  [
    'an empty record after one that is not',
    [Object.assign(new Bag(), { a: 1 }), new Bag()],
    'args[1]',
    'an instance of Bag',
  ],
  ['a subclass of Map', new (class Cache extends Map {})(), 'args', 'an instance of Cache'],
  [
    'a subclass of Array with methods',
    new (class List extends Array {
      top() {}
    })(),
    'args',
    'an instance of List',
  ],
  ['an array that is none', Object.create(Array.prototype), 'args', 'an instance of Array'],
  ['an array without a prototype', Object.setPrototypeOf([], null), 'args', 'an instance of Array'],
  ['an object with a toJSON of its own', { a: { toJSON: () => 1 } }, 'args.a.toJSON', 'a function'],
  ['an object with a symbol key', { where: { [Symbol('or')]: 1 } }, 'args.where', 'an object with the key Symbol(or)'],
  ['a function in a Map under a name', new Map([['a', new Map([[1, () => 1]])]]), 'args.get("a").get(1)', 'a function'],
  ['a function in a Map under an object', new Map([[{}, () => 1]]), 'args.entries[0].value', 'a function'],
  [
    'a function as a key of a Map',
    new Map<unknown, unknown>([
      [1, 1],
      [() => 1, 1],
    ]),
    'args.entries[1].key',
    'a function',
  ],
  ['a function in a Set', new Set([1, () => 1]), 'args.values[1]', 'a function'],
  ['a function beside a hole', Object.assign(new Array(2), { 1: () => 1 }), 'args[1]', 'a function'],
  ['a function under an empty key', { '': () => 1 }, 'args[""]', 'a function'],
  ['a function under a key of letters', { größe: () => 1 }, 'args.größe', 'a function'],
  ['a signal', { signal: AbortSignal.abort() }, 'args.signal', 'an AbortSignal outside of the arguments of a call'],
  ['an array of almost nothing but holes', { a: new Array(1e9) }, 'args.a', 'an array with over 1000000 holes'],
  ['a Date that is none', Object.create(Date.prototype), 'args', 'a value that throws when it is read'],
];

for (const [title, value, path, what] of REFUSED) {
  test(`${title} is refused with its path`, t => {
    refused(t, value, path, what);
  });
}

test('a getter that throws is refused with its path and its error', t => {
  const cause = new RangeError('no');
  const value = {
    a: {
      get b() {
        throw cause;
      },
    },
  };
  t.is(refused(t, value, 'args.a.b', 'a value that throws when it is read').cause, cause);
});

test('a getter that throws only the second time is refused', t => {
  let reads = 0;
  const value = {
    get a() {
      if (reads++ > 0) throw new Error('no');
      return 1;
    },
  };
  refused(t, value, 'args.a', 'a value that throws when it is read');
});

test('a Proxy that throws is refused, whatever it throws', t => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  refused(t, [proxy], 'args[0]', 'a value that throws when it is read');
  const own = new SharedClientError('ERR_TIMEOUT', 'mine');
  const throwing = new Proxy(
    {},
    {
      ownKeys: () => {
        throw own;
      },
    },
  );
  t.is(refused(t, { a: throwing }, 'args.a', 'a value that throws when it is read').cause, own);
});

test('a Proxy of an instance that throws when its class is asked for is refused', t => {
  let asked = 0;
  const getPrototypeOf = () => {
    if (asked++ > 1) throw new Error('no');
    return Account.prototype;
  };
  refused(t, new Proxy({}, { getPrototypeOf }), 'args', 'a value that throws when it is read');
});

test('1,000 levels travel, and one more is refused, plain or not', t => {
  for (const innermost of [1, undefined]) {
    const value = nest(1000, innermost);
    t.deepEqual(travel(value), value);
    refused(t, nest(1001, innermost), 'args', 'nested too deeply (over 1000 levels)');
    refused(t, nest(100_000, innermost), 'args', 'nested too deeply (over 1000 levels)');
  }
});

test('a value that meets the end of the stack is refused, not thrown up', t => {
  const value = nest(100, undefined);
  const codes = new Set<unknown>();
  let hasRoom = false;
  // On the way back from the end of the stack there is a little more room in each frame, until there is enough.
  const sink = (): void => {
    try {
      sink();
    } catch {
      // The end, which is also where to begin.
    }
    if (hasRoom) return;
    try {
      encodeValue(value, 'args');
      hasRoom = true;
    } catch (error) {
      codes.add((error as SharedClientError).code);
    }
  };
  sink();
  t.true(hasRoom);
  t.true(codes.has('ERR_NOT_SERIALIZABLE'));
  t.false(encodeValue({ a: 1 }, 'args').ext);
});

test('a text that would be longer than a string can be is refused', t => {
  // Of few long pieces, as names have no room of their own beside the text.
  const name = 'x'.repeat(2e6);
  const value = Array.from({ length: 300 }, () => ({ [name]: 1 }));
  const path = `args[134]["${'x'.repeat(60)}…"]`;
  t.throws(() => encodeValue(value, 'args'), {
    code: 'ERR_NOT_SERIALIZABLE',
    message: startsWith(`${path} is too large`),
  });
});

test('the middle of a very long path is left out', t => {
  const error = t.throws(() =>
    encodeValue(
      nest(100, () => 1),
      'args',
    ),
  ) as Error;
  t.true(error.message.startsWith(`args${'.n'.repeat(10)}…${'.n'.repeat(10)} is a function`));
});

test('a signal in a value that could not be read before is given no number', t => {
  const signals = new Signals();
  t.throws(() => encodeValue([AbortSignal.abort(), () => 1], 'args', signals));
  t.is(encodeValue([1], 'args', signals).ext, false);
});

test('strings and bytes that are long go beside the text', t => {
  const long = 'x'.repeat(5000);
  const { text, parts } = encodeValue({ a: long, b: Buffer.from('b'), c: 'short' }, 'args');
  t.is(text, '{"a":[8],"b":[13],"c":"short"}');
  t.deepEqual(parts, [long, Buffer.from('b')]);
});

test('symbol keys that are not enumerable are left behind', t => {
  const value = Object.defineProperty({ a: 1 }, Symbol('hidden'), { value: 1 });
  t.deepEqual(travel(value), { a: 1 });
});

function refused(t: ExecutionContext, value: unknown, path: string, what: string): SharedClientError {
  const error = t.throws(() => encodeValue(value, 'args')) as SharedClientError;
  t.true(error instanceof SharedClientError);
  t.is(error.code, 'ERR_NOT_SERIALIZABLE');
  t.is(error.message.slice(0, error.message.indexOf(", which can't travel")), `${path} is ${what}`);
  return error;
}

const startsWith = (text: string) => (message: string) => message.startsWith(text);

function nest(levels: number, innermost: unknown): unknown {
  let value = innermost;
  for (let i = 0; i < levels; i++) value = { n: value };
  return value;
}
