// Results, values and events: what of an instance of a class is sent, what is left out, what is refused.

import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import test from 'ava';
import pg from 'pg';
import { decodeError } from '../../lib/codec/decode-error.js';
import { decodeValue } from '../../lib/codec/decode-value.js';
import { encodeError } from '../../lib/codec/encode-error.js';
import { encodeData, encodeValue } from '../../lib/codec/encode-value.js';
import { OwnTypes } from '../../lib/codec/own-types.js';
import { UnreadBlob } from '../../lib/codec/unread-blobs.js';
import type { Payload } from '../../lib/protocol/payload.js';
import { CHANNELS, travel, travelAsData, travelThrown } from './round-trip.js';

const channels = Object.keys(CHANNELS) as (keyof typeof CHANNELS)[];

class Money {
  readonly #secret = 1;
  constructor(
    readonly amount: number,
    readonly format = () => `${this.amount + this.#secret}`,
    readonly tag = Symbol('tag'),
  ) {}
  get double(): number {
    return this.amount * 2;
  }
  add(): void {}
}

class Id {
  constructor(readonly hex: string) {}
  toJSON(): string {
    return this.hex;
  }
}

class Version {
  constructor(readonly major: number) {}
  toJSON(): object {
    return { v: this.major, at: new Date(0) };
  }
}

class Self {
  a = 1;
  toJSON(): this {
    return this;
  }
}

class Names extends Map<string, number> {
  first(): unknown {
    return [...this][0];
  }
}

class Rows extends Array<unknown> {
  one(): unknown {
    return this[0];
  }
}

class Day extends Date {
  year(): number {
    return this.getFullYear();
  }
}

const AS_DATA: readonly (readonly [title: string, value: () => unknown, arrives: unknown])[] = [
  ['an instance, without its functions, symbols and getters', () => new Money(2), { amount: 2 }],
  ['instances in data', () => ({ list: [new Money(1)] }), { list: [{ amount: 1 }] }],
  [
    'an instance within an instance',
    () => Object.assign(new Money(1), { tax: new Money(2) }),
    { amount: 1, tax: { amount: 2 } },
  ],
  ['what toJSON() returns', () => [new Id('ff')], ['ff']],
  ['an object from toJSON()', () => new Version(3), { v: 3, at: new Date(0) }],
  ['an instance whose toJSON() returns itself', () => new Self(), { a: 1 }],
  ['a plain object with toJSON()', () => ({ a: 1, toJSON: () => 5 }), 5],
  [
    'an instance without properties in another one',
    () =>
      Object.assign(new Money(1), {
        empty: new (class Empty {
          go() {}
        })(),
      }),
    { amount: 1, empty: {} },
  ],
  ['an instance of a class without anything', () => [new (class Nothing {})()], [{}]],
  ['a subclass of Map', () => new Names([['a', 1]]), new Map([['a', 1]])],
  ['a subclass of Array', () => Rows.from([1, new Money(2)]), [1, { amount: 2 }]],
  ['a subclass of Date', () => new Day(5), new Date(5)],
  [
    'functions in lists and objects of an instance',
    () => Object.assign(new Money(1), { fns: [() => 1, 2], table: { parse() {} } }),
    { amount: 1, fns: [null, 2], table: {} },
  ],
  [
    'a cycle',
    () => {
      const a = Object.assign(new Money(1), { self: {} });
      a.self = { a };
      return a;
    },
    (() => {
      const a = { amount: 1, self: {} };
      a.self = { a };
      return a;
    })(),
  ],
];

for (const channel of channels) {
  for (const [title, make, arrives] of AS_DATA) {
    test(`as data over ${channel}: ${title}`, t => t.deepEqual(travelAsData(make(), channel), arrives));
  }
}

