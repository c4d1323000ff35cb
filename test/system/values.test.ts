import { inspect, isDeepStrictEqual } from 'node:util';
import type { SharedClientError } from '../../lib/index.js';
import { everywhere, recorder, system } from '../helpers/system/test.js';

const shared = { id: 1 };
const cyclic: { self?: unknown; list: unknown[] } = { list: [] };
cyclic.self = cyclic;
cyclic.list.push(cyclic);

const VALUES: unknown[] = [
  null,
  undefined,
  true,
  0,
  -0,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MAX_SAFE_INTEGER,
  12345678901234567890n,
  -1n,
  '',
  'text',
  'line\u2028 "quoted" \\ \0 \ud800 🦊',
  'x'.repeat(100_000),
  'ü'.repeat(100_000),
  [],
  [undefined, null, [1, [2]]],
  // biome-ignore lint/suspicious/noSparseArray: holes travel too.
  [1, , 3],
  {},
  { a: undefined, b: null, c: { d: [1] } },
  { __proto__x: 1, constructor: 'own', toJSON: 'own', $: ['tag'], length: 3 },
  JSON.parse('{"__proto__": {"polluted": true}, "then": "own"}'),
  new Date(1_700_000_000_123),
  new Date(Number.NaN),
  /a+b/giu,
  new Map<unknown, unknown>([
    [{ key: 1 }, new Map([[1n, undefined]])],
    [Number.NaN, 'nan'],
  ]),
  new Set<unknown>([1, '1', { a: new Set() }]),
  Buffer.from('bytes'),
  Buffer.alloc(0),
  Buffer.alloc(200_000, 7),
  new Uint8Array([1, 2, 255]),
  new Float64Array([1.5, -0, Number.NaN]),
  new BigInt64Array([1n, -5n]),
  new Uint16Array([1, 2, 3]).subarray(1),
  new Uint8Array([1, 2, 3]).buffer,
  new DataView(new Uint8Array([1, 2, 3]).buffer),
  new URL('https://user@example.org:8080/path?q=1#hash'),
  new URLSearchParams('a=1&a=2'),
  [shared, shared, { again: shared }],
  cyclic,
  new RangeError('an error as a value'),
];

system(
  'the same values arrive whatever the channels, in calls, results, publications, values, topics and events',
  async (t, rig) => {
    const clients = await rig.clients(4, { events: ['news'] });
    const here = rig.client(undefined, { events: ['news'] });
    await rig.time.until(here.ready());
    const everybody = [...clients, here];
    const logs = everybody.map(() => recorder());
    const received: unknown[][] = everybody.map(() => []);
    for (const [i, client] of everybody.entries()) {
      await rig.time.until(client.subscribe('topic', logs[i]!.listener).ready);
      client.upstream.on('news', value => received[i]!.push(value));
    }
    for (const value of VALUES) {
      for (const [i, client] of everybody.entries()) {
        const what = `${inspect(value).slice(0, 60)} of ${i}`;
        rig.upstream().calls.length = 0;
        check(t, await rig.time.until(client.echo(value)), value, `echo ${what}`);
        check(t, rig.upstream().calls[0]!.args[0], value, `argument ${what}`);
        await rig.time.until(client.publish(value, 'second'));
        check(t, rig.upstream().calls[1]!.args[0], value, `publish ${what}`);
      }
      rig.upstream().push('topic', value);
      rig.upstream().emit('news', value);
      await rig.time.settle();
      for (const [i, log] of logs.entries()) {
        check(t, log.values.pop(), value, `value ${i}`);
        check(t, received[i]!.pop(), value, `event ${i}`);
      }
      const late = recorder();
      const subscription = clients[1]!.subscribe('topic', late.listener);
      await rig.time.settle();
      check(t, late.values[0], value, 'replayed');
      await subscription.unsubscribe();
    }
    t.is(({} as { polluted?: unknown }).polluted, undefined);
  },
  { over: ['advanced', 'json', 'mixed'] },
);

