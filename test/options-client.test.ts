import test from 'ava';
import { natsFleet } from '../lib/nats.js';
import { FLEET_ACCESS, resolveCreateArguments } from '../lib/options/options.js';
import { BAD_FLAGS, BAD_FUNCTIONS, BAD_MS, BAD_WORDS, GOOD_FLAGS, GOOD_MS, refuses } from './options-table.js';

class Registry {}
const open = () => new Registry();
const close = () => {};

const PROCESS = { eligible: true, drainTimeoutMs: 5000 };
const fromClass = (options?: object) => resolveCreateArguments(Registry, { name: 'r', ...options }, PROCESS);
const fromOpen = (options?: object) => resolveCreateArguments({ name: 'r', open, ...options }, undefined, PROCESS);

const MEMBER_DEFAULTS = {
  name: 'r',
  definition: { kind: 'class', Class: Registry, args: [] },
  openTimeoutMs: 10_000,
  drainTimeoutMs: 5000,
  primaryTimeoutMs: 5000,
  maxLeadersLost: 2,
  methods: new Map(),
  namedMethods: new Set(),
  operations: new Map(),
  namespaces: [],
  types: [],
  errors: [],
  readyOn: [],
  resyncOn: [],
  backoff: undefined,
  events: [],
  failOn: [],
  eligible: true,
  eligibleGiven: false,
  priority: 0,
  replay: 'last',
  handover: 'exclusive',
  resignOn: [],
  standalone: false,
  context: undefined,
  across: undefined,
};

const HANDLE_DEFAULTS = {
  timeoutMs: 10_000,
  readyTimeoutMs: 30_000,
  methodTimeouts: new Map(),
  methodNames: new Set(),
};

const GOOD_EVENTS = [[], ['close'], ['a', 'b'], ['user.*', '**', '__proto__']];
const BAD_EVENTS = [null, 'close', {}, new Set(['close']), [''], [1], ['a', null], [Symbol('a')]];

const FLEET = natsFleet({ name: 'shop', connect: () => Promise.reject() });
const FLEET_ACCESS_OF = (FLEET as unknown as { [FLEET_ACCESS]: object })[FLEET_ACCESS];

const THEN = 'then';
const VALUE_TYPE = { name: 'a', test: () => false, encode: () => 1, decode: () => 2 };