test('one instance that is met twice arrives as one object, and what toJSON() gave twice', t => {
  const [money, id] = [new Money(1), new Id('ff')];
  const [a, b, c, d] = travelAsData([money, money, id, id]) as unknown[];
  t.is(a, b);
  t.deepEqual([c, d], ['ff', 'ff']);
  t.deepEqual(travelAsData([{ x: id }, money, id, money, []]), [{ x: 'ff' }, { amount: 1 }, 'ff', { amount: 1 }, []]);
});

test("a result of pg's query() arrives with its rows", t => {
  const Result = (
    pg as unknown as { readonly Result: new (mode?: string) => { rows: unknown[]; addFields(fields: unknown[]): void } }
  ).Result;
  const result = new Result();
  const types = pg.types;
  Object.assign(result, {
    command: 'SELECT',
    rowCount: 1,
    _types: Object.assign(
      new (class Overrides {
        getTypeParser = types.getTypeParser;
      })(),
      { _types: types, text: {}, binary: {} },
    ),
  });
  result.addFields([{ name: 'n', dataTypeID: 23, format: 'text' }]);
  result.rows.push({ n: 1 });
  t.like(travelAsData(result), {
    command: 'SELECT',
    rowCount: 1,
    rows: [{ n: 1 }],
    fields: [{ name: 'n', dataTypeID: 23 }],
  });
});

const stream = new PassThrough();
const closable = new (class Connection {
  close() {}
})();
const HANDLES: readonly (readonly [title: string, value: unknown, path: string])[] = [
  ['an emitter', { db: new EventEmitter() }, 'result.db is an instance of EventEmitter'],
  ['an event target', [new EventTarget()], 'result[0] is an instance of EventTarget'],
  ['a stream', stream, 'result is an instance of PassThrough'],
  ['a web stream', new ReadableStream(), 'result is an instance of ReadableStream'],
  ['a TransformStream', new TransformStream(), 'result is an instance of TransformStream'],
  ['a weak map', { a: { b: new WeakMap() } }, 'result.a.b is an instance of WeakMap'],
  ['a weak reference', new WeakRef({}), 'result is an instance of WeakRef'],
  ['a Proxy of an emitter', new Proxy(new EventEmitter(), {}), 'result is an instance of EventEmitter'],
  ['something with close()', new Map([['a', closable]]), 'result.get("a") is an instance of Connection'],
  [
    'something in an instance',
    Object.assign(new Money(1), { c: { release() {} } }),
    'result.c is an object with functions',
  ],
  ['an object of functions', { get() {}, set() {} }, 'result is an object with functions'],
  ['an object with data and a function', { rows: [], next() {} }, 'result is an object with functions'],
  [
    'a disposable',
    {
      [Symbol.asyncDispose]: async () => {},
      __proto__: new (class Lock {
        go() {}
      })(),
    },
    'result is an instance of Lock',
  ],
  [
    'an instance with methods and no data, such as a builder',
    [
      new (class Multi {
        #commands = [];
        run = () => this.exec();
        exec(): unknown {
          return this.#commands;
        }
      })(),
    ],
    'result[0] is an instance of Multi',
  ],
  ['an async generator', (async function* () {})(), 'result is an instance of'],
  ['an iterator', [1].values(), 'result is an instance of'],
  ['a signal', AbortSignal.abort(), 'result is an instance of AbortSignal'],
];

for (const [title, value, said] of HANDLES) {
  test(`refused as a handle: ${title}`, t => {
    const error = t.throws(() => encodeData(value, 'result'), { code: 'ERR_NOT_SERIALIZABLE' } as never)!;
    t.true(error.message.startsWith(said), error.message);
    t.regex(error.message, /Define an operation/);
  });
}