function check(
  t: { fail(message: string): void; pass(): void; true(value: boolean, message?: string): void },
  actual: unknown,
  expected: unknown,
  what: string,
): void {
  // Each error has the stack of its own way.
  const show = (value: unknown) =>
    value instanceof Error
      ? `${value.name}: ${value.message}`
      : inspect(value, { depth: 9, showHidden: false, maxStringLength: 200_000, maxArrayLength: 300_000 });
  if (show(actual) !== show(expected)) t.fail(`${what}: ${show(actual).slice(0, 200)}`);
  if (typeof expected === 'object' && expected !== null) t.true(actual !== expected, `${what} is a copy`);
  else t.pass();
}

system('many long strings of the primary’s own member arrive as they were sent', async (t, rig) => {
  await rig.clients(1);
  const here = rig.client(undefined);
  await rig.time.until(here.ready());
  const texts = Array.from({ length: 64 }, (_, n) => String.fromCharCode(48 + n).repeat(100_000));
  const echoed = await rig.time.until(Promise.all(texts.map(text => here.echo(text))));
  t.deepEqual(
    texts.filter((text, n) => echoed[n] !== text),
    [],
  );
});

system(
  'what is shared and cyclic stays so',
  async (t, rig) => {
    for (const client of await rig.clients(3)) {
      const list = (await rig.time.until(client.echo([shared, shared]))) as unknown[];
      t.is(list[0], list[1]);
      const cycle = (await rig.time.until(client.echo(cyclic))) as typeof cyclic;
      t.is(cycle.self, cycle);
      t.is(cycle.list[0], cycle);
    }
  },
  { over: ['advanced', 'json', 'mixed'] },
);

const FORBIDDEN: Record<string, [unknown, RegExp]> = {
  'a function': [{ a: [() => {}] }, /args\[0\]\.a\[0\] is a/],
  'a symbol': [Symbol('x'), /args\[0\] is a symbol/],
  'a symbol key': [{ [Symbol('x')]: 1 }, /args\[0\] is an object with the key Symbol\(x\)/],
  'an instance with private state': [
    new Map([
      [
        'k',
        new (class Secret {
          #a = 1;
          get(): number {
            return this.#a;
          }
        })(),
      ],
    ]),
    /args\[0\].*Secret/,
  ],
  'a promise': [{ p: Promise.resolve(1) }, /args\[0\]\.p .*Promise/],
  'a WeakMap': [new WeakMap(), /WeakMap/],
};

system('what would lose its meaning rejects that one call, with the path, for everybody alike', async (t, rig) => {
  const clients = await rig.clients(2);
  const everybody = [...clients, rig.client(undefined)];
  await rig.time.until(everybody[2]!.ready());
  for (const client of everybody) {
    for (const [what, [value, message]] of Object.entries(FORBIDDEN)) {
      const error = await rig.time.until(client.echo(value).then(null, (e: SharedClientError) => e));
      const { code, outcome, message: text } = error as SharedClientError;
      t.deepEqual([code, outcome], ['ERR_NOT_SERIALIZABLE', 'not-started'], what);
      t.regex(text, message);
      await t.throwsAsync(client.publish(value), { code: 'ERR_NOT_SERIALIZABLE' });
    }
    const { signal } = new AbortController();
    await t.throwsAsync(client.with({ sticky: signal }).publish(1), { code: 'ERR_NOT_SERIALIZABLE' });
  }
  t.is(rig.upstream().calls.length, 0);
});

class Failure extends TypeError {
  override name = 'Failure';
  readonly code = 'E_FAIL';
  readonly details = { at: new Date(7), list: [1n] };
}