const TABLE: Record<string, { good: unknown[]; bad: unknown[]; of?: 'handle'; as?: unknown }> = {
  name: {
    good: ['a', ' ', 'two\nlines', '__proto__', 'constructor', 'toString', 'ü', 'x'.repeat(512)],
    bad: ['', 'x'.repeat(513), 1, null, Symbol('r'), {}, ['r']],
  },
  timeoutMs: { good: GOOD_MS, bad: BAD_MS, of: 'handle' },
  readyTimeoutMs: { good: GOOD_MS, bad: BAD_MS, of: 'handle' },
  openTimeoutMs: { good: GOOD_MS, bad: BAD_MS },
  drainTimeoutMs: { good: GOOD_MS, bad: BAD_MS },
  primaryTimeoutMs: { good: GOOD_MS, bad: BAD_MS },
  maxLeadersLost: { good: [1, 3, Number.POSITIVE_INFINITY], bad: [0, 1.5, -1, Number.NaN, '2', null] },
  operations: {
    good: [{}],
    as: new Map(),
    bad: [null, 1, [], { a: 1 }, { _a() {} }, { [THEN]() {} }, { '': () => {} }, { toString() {} }],
  },
  namespaces: {
    good: [[], ['json'], ['chat.completions', 'a']],
    bad: [null, 'json', [''], ['a.'], ['_a'], [1], ['a.constructor']],
  },
  types: {
    good: [[], [VALUE_TYPE], [VALUE_TYPE, { ...VALUE_TYPE, name: 'b' }]],
    bad: [
      null,
      {},
      [null],
      [{ ...VALUE_TYPE, name: '' }],
      [{ ...VALUE_TYPE, test: 1 }],
      [{ name: 'a' }],
      [VALUE_TYPE, VALUE_TYPE],
    ],
  },
  errors: {
    good: [[], [RangeError, TypeError]],
    bad: [null, RangeError, [1], [Date], [() => {}], [TypeError, TypeError]],
  },
  events: { good: GOOD_EVENTS, bad: BAD_EVENTS },
  readyOn: { good: GOOD_EVENTS, bad: [null, '', {}, [''], [1]] },
  resyncOn: { good: GOOD_EVENTS, bad: BAD_EVENTS },
  failOn: { good: GOOD_EVENTS, bad: BAD_EVENTS },
  eligible: { good: GOOD_FLAGS, bad: BAD_FLAGS },
  priority: {
    good: [0, 1, -1, 0.5, Number.MAX_VALUE],
    bad: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '1', 1n, null, {}],
  },
  backoff: {
    good: [
      { minMs: 1, maxMs: 1 },
      { minMs: 50, maxMs: 1000 },
    ],
    bad: [
      null,
      1,
      'x',
      { minMs: 0 },
      { maxMs: 0 },
      { minMs: 2, maxMs: 1 },
      { maxMs: Number.POSITIVE_INFINITY },
      { minMs: 40_000 },
    ],
  },
  replay: { good: ['last', 'none'], bad: [...BAD_WORDS, 'all'] },
  handover: { good: ['exclusive', 'overlap'], bad: BAD_WORDS },
  resignOn: {
    good: [[], ['SIGTERM'], ['SIGHUP', 'SIGINT']],
    bad: [null, 'SIGTERM', ['SIGKILL'], ['SIGSTOP'], ['TERM'], ['sigterm'], [''], [15], ['toString'], ['SIGINT', null]],
  },
  standalone: { good: GOOD_FLAGS, bad: BAD_FLAGS },
  across: { good: [FLEET], as: FLEET_ACCESS_OF, bad: [null, 1, 'shop', {}, () => {}] },
  context: {
    good: [{ inject() {}, extract() {} }],
    bad: [null, 'x', [], {}, { inject() {} }, { extract() {} }, { inject: 1, extract() {} }],
  },
};

test('every option of a client has its default', t => {
  const { member, handle } = fromClass();
  t.deepEqual<object, object>({ ...member }, MEMBER_DEFAULTS);
  t.deepEqual<object, object>({ ...handle }, HANDLE_DEFAULTS);
  const others = ['definition', 'methods', 'methodTimeouts', 'methodNames', 'namedMethods', 'eligibleGiven'];
  const all = [...Object.keys(member), ...Object.keys(handle)].filter(option => !others.includes(option));
  t.deepEqual(Object.keys(TABLE).sort(), all.sort());
});

test('what is resolved is frozen', t => {
  const { member, handle } = fromClass({
    events: ['a'],
    args: [1],
    resignOn: ['SIGTERM'],
    methods: { a: { role: 'close' } },
  });
  const { definition, events, resignOn, methods } = member;
  const { args } = definition as { args: unknown };
  for (const part of [member, handle, definition, args, events, resignOn, methods.get('a')])
    t.true(Object.isFrozen(part));
  t.true(Object.isFrozen(fromOpen().member.definition));
});

for (const [option, { good, bad, of = 'member', as }] of Object.entries(TABLE)) {
  test(`${option} is taken where it is good, in both forms, and leaves the other options alone`, t => {
    for (const value of good) {
      const eligibleGiven = option === 'eligible';
      const expected =
        of === 'handle' ? MEMBER_DEFAULTS : { ...MEMBER_DEFAULTS, eligibleGiven, [option]: as ?? sorted(value) };
      const { member, handle } = fromClass({ [option]: value });
      t.deepEqual<object, object>({ ...member }, expected);
      t.deepEqual<object, object>(
        { ...handle },
        of === 'handle' ? { ...HANDLE_DEFAULTS, [option]: value } : HANDLE_DEFAULTS,
      );
      t.deepEqual<object, object>(fromOpen({ [option]: value })[of], {
        ...(of === 'handle' ? handle : { ...expected, definition: { kind: 'open', open, close: undefined } }),
      });
    }
  });

  test(`${option} is refused where it is bad, in both forms, by its name`, t => {
    for (const value of bad) {
      refuses(t, () => fromClass({ [option]: value }), option, 'must be');
      refuses(t, () => fromOpen({ [option]: value }), option, 'must be');
    }
  });
}

