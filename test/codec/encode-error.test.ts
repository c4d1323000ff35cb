import { AssertionError } from 'node:assert';
import { Socket } from 'node:net';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { NonError } from 'serialize-error';
import { encodeError } from '../../lib/codec/encode-error.js';
import { ERROR_CODES, SharedClientError } from '../../lib/errors/shared-client-error.js';
import { CHANNELS, travel, travelThrown } from './round-trip.js';

type Extended = Error & Record<string, unknown>;

const channels = Object.keys(CHANNELS) as (keyof typeof CHANNELS)[];

const BUILT_IN = [
  new Error('m'),
  new EvalError('m'),
  new RangeError('m'),
  new ReferenceError('m'),
  new SyntaxError('m'),
  new TypeError('m'),
  new URIError('m'),
  new AggregateError([], 'm'),
  new DOMException('m', 'AbortError'),
  new AssertionError({ message: 'm', actual: 1, expected: 2, operator: 'strictEqual' }),
  new SharedClientError('ERR_TIMEOUT', 'm', { outcome: 'unknown' }),
];

for (const error of BUILT_IN) {
  for (const channel of channels) {
    test(`${error.name} arrives over the ${channel} channel, of its class, thrown or as a value`, t => {
      for (const came of [travelThrown(error, undefined, channel), travel(error, channel) as Error]) {
        t.is(came.constructor, error.constructor);
        t.true(came instanceof (error.constructor as ErrorConstructor));
        t.is(came.name, error.name);
        t.is(came.message, error.message);
        t.is(came.stack, error.stack);
        t.deepEqual({ ...came }, { ...error });
        t.false(Object.getOwnPropertyDescriptor(came, 'stack')?.enumerable);
      }
    });
  }
}

test('a SharedClientError arrives with every code, its outcome and its cause', t => {
  for (const code of Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]) {
    const came = travelThrown(new SharedClientError(code, 'm', { outcome: 'not-started', cause: new TypeError('c') }));
    t.true(came instanceof SharedClientError);
    t.like(came, { code, outcome: 'not-started' });
    t.true(came.cause instanceof TypeError);
  }
  t.is((travelThrown(new SharedClientError('ERR_CLOSED', 'm')) as SharedClientError).outcome, undefined);
});

test('a DOMException keeps its code, which follows from its name', t => {
  const came = travelThrown(new DOMException('m', 'AbortError')) as DOMException;
  t.is(came.code, 20);
  t.false(Object.hasOwn(came, 'code'));
});

test('the class of a system error and of an error of Node is the built-in one', t => {
  const error = t.throws(() => Buffer.alloc('x' as never)) as Extended;
  const came = travelThrown(error) as Extended;
  t.is(came.constructor, TypeError);
  t.like(came, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  const system = Object.assign(new Error('connect ECONNREFUSED'), {
    errno: -111,
    code: 'ECONNREFUSED',
    syscall: 'connect',
  });
  t.deepEqual({ ...travelThrown(system) }, { ...system });
});

test('a class of the app arrives as the nearest built-in class with its name', t => {
  class NotFoundError extends RangeError {
    override name = 'NotFoundError';
    get code() {
      return 'E_NOT_FOUND';
    }
  }
  const came = travelThrown(new NotFoundError('m')) as Extended;
  t.is(came.constructor, RangeError);
  t.like(came, { name: 'NotFoundError', message: 'm', code: 'E_NOT_FOUND' });
  t.deepEqual(Object.keys(came), ['code']);
});

test('an error made without a constructor arrives as an error', t => {
  function OldError(this: Error) {
    this.message = 'old';
  }
  OldError.prototype = Object.create(SyntaxError.prototype, { name: { value: 'OldError' } });
  const came = travelThrown(Reflect.construct(OldError, []));
  t.is(came.constructor, SyntaxError);
  t.like(came, { name: 'OldError', message: 'old', stack: 'OldError: old' });
});

test('own properties arrive as any values do', t => {
  const error = Object.assign(new Error('m'), {
    code: 'E_X',
    status: 404,
    when: new Date(0),
    body: Buffer.from('b'),
    none: undefined,
    big: 1n,
    meta: new Map([['a', new Set([1])]]),
    text: 'x'.repeat(2000),
    ...JSON.parse('{"__proto__":{"x":1}}'),
  });
  Object.defineProperty(error, '__proto__', { value: 1, enumerable: true });
  for (const channel of channels) {
    const came = travelThrown(error, undefined, channel);
    t.deepEqual(Object.entries(came), Object.entries(error));
    t.is(Object.getPrototypeOf(came), Error.prototype);
  }
});

test('an own property that can not travel is left out, and the rest arrives', t => {
  const shared = { id: 1 };
  const error = Object.assign(new Error('m'), {
    before: shared,
    request: { id: shared, parts: ['x'.repeat(2000)], date: new Date(0), socket: new Socket() },
    handler: () => 1,
    signal: AbortSignal.abort(),
    response: { status: 500 },
    config: { deep: [{ validate() {} }] },
    after: [shared, 'y'.repeat(2000)],
  });
  Object.defineProperty(error, 'broken', {
    enumerable: true,
    get() {
      throw new Error('no');
    },
  });
  const came = travelThrown(error) as Extended;
  t.deepEqual({ ...came }, { before: { id: 1 }, response: { status: 500 }, after: [{ id: 1 }, 'y'.repeat(2000)] });
  t.is((came.after as unknown[])[0], came.before);
});

test('an own property of more than about 64 kB is left out', t => {
  const error = Object.assign(new Error('m'), {
    text: 'x'.repeat(70_000),
    bytes: Buffer.alloc(70_000),
    list: new Array(40_000).fill(1),
    keys: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])),
    small: 'x'.repeat(60_000),
    nested: { also: ['x'.repeat(70_000)] },
  });
  t.deepEqual(Object.keys(travelThrown(error)), ['small']);
  t.deepEqual(Object.keys(travel(error) as Error), ['small']);
});