const REFUSED: readonly (readonly [title: string, value: unknown, said: RegExp])[] = [
  ['a function', () => {}, /^result is a function/],
  ['a function in a list', [() => {}], /^result\[0\] is a function/],
  ['a symbol', { a: Symbol('x') }, /^result\.a is a symbol/],
  ['a promise', { a: Promise.resolve(1) }, /^result\.a is a promise/],
  ['a boxed number', Object(1), /^result is an instance of Number/],
  ['shared memory', new SharedArrayBuffer(1), /^result is an instance of SharedArrayBuffer/],
  [
    'a toJSON() that throws',
    {
      a: new (class X {
        toJSON() {
          throw new Error('no');
        }
      })(),
    },
    /^result\.a is a value whose toJSON\(\) throws/,
  ],
  [
    'a toJSON() without end',
    new (class X {
      toJSON(): unknown {
        return new (this.constructor as new () => object)();
      }
    })(),
    /^result is nested too deeply/,
  ],
  [
    'a toJSON() that holds itself',
    new (class X {
      toJSON(): unknown {
        return { a: this };
      }
    })(),
    /^result is nested too deeply/,
  ],
];

for (const [title, value, said] of REFUSED) {
  test(`refused as data: ${title}`, t => {
    t.throws(() => encodeData(value, 'result'), { code: 'ERR_NOT_SERIALIZABLE', message: said } as never);
  });
}

test('arguments stay strict: an instance is refused, with its path', t => {
  for (const value of [new Money(1), new Id('a'), new Names(), Rows.from([1]), { toJSON: () => 5 }])
    t.throws(() => encodeValue({ a: value }, 'args[0]'), {
      code: 'ERR_NOT_SERIALIZABLE',
      message: /^args\[0\]\.a/,
    } as never);
});

test('no getter runs to find out what an instance is', t => {
  class Lazy {
    a = 1;
    get close(): () => void {
      t.fail();
      return () => {};
    }
    get toJSON(): undefined {
      t.fail();
      return undefined;
    }
  }
  t.deepEqual(travelAsData(new Lazy()), { a: 1 });
});

// -------------------------------------------------------------------------------------------------- types and errors

class ObjectId {
  constructor(readonly id: string) {}
  equals(): boolean {
    return true;
  }
}
class DatabaseError extends Error {
  override readonly name = 'error';
  isRetryable(): boolean {
    return true;
  }
}
const objectId = {
  name: 'ObjectId',
  test: (value: unknown) => value instanceof ObjectId,
  encode: (value: ObjectId) => ({ hex: value.id }),
  decode: ({ hex }: { hex: string }) => new ObjectId(hex),
};
const own = new OwnTypes([objectId as never], [DatabaseError]);

test('a type of the app arrives as what it was, among arguments and in results', t => {
  const value = { ids: [new ObjectId('a'), new ObjectId('b')], money: new Money(1) };
  t.deepEqual(travelAsData(value, 'json', own), { ids: value.ids, money: { amount: 1 } });
  const { text, ext, parts } = encodeValue([{ id: new ObjectId('c') }], 'args', undefined, undefined, own);
  t.true(ext);
  t.is(parts, undefined);
  t.deepEqual(JSON.parse(text), [0, { id: [25, 'ObjectId', { hex: 'c' }] }]);
});

test('a type that the other side does not know is refused by its name', t => {
  const { text } = encodeData(new ObjectId('a'), 'result', own);
  for (const other of [undefined, new OwnTypes([], [])]) {
    const error = t.throws(() => readWith(text, other), { code: 'ERR_NOT_SERIALIZABLE' } as never)!;
    t.regex(error.message, /"ObjectId"/);
  }
});

test('what the functions of a type throw is the cause of an error that names it', t => {
  const failing = (what: string) =>
    new OwnTypes(
      [
        {
          ...(objectId as never as Record<string, unknown>),
          [what]: () => {
            throw new Error(what);
          },
        } as never,
      ],
      [],
    );
  for (const what of ['test', 'encode']) {
    const error = t.throws(() => encodeData({ a: new ObjectId('a') }, 'result', failing(what)))!;
    t.regex(error.message, new RegExp(`^result.* is .*${what}\\(\\)`));
    t.is((error.cause as Error).message, what);
  }
  const { text } = encodeData(new ObjectId('a'), 'result', own);
  const error = t.throws(() => readWith(text, failing('decode')), { code: 'ERR_NOT_SERIALIZABLE' } as never)!;
  t.is((error.cause as Error).message, 'decode');
});