const sorted = (value: unknown) => (Array.isArray(value) && typeof value[0] === 'string' ? [...value].sort() : value);

test('an error names the element of a list', t => {
  refuses(t, () => fromClass({ resignOn: ['SIGTERM', 'SIGKILL'] }), 'resignOn[1] must be', '"SIGKILL"');
  refuses(t, () => fromClass({ events: ['a', 'b', ''] }), 'events[2] must be');
  refuses(t, () => fromClass({ failOn: 'end' }), 'failOn must be an array', 'a string of 3 characters');
});

test('the order of names and their repetition mean nothing', t => {
  t.deepEqual(fromClass({ events: ['b', 'a', 'b'] }).member.events, ['a', 'b']);
  t.deepEqual(fromClass({ resignOn: ['SIGTERM', 'SIGINT', 'SIGTERM'] }).member.resignOn, ['SIGINT', 'SIGTERM']);
});

test('a name is required', t => {
  refuses(
    t,
    () => resolveCreateArguments(Registry, undefined, PROCESS),
    'name must be a string of 1 to 512 characters',
  );
  refuses(t, () => resolveCreateArguments(Registry, { name: undefined }, PROCESS), 'name must be');
  refuses(t, () => resolveCreateArguments({ open }, undefined, PROCESS), 'name must be');
  const instance = new Registry();
  refuses(t, () => resolveCreateArguments(instance, undefined, PROCESS), 'takes no instance of Registry');
  refuses(t, () => resolveCreateArguments(instance, { name: 'r' }, PROCESS), 'takes no instance of Registry');
});

test('the kind of process has its own defaults, and the user the last word', t => {
  const inPrimary = (options?: object) =>
    resolveCreateArguments(Registry, { name: 'r', ...options }, { eligible: false, drainTimeoutMs: 1200 }).member;
  t.like(inPrimary(), { eligible: false, eligibleGiven: false, drainTimeoutMs: 1200 });
  t.like(inPrimary({ eligible: undefined }), { eligible: false, eligibleGiven: false });
  t.like(inPrimary({ eligible: false }), { eligible: false, eligibleGiven: true });
  t.like(inPrimary({ eligible: true, drainTimeoutMs: 1 }), { eligible: true, eligibleGiven: true, drainTimeoutMs: 1 });
});

test('a class is anything that can be constructed', t => {
  const Bound = Registry.bind(null);
  const Proxied = new Proxy(Registry, {});
  for (const Class of [Registry, Bound, Proxied, function Old() {}, Map]) {
    t.deepEqual<object, object>(resolveCreateArguments(Class, { name: 'r' }, PROCESS).member.definition, {
      kind: 'class',
      Class,
      args: [],
    });
  }
});

test('a class is not run to find out that it is one', t => {
  class Throws {
    constructor() {
      throw new Error('must not run');
    }
  }
  t.notThrows(() => resolveCreateArguments(Throws, { name: 'r' }, PROCESS));
});

test('what is neither a class nor a definition is refused', t => {
  const others = [
    () => {},
    async () => {},
    { method() {} }.method,
    Math.max,
    undefined,
    null,
    1,
    'Registry',
    Symbol('r'),
  ];
  for (const other of others) {
    refuses(
      t,
      () => resolveCreateArguments(other, { name: 'r' }, PROCESS),
      'the first argument must be a class, or { name, open }',
    );
  }
  refuses(t, () => resolveCreateArguments([], undefined, PROCESS), 'options must be an object');
  refuses(t, () => resolveCreateArguments(Registry, 'r', PROCESS), 'options must be an object');
});