test('an error in an own property has room of its own', t => {
  const original = Object.assign(new Error('inner'), { text: 'x'.repeat(60_000), request: new Socket() });
  const came = travelThrown(Object.assign(new Error('outer'), { original, text: 'y'.repeat(60_000) })) as Extended;
  t.is((came.original as Extended).text, original.text);
  t.false('request' in (came.original as Extended));
  t.is((came.text as string).length, 60_000);
});

test('causes arrive, whatever they are, and stay hidden', t => {
  const came = travelThrown(new Error('a', { cause: new TypeError('b', { cause: { c: [1n] } }) }));
  t.true(came.cause instanceof TypeError);
  t.deepEqual((came.cause as Error).cause, { c: [1n] });
  t.deepEqual(Object.keys(came), []);
  const none = travelThrown(new Error('a', { cause: undefined }));
  t.true(Object.hasOwn(none, 'cause'));
  t.false('cause' in travelThrown(new Error('a', { cause: () => 1 })));
  t.false('cause' in travelThrown(new Error('a')));
});

test('the errors of an AggregateError arrive in their places', t => {
  const errors = [new RangeError('a'), () => 1, 'text', new AggregateError([new Error('b')])];
  const came = travelThrown(new AggregateError(errors, 'm')) as AggregateError;
  t.true(came.errors[0] instanceof RangeError);
  t.is(came.errors[1], undefined);
  t.is(came.errors[2], 'text');
  t.is(came.errors[3].errors[0].message, 'b');
  t.deepEqual(Object.keys(came), []);
});

test('errors that share a list of errors share it on arrival', t => {
  const first = new AggregateError([new Error('a')]);
  const second = Object.assign(new AggregateError([]), { errors: first.errors });
  const came = travel([first, second]) as AggregateError[];
  t.is(came[0]?.errors, came[1]?.errors);
  const odd = travelThrown(Object.assign(new Error('m'), { errors: { field: 'is wrong' } })) as Extended;
  t.deepEqual(odd.errors, { field: 'is wrong' });
});

test('cycles between errors arrive as cycles', t => {
  const error = new Error('a') as Extended;
  const other = new TypeError('b', { cause: error });
  error.cause = error;
  error.other = other;
  error.errors = [other, error];
  const came = travelThrown(error) as Extended;
  t.is(came.cause, came);
  t.is((came.other as Error).cause, came);
  t.is((came.errors as unknown[])[0], came.other);
  t.is((came.errors as unknown[])[1], came);
});

test('a chain of causes that is too deep is cut, not refused', t => {
  let error = new Error('0');
  for (let i = 1; i < 5000; i++) error = new Error(`${i}`, { cause: error });
  const came = travelThrown(error);
  t.is(came.message, '4999');
  t.is((came.cause as Error).message, '4998');
});

test('both stacks show, the local one without its first line', t => {
  const error = new Error('m');
  const came = travelThrown(error, 'Error: here\n    at local (file.js:1:1)\n    at main (file.js:2:2)');
  t.is(came.stack, `${error.stack}\n    --- called from ---\n    at local (file.js:1:1)\n    at main (file.js:2:2)`);
  t.true(travelThrown(error, 'no frames').stack?.endsWith('\n    --- called from ---\nno frames'));
});