system(
  'errors of the real client arrive with name, message, code, cause, properties, class and both stacks',
  async (t, rig) => {
    const original = new Failure('it failed', { cause: new RangeError('too far', { cause: 'a text' }) });
    rig.upstream().onPublish = () => {
      throw original;
    };
    const clients = await rig.clients(3);
    for (const client of [...clients, rig.client(undefined)]) {
      await rig.time.until(client.ready());
      const error = await rig.time.until(callFrom(client).then(null, (e: Failure) => e));
      t.true(error instanceof TypeError);
      t.not<unknown, unknown>(error, original);
      const { name, message, code, cause, details, stack } = error as Failure;
      t.deepEqual([name, message, code], ['Failure', 'it failed', 'E_FAIL']);
      t.deepEqual(details, { at: new Date(7), list: [1n] });
      t.true(cause instanceof RangeError);
      t.is((cause as RangeError).message, 'too far');
      t.is((cause as RangeError).cause, 'a text');
      t.regex(stack!, /onPublish|system[/\\]values\.test/);
      t.regex(stack!, /callFrom/);
    }
  },
  { over: ['advanced', 'json', 'mixed'] },
);

async function callFrom(client: { publish(value: unknown): Promise<unknown> }): Promise<unknown> {
  return await client.publish(1);
}

everywhere('odd things that a real client throws arrive too', async (t, rig) => {
  const odd: unknown[] = [
    'text',
    7,
    null,
    undefined,
    { plain: true },
    new AggregateError([new Error('a'), new RangeError('b')], 'both'),
  ];
  const clients = await rig.clients(2);
  for (const client of clients) {
    for (const value of odd) {
      rig.upstream().onPublish = () => {
        throw value;
      };
      const came = await rig.time.until(
        client.publish(1).then(
          () => 'no error',
          (error: unknown) => ({ error }),
        ),
      );
      const { error } = came as { error: unknown };
      if (value instanceof AggregateError) {
        t.true(error instanceof AggregateError);
        t.deepEqual(
          (error as AggregateError).errors.map((one: Error) => [one.constructor, one.message]),
          [
            [Error, 'a'],
            [RangeError, 'b'],
          ],
        );
      } else {
        t.truthy(error instanceof Error || inspect(error) === inspect(value), inspect(error));
      }
    }
    const circular = Object.assign(new Error('circular'), { self: undefined as unknown, fn: () => {} });
    circular.self = circular;
    rig.upstream().onPublish = () => {
      throw circular;
    };
    const error = await rig.time.until(client.publish(1).then(null, (e: Error) => e));
    t.is((error as unknown as Error).message, 'circular');
  }
});

everywhere('an error of ours that a real client throws keeps its code', async (t, rig) => {
  const [worker, other] = [rig.fork(), rig.fork()];
  const inner = rig.client(worker, { name: 'inner', timeoutMs: 50 });
  const definition = { name: 'outer', open: () => ({ get: () => inner.hold('never') }) };
  const clients = [worker, other].map(one => rig.adopt(one.createSharedClient(definition), one));
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  const error = await rig.time.until(clients[1]!.get().then(null, (e: SharedClientError) => e));
  t.is((error as SharedClientError).code, 'ERR_TIMEOUT');
});

everywhere(
  'values far larger than what one write may hold arrive, both ways, and others go on meanwhile',
  async (t, rig) => {
    const clients = await rig.clients(3);
    const log = recorder();
    await rig.time.until(clients[2]!.subscribe('topic', log.listener).ready);
    const large = {
      text: `${'x'.repeat(3_000_000)}ü🦊`,
      bytes: Buffer.alloc(3_000_000, 7),
      list: Array(300_000).fill(1.5),
    };
    const [echoed, other] = [clients[1]!.echo(large), clients[2]!.echo('small')];
    t.is(await rig.time.until(other), 'small');
    // Node's own comparison: to describe what is large takes ava many seconds.
    t.true(isDeepStrictEqual(await rig.time.until(echoed), large));
    rig.upstream().push('topic', large);
    await rig.time.settle();
    t.true(isDeepStrictEqual(log.values, [large]));
  },
);