test('the arguments of the constructor are any list, and a copy', t => {
  const args = [{ url: 'x' }, undefined, () => {}];
  const { definition } = fromClass({ args }).member;
  t.deepEqual<object, object>(definition, { kind: 'class', Class: Registry, args: [...args] });
  args.length = 0;
  t.is(definition.kind === 'class' && definition.args.length, 3);
  for (const bad of [null, {}, 'x', 1, { length: 0 }, new Set()])
    refuses(t, () => fromClass({ args: bad }), 'args must be an array');
});

test('a definition opens, and may close', t => {
  t.deepEqual<object, object>(fromOpen({ close }).member.definition, { kind: 'open', open, close });
  t.deepEqual<object, object>(fromOpen().member.definition, { kind: 'open', open, close: undefined });
  for (const bad of BAD_FUNCTIONS) {
    refuses(t, () => fromOpen({ open: bad }), 'open must be a function');
    refuses(t, () => fromOpen({ close: bad }), 'close must be a function');
  }
  refuses(t, () => resolveCreateArguments({ name: 'r' }, undefined, PROCESS), 'open must be a function');
  refuses(t, () => fromOpen({ open: undefined }), 'open must be a function');
});

test('a definition comes without a second argument', t => {
  refuses(t, () => resolveCreateArguments({ name: 'r', open }, {}, PROCESS), 'the second argument must be absent');
});

test('each form refuses what belongs to the other', t => {
  refuses(t, () => fromClass({ open }), 'There is no option "open"');
  refuses(t, () => fromClass({ close }), 'There is no option "close"');
  refuses(t, () => fromOpen({ args: [] }), 'There is no option "args"');
  t.notThrows(() => fromClass({ open: undefined, close: undefined }));
});

test('an unknown option is refused, and what it was meant to be is named', t => {
  refuses(t, () => fromClass({ timeOutMs: 1 }), 'did you mean timeoutMs');
  refuses(t, () => fromClass({ timeout: 1 }), '"timeout"', 'did you mean timeoutMs?');
  refuses(t, () => fromOpen({ replya: 'last' }), 'did you mean replay?');
  refuses(
    t,
    () => fromClass({ singleton: true }),
    'the options are name, timeoutMs, readyTimeoutMs',
    'standalone, context, across, args.',
  );
  refuses(t, () => fromOpen({ singleton: true }), 'standalone, context, across, open, close.');
});

test('methods are split between the member and the handle', t => {
  const { member, handle } = fromClass({
    methods: {
      reg: { role: 'subscribe', timeoutMs: 5 },
      get: { idempotent: true, timeoutMs: Number.POSITIVE_INFINITY },
      slow: { timeoutMs: 60_000 },
      plain: {},
      nothing: { idempotent: false, role: undefined },
      absent: undefined,
    },
  });
  t.deepEqual(
    [...member.methods],
    [
      ['get', { role: undefined, idempotent: true }],
      ['reg', { role: 'subscribe', idempotent: false }],
    ],
  );
  t.deepEqual(
    [...handle.methodTimeouts],
    [
      ['get', Number.POSITIVE_INFINITY],
      ['reg', 5],
      ['slow', 60_000],
    ],
  );
  t.deepEqual([...handle.methodNames], ['absent', 'get', 'nothing', 'plain', 'reg', 'slow']);
});

test('a method may have any name that is not empty', t => {
  const methods = JSON.parse('{"__proto__":{"timeoutMs":1},"constructor":{"timeoutMs":2},"a b":{"timeoutMs":3}}');
  t.deepEqual(Object.fromEntries(fromClass({ methods }).handle.methodTimeouts), {
    ['__proto__']: 1,
    constructor: 2,
    'a b': 3,
  } as never);
  refuses(t, () => fromClass({ methods: { '': {} } }), 'a key of methods must be the name of a method');
});