test('a long message travels beside the text', t => {
  const error = new Error('m'.repeat(2000));
  t.is(encodeError(error).parts?.length, 2);
  for (const channel of channels) t.is(travelThrown(error, undefined, channel).message, error.message);
});

test('names, messages and stacks that are no strings, or throw, do no harm', t => {
  const error = Object.assign(new Error('m'), { name: 7, message: undefined, stack: { a: 1 } });
  t.like(travelThrown(error), { name: '7', message: '', stack: '[object Object]' });
  const throwing = Object.defineProperty(new TypeError('m'), 'message', {
    get() {
      throw new Error('no');
    },
  });
  t.like(travelThrown(throwing), { name: 'TypeError', message: '' });
  t.is(travelThrown(Object.assign(new Error('m'), { name: Object.create(null) })).name, 'Error');
});

test('an error of another realm arrives as one of this realm', t => {
  const came = travelThrown(
    runInNewContext(`Object.assign(new TypeError('m', { cause: new Error('c') }), { code: 'E' })`),
  );
  t.is(came.constructor, TypeError);
  t.like(came, { message: 'm', code: 'E' });
  t.true(came.cause instanceof Error);
  const own = travelThrown(runInNewContext(`new (class MyError extends Error {})('m')`));
  t.is(own.constructor, Error);
});

test('an error that crosses several processes keeps its stacks and its class', t => {
  const first = travelThrown(new RangeError('m'), 'x\n    at first');
  const second = travelThrown(first, 'x\n    at second');
  t.true(second instanceof RangeError);
  t.true(second.stack?.endsWith('    --- called from ---\n    at first\n    --- called from ---\n    at second'));
});

test('anything thrown that is no error arrives as the value of a NonError', t => {
  for (const thrown of [
    'text',
    '',
    7,
    Number.NaN,
    1n,
    true,
    null,
    undefined,
    { status: 404 },
    [1],
    new Date(0),
    new Map(),
  ]) {
    const came = travelThrown(thrown, 'x\n    at here') as NonError & { value: unknown };
    t.true(came instanceof NonError);
    t.deepEqual(came.value, thrown);
    t.true(came.stack?.startsWith('NonError: Non-error value: '));
    t.true(came.stack?.endsWith('    at here'));
  }
  t.is(travelThrown('text').message, 'Non-error value: text');
});

test('an object with a message counts as an error', t => {
  const thrown: Record<string, unknown> = { message: 'm', code: 5, details: [1n] };
  thrown.self = thrown;
  const came = travelThrown(thrown) as Extended;
  t.is(came.constructor, Error);
  t.like(came, { name: 'Error', message: 'm', code: 5, details: [1n], stack: 'Error: m' });
  t.is(came.self, came);
  class Rejection {
    message = 'm';
    name = 'Rejection';
    retry() {}
  }
  t.like(travelThrown(new Rejection()), { name: 'Rejection', message: 'm' });
});

test('what is thrown and can not travel is described', t => {
  const come = (thrown: unknown): string => {
    const error = travelThrown(thrown);
    t.true(error instanceof NonError);
    return error.message;
  };
  t.is(
    come(function fail() {}),
    'Non-error value: [Function fail]',
  );
  t.is(come(Symbol('x')), 'Non-error value: Symbol(x)');
  t.is(come(Promise.resolve()), 'Non-error value: {}');
  t.is(come('x'.repeat(100_000)), `Non-error value: ${'x'.repeat(1000 - 'Non-error value: '.length)}`);
});

test('a NonError that is thrown arrives as one', t => {
  const came = travelThrown(new NonError('x'));
  t.true(came instanceof NonError);
  t.is(came.message, 'Non-error value: x');
});

test('nothing that is thrown makes the encoding throw', t => {
  const no = () => {
    throw new Error('no');
  };
  const traps = { get: no, has: no, getPrototypeOf: no, ownKeys: no, getOwnPropertyDescriptor: no };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const thrown of [new Proxy({}, traps), new Proxy(new Error('m'), traps), new Proxy(() => 1, traps), proxy]) {
    t.true(travelThrown(thrown) instanceof NonError);
  }
  t.is(travelThrown(new Proxy({}, traps)).message, 'Something was thrown that throws when it is read');
  const deep: unknown[] = [];
  deep.push(deep);
  t.deepEqual((travelThrown(deep) as NonError & { value: unknown }).value, deep);
});

test('an error whose properties are out of reach arrives without them', t => {
  const ownKeys = () => {
    throw new Error('no');
  };
  t.true(travelThrown(new Proxy(new Error('m'), { ownKeys })).message.includes('m'));
});