test('an encode that returns what can not travel is refused at the path of the value', t => {
  const broken = new OwnTypes([{ ...(objectId as never as object), encode: () => () => {} } as never], []);
  t.throws(() => encodeValue([new ObjectId('a')], 'args', undefined, undefined, broken), {
    code: 'ERR_NOT_SERIALIZABLE',
    message: /^args\[0\] is a function/,
  } as never);
});

test('an error of a class among errors is one of it again, and its subclass, too', t => {
  class Deadlock extends DatabaseError {}
  for (const made of [new DatabaseError('no'), Object.assign(new Deadlock('no'), { code: '40P01' })]) {
    const error = travelThrown(made, undefined, 'json', own) as DatabaseError;
    t.true(error instanceof DatabaseError && error.isRetryable());
    t.is(error.message, 'no');
    t.is(error.name, 'error');
  }
  const { text, ext, parts } = { ...encodeErrorWith(new DatabaseError('no')) };
  t.false(decodeErrorWith(text, ext, parts) instanceof DatabaseError, 'where it is not listed');
});

// ------------------------------------------------------------------------------------------------- the web's classes

test('a class of the app that is named like one of the web is no such', t => {
  const Named = [
    class Headers {
      a() {}
    },
    class FormData {
      a() {}
    },
    class Blob {
      a() {}
    },
    class File {
      a() {}
    },
  ];
  for (const Class of Named) {
    t.throws(() => encodeValue([Object.assign(new Class(), { n: 1 })], 'args'), {
      code: 'ERR_NOT_SERIALIZABLE',
      message: /^args\[0\] is an instance of/,
    } as never);
    t.deepEqual(travelAsData(Object.assign(new Class(), { n: 1 })), { n: 1 });
  }
});

test('a handle in a property of an error is left out', t => {
  const error = Object.assign(new Error('no'), { code: 1, socket: stream });
  const came = travelAsData({ error }) as { error: Error & { code: number; socket?: unknown } };
  t.deepEqual([came.error.code, came.error.socket], [1, undefined]);
});

test('headers, forms, blobs and files arrive as such', async t => {
  const headers = new Headers([
    ['a', '1'],
    ['set-cookie', 'x'],
    ['set-cookie', 'y'],
  ]);
  const came = travel(headers) as Headers;
  t.deepEqual([...came], [...headers]);
  const form = new FormData();
  form.append('a', '1');
  form.append('a', '2');
  const file = new File(['hello'], 'a.txt', { type: 'text/plain', lastModified: 5 });
  form.append('f', file);
  const blob = new Blob([new Uint8Array([1, 2])], { type: 'x/y' });
  const value = { form, blob, again: blob };
  for (const channel of channels) {
    const { form: form2, blob: blob2 } = (await readAll(() => travel(value, channel))) as typeof value;
    t.deepEqual(form2.getAll('a'), ['1', '2']);
    const file2 = form2.get('f') as File;
    t.deepEqual([file2.name, file2.type, file2.lastModified, await file2.text()], ['a.txt', 'text/plain', 5, 'hello']);
    t.deepEqual([blob2.type, [...new Uint8Array(await blob2.arrayBuffer())]], ['x/y', [1, 2]]);
  }
});

async function readAll<T>(run: () => T): Promise<T> {
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof UnreadBlob)) throw error;
      await error.read();
    }
  }
}

const readWith = (text: string, types: OwnTypes | undefined) =>
  decodeValue(JSON.parse(text), true, undefined, undefined, false, types);

const encodeErrorWith = (error: Error) => encodeError(error, undefined, own);

const decodeErrorWith = (text: string, ext: boolean, parts: Payload['parts']) =>
  decodeError(JSON.parse(text), ext, parts);