test('operations are taken by name, sorted, and each knows the object that it came in', t => {
  const operations = { b: () => 1, a() {} };
  const { member, handle } = fromClass({ operations });
  t.deepEqual([...member.operations], [
    ['a', { run: operations.a, self: operations }],
    ['b', { run: operations.b, self: operations }],
  ] as never);
  t.deepEqual([...handle.methodNames], ['a', 'b']);
  t.deepEqual(fromOpen({ operations }).member.operations, member.operations);
});

test('what is not said of backoff is usual', t => {
  t.deepEqual(fromClass({ backoff: {} }).member.backoff, { minMs: 100, maxMs: 30_000 });
  t.deepEqual(fromClass({ backoff: { maxMs: 500 } }).member.backoff, { minMs: 100, maxMs: 500 });
});

test('one name of an event stands for a list of it', t => {
  t.deepEqual(fromClass({ readyOn: 'open' }).member.readyOn, ['open']);
});

test('what is said of a method is kept', t => {
  const said = { result: () => 1, callback: true, thenable: 'await', value: () => 2 };
  const { methods } = fromClass({ methods: { get: said, put: { callback: false } } }).member;
  t.deepEqual<unknown, unknown>(methods.get('get'), { role: undefined, idempotent: false, ...said });
  t.false(methods.has('put'));
});

test('each role is taken', t => {
  const roles = ['subscribe', 'unsubscribe', 'publish', 'unpublish', 'ready', 'invoke', 'oneway', 'close'];
  for (const role of roles) t.is(fromClass({ methods: { m: { role } } }).member.methods.get('m')?.role, role as never);
});

test('what is said of a method is checked, and the error names the method', t => {
  for (const bad of [null, 1, 'get', [], () => {}])
    refuses(t, () => fromClass({ methods: bad }), 'methods must be an object');
  for (const bad of [null, 1, 'idempotent', []])
    refuses(t, () => fromClass({ methods: { get: bad } }), 'methods.get must be an object');
  for (const idempotent of BAD_FLAGS)
    refuses(t, () => fromClass({ methods: { get: { idempotent } } }), 'methods.get.idempotent must be');
  for (const timeoutMs of BAD_MS)
    refuses(t, () => fromClass({ methods: { get: { timeoutMs } } }), 'methods.get.timeoutMs must be');
  for (const role of BAD_WORDS) refuses(t, () => fromClass({ methods: { get: { role } } }), 'methods.get.role must be');
  for (const result of [null, 1, 'none', {}])
    refuses(t, () => fromClass({ methods: { get: { result } } }), 'methods.get.result must be');
  for (const callback of BAD_FLAGS)
    refuses(t, () => fromClass({ methods: { get: { callback } } }), 'methods.get.callback must be');
  for (const thenable of [true, 'run', null])
    refuses(t, () => fromClass({ methods: { get: { thenable } } }), 'methods.get.thenable must be');
  for (const value of BAD_FUNCTIONS)
    refuses(t, () => fromClass({ methods: { get: { value } } }), 'methods.get.value must be');
  refuses(
    t,
    () => fromClass({ methods: { get: { idempotant: true } } }),
    '"methods.get.idempotant"',
    'did you mean idempotent?',
  );
  refuses(
    t,
    () => fromClass({ methods: { get: { retries: 1 } } }),
    '"methods.get.retries"',
    'idempotent, timeoutMs, role',
  );
});

test('a role that only one method can have is refused for a second', t => {
  for (const role of ['subscribe', 'unsubscribe', 'publish', 'unpublish', 'ready']) {
    refuses(t, () => fromClass({ methods: { b: { role }, a: { role } } }), 'methods.b.role', 'a has it too', role);
  }
  for (const role of ['invoke', 'oneway', 'close'])
    t.notThrows(() => fromClass({ methods: { b: { role }, a: { role } } }));
});
