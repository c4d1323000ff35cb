import { EventEmitter } from 'node:events';
import test from 'ava';
import { noSuchEvent } from '../../lib/errors/option-errors.js';
import { noEvents, notClosed, unknownMethodNamed, unknownNamespace } from '../../lib/errors/warnings.js';
import { RealClient, rolesOf } from '../../lib/leader/real-client.js';
import { type OpenContext, resolveCreateArguments } from '../../lib/options/options.js';
import { defer } from '../../lib/utils/deferred.js';
import { microtasks, UnitClock } from '../helpers/clocks/unit-clock.js';
import { HeardClient, hostHooks, memberOptions, TERM } from '../helpers/unit/leader.js';

type Open = (context: OpenContext) => unknown;

function setUp(open: Open, given: object = {}) {
  const clock = new UnitClock();
  const client = new HeardClient();
  const opening = RealClient.open(memberOptions(open as () => unknown, given), TERM, hostHooks(clock), client);
  return { clock, opening, received: client.received };
}

function setUpClass(Class: new (...args: never[]) => object, args: readonly unknown[] = []) {
  const clock = new UnitClock();
  const client = new HeardClient();
  const defaults = { eligible: true, drainTimeoutMs: 5000 };
  const { member } = resolveCreateArguments(Class, { name: 'g', args }, defaults);
  return { clock, opening: RealClient.open(member, TERM, hostHooks(clock), client), received: client.received };
}

/** An emitter that writes down when it is closed. */
class Client extends EventEmitter {
  closes = 0;

  get(): string {
    return `it is ${this.closes}`;
  }

  async close(): Promise<void> {
    this.closes++;
  }
}

test('it is opened with the name, the term and a signal, and is ready when open() is', async t => {
  const client = new Client();
  let given: OpenContext | undefined;
  const { clock, opening } = setUp(async context => {
    given = context;
    return client;
  });
  const real = await opening.ready;
  t.like(given, { name: 'g', term: TERM });
  t.false(given!.signal.aborted);
  t.is(real.method('get')!(), 'it is 0');
  t.deepEqual(real.methods.sort(), ['close', 'get']);
  t.is(clock.timers, 0);
});

test('a class is constructed with its arguments, and awaited where it has a ready()', async t => {
  const became = defer();
  class Ready {
    constructor(readonly url: string) {}
    ready(): Promise<void> {
      return became.promise;
    }
    where(): string {
      return this.url;
    }
  }
  const { opening } = setUpClass(Ready, ['there']);
  let real: RealClient | undefined;
  void opening.ready.then(client => {
    real = client;
  });
  await microtasks();
  t.is(real, undefined);
  became.resolve();
  await microtasks();
  t.is(real!.method('where')!(), 'there');
});

test('a class without ready() is ready at once', async t => {
  const { opening } = setUpClass(class {});
  await t.notThrowsAsync(opening.ready);
});

test('what goes wrong while it opens is why it could not be opened', async t => {
  const throws: readonly Open[] = [
    () => {
      throw new Error('so');
    },
    async () => {
      throw new Error('so');
    },
    ({ fail }) => {
      fail(new Error('so'));
      return new Promise(() => {});
    },
  ];
  for (const open of throws) {
    const { opening, clock, received } = setUp(open);
    await t.throwsAsync(opening.ready, { message: 'so' });
    await opening.abandon(new Error('over'));
    t.is(clock.timers, 0);
    t.deepEqual(received, []);
  }
  class Fails {
    async ready(): Promise<void> {
      throw new Error('so');
    }
  }
  await t.throwsAsync(setUpClass(Fails).opening.ready, { message: 'so' });
});

test('open() must return an object', async t => {
  for (const client of [undefined, null, 1, 'client']) {
    await t.throwsAsync(setUp(() => client).opening.ready, { instanceOf: TypeError, message: /open\(\) must return/ });
  }
  const call = Object.assign(() => {}, { get: () => 'a function is one' });
  const real = await setUp(() => call).opening.ready;
  t.is(real.method('get')!(), 'a function is one');
});

test('what takes too long to open has not been opened', async t => {
  const { clock, opening } = setUp(() => new Promise(() => {}), { openTimeoutMs: 100 });
  clock.advance(100);
  await t.throwsAsync(opening.ready, { code: 'ERR_TIMEOUT', message: /within openTimeoutMs, 100 ms/ });
});

test('who gives up opening aborts the signal, and a client that comes late is closed', async t => {
  const came = defer<Client>();
  const client = new Client();
  let signal: AbortSignal | undefined;
  const { opening } = setUp(context => {
    signal = context.signal;
    return came.promise;
  });
  const reason = new Error('not any more');
  await microtasks();
  await opening.abandon(reason);
  t.is(signal!.reason, reason);
  await t.throwsAsync(opening.ready, { is: reason });
  came.resolve(client);
  await microtasks();
  t.is(client.closes, 1);
});

test('a client that comes late and does not close is nobody’s matter', async t => {
  const came = defer<object>();
  const { opening } = setUp(() => came.promise);
  await opening.abandon('over');
  await t.throwsAsync(opening.ready, { any: true });
  came.resolve({
    close() {
      throw new Error('no');
    },
  });
  await microtasks();
  t.pass();
});

test('an instance that is not ready yet is closed at once', async t => {
  let closes = 0;
  class Slow {
    ready(): Promise<void> {
      return new Promise(() => {});
    }
    close(): void {
      closes++;
    }
  }
  const { opening } = setUpClass(Slow);
  opening.ready.catch(() => {});
  await microtasks();
  const abandoned = opening.abandon(new Error('over'));
  t.is(closes, 1, 'in this very turn');
  await abandoned;
});

test('an open client is closed once, whoever asks, and what it says to that is told', async t => {
  const client = new Client();
  const { opening } = setUp(() => client);
  const real = await opening.ready;
  await Promise.all([real.close(), opening.abandon('over'), real.close()]);
  t.is(client.closes, 1);
  const stubborn = setUp(() => ({
    async close() {
      throw new Error('no');
    },
  }));
  await stubborn.opening.ready;
  await t.throwsAsync(stubborn.opening.abandon('over'), { message: 'no' });
});

test('it is closed by what there is: the function given, the role, or a disposer', async t => {
  const closed: string[] = [];
  const by = (name: string) => () => void closed.push(name);
  const clients: readonly [client: object, given?: object][] = [
    [{ close: by('close') }, { close: (client: object) => closed.push(`given ${Object.keys(client)}`) }],
    [{ close: by('close'), quit: by('quit') }, { methods: { quit: { role: 'close' } } }],
    [{ close: by('close'), [Symbol.asyncDispose]: by('disposer') }],
    [{ disconnect: by('disconnect'), end: by('end'), quit: by('quit'), destroy: by('destroy') }],
    [{ disconnect: by('disconnect'), end: by('end') }],
    [{ disconnect: by('disconnect'), [Symbol.asyncDispose]: by('disposer') }],
    [{ end: by('end'), [Symbol.asyncDispose]: by('a disposer') }, { methods: { end: { role: 'invoke' } } }],
    [{ [Symbol.asyncDispose]: by('async disposer'), [Symbol.dispose]: by('disposer') }],
    [{ [Symbol.dispose]: by('disposer') }],
    [{}],
  ];
  for (const [client, given] of clients) {
    const { opening, received } = setUp(() => client, given);
    await (await opening.ready).close();
    t.deepEqual(received, []);
  }
  t.deepEqual(closed, [
    ...['given close', 'quit', 'close', 'quit', 'end', 'disconnect', 'a disposer', 'async disposer', 'disposer'],
  ]);
});

test('a client that nothing closes, and that looks as if it should be, is a warning', async t => {
  const destroy = () => t.fail('in some clients it deletes things');
  for (const client of [new EventEmitter(), { destroy }, { on(_event: string, _listener: unknown) {} }]) {
    const { opening, received } = setUp(() => client);
    await (await opening.ready).close();
    t.deepEqual(received, [`warning ${notClosed('g')}`]);
    const given = setUp(() => client, { close: () => {} });
    await (await given.opening.ready).close();
    t.deepEqual(given.received, []);
  }
});

test('what would close the client of all workers can not be called, and says what to call instead', async t => {
  const clients: readonly [client: object, name: string, given?: object][] = [
    [{ close() {}, get: () => 'get' }, 'close'],
    [{ quit() {}, end() {} }, 'end'],
    [{ close() {}, end: () => 'end' }, 'close', { methods: { end: { role: 'invoke' } } }],
    [{ end() {} }, 'end'],
    [{ stop() {}, close: () => 'close' }, 'stop', { methods: { stop: { role: 'close' } } }],
    [{ stop() {}, halt() {} }, 'halt', { methods: { stop: { role: 'close' }, halt: { role: 'close' } } }],
  ];
  for (const [client, name, given] of clients) {
    const real = await setUp(() => client, given).opening.ready;
    t.throws(() => real.method(name), { code: 'ERR_UNKNOWN_METHOD', message: /client\.close\(\)/ });
    for (const [other, method] of Object.entries(client)) if (method() === other) t.is(real.method(other)!(), other);
  }
});

test('events, failOn and error are listened to, and an error never kills anything', async t => {
  const client = new Client();
  const { opening, received } = setUp(() => client, { events: ['up', 'down'], failOn: ['end', 'lost'] });
  await opening.ready;
  client.emit('up', 1, { a: 2 });
  client.emit('other');
  client.emit('error', new Error('oh'));
  client.emit('end', new Error('gone'));
  client.emit('lost');
  t.deepEqual(received, ['event up [1,{"a":2}]', 'error oh', 'broken gone', 'broken The real client emitted "lost".']);
});

test('once it closes it is not listened to any more, but for its errors', async t => {
  const client = new Client();
  const { opening, received } = setUp(() => client, { events: ['up'], failOn: ['end'] });
  await (await opening.ready).close();
  client.emit('up');
  client.emit('end');
  client.emit('error', new Error('late'));
  t.deepEqual(received, ['error late']);
  t.deepEqual(client.eventNames(), ['error']);
});

test('a client whose off() has another name, or that has none, is closed all the same', async t => {
  const removed: string[] = [];
  const clients = [
    { on() {}, removeListener: (event: string) => void (event === 'up' && removed.push(event)), close() {} },
    { on() {}, close() {} },
  ];
  for (const client of clients) {
    const { opening } = setUp(() => client, { events: ['up'] });
    await (await opening.ready).close();
  }
  t.deepEqual(removed, ['up']);
});

test('what an on() does that throws, rejects, or registers nothing hurts nobody', async t => {
  let isLit = false;
  const lamp = {
    on: () => {
      isLit = true;
    },
    off: () => 'dark',
    close() {},
  };
  const real = await setUp(() => lamp).opening.ready;
  t.false(isLit, 'nobody switched it on');
  real.method('on')!();
  t.true(isLit);
  t.is(real.method('off')!(), 'dark');
  await real.close();

  const refusals = [
    (event: string, _listener: unknown) => {
      throw new Error(`no ${event}`);
    },
    async (event: string, _listener: unknown) => {
      throw new Error(`no ${event}`);
    },
  ];
  for (const on of refusals) {
    const silent = setUp(() => ({ on, off: on, close() {} }));
    await (await silent.opening.ready).close();
    const asked = setUp(() => ({ on, off: on, close() {} }), { events: ['up'], failOn: ['down'] });
    await (await asked.opening.ready).close();
    await microtasks();
    t.deepEqual(silent.received, [], 'nobody asked for its errors');
    t.deepEqual(asked.received, [`error ${noSuchEvent('up', 0).message}`, `error ${noSuchEvent('down', 0).message}`]);
  }
});

test("the errors of a client that hands its on() to an emitter inside don't kill", async t => {
  const inner = new EventEmitter();
  const { opening, received } = setUp(() => ({
    on(event: string, listener: (...args: unknown[]) => void) {
      inner.on(event, listener);
    },
    close() {},
  }));
  await opening.ready;
  inner.emit('error', new Error('inner'));
  t.deepEqual(received, ['error inner']);
});

test('listeners of an emitter can not be taken away, or its events made up, from elsewhere', async t => {
  class Own extends EventEmitter {
    override emit(): boolean {
      return true;
    }
    get(): string {
      return 'it';
    }
    close(): void {}
  }
  class Target extends EventTarget {
    get(): string {
      return 'it';
    }
    close(): void {}
  }
  const names = [
    ...Object.getOwnPropertyNames(EventEmitter.prototype),
    ...Object.getOwnPropertyNames(EventTarget.prototype),
  ];
  for (const client of [new Own(), new Target()]) {
    const real = await setUp(() => client).opening.ready;
    for (const name of [...names, 'onAny', 'offAny']) t.is(real.method(name), undefined, name);
    t.deepEqual(real.methods.sort(), ['close', 'get']);
    t.is(real.method('get')!(), 'it');
  }
});

test('no look-up runs a getter, and what a Proxy makes up is found', async t => {
  const real = await setUp(() => ({
    get secret() {
      return t.fail('it ran');
    },
  })).opening.ready;
  t.is(real.method('secret'), undefined);
  t.deepEqual(real.methods, []);
  const proxy = await setUp(() => new Proxy({}, { get: (_target, name) => name === 'made' && (() => 'up') })).opening
    .ready;
  t.is(proxy.method('made')!(), 'up');
});

test('a client that fails before it is ready could not be opened, later it is broken', async t => {
  const became = defer();
  class Fragile extends EventEmitter {
    close(): void {}
    ready(): Promise<void> {
      return became.promise;
    }
  }
  const defaults = { eligible: true, drainTimeoutMs: 5000 };
  const { member } = resolveCreateArguments(Fragile, { name: 'g', failOn: ['end'] }, defaults);
  let client: Fragile | undefined;
  class Seen extends Fragile {
    constructor() {
      super();
      client = this;
    }
  }
  const options = { ...member, definition: { kind: 'class', Class: Seen, args: [] } as const };
  const handlers = new HeardClient();
  const opening = RealClient.open(options, TERM, hostHooks(new UnitClock()), handlers);
  await microtasks();
  client!.emit('end', new Error('already'));
  await t.throwsAsync(opening.ready, { message: 'already' });
  const second = RealClient.open(options, TERM, hostHooks(new UnitClock()), handlers);
  became.resolve();
  await second.ready;
  client!.emit('end', new Error('now'));
  t.deepEqual(handlers.received, ['broken now']);
});

test('fail() of a client that is open says that it is broken', async t => {
  let fail: OpenContext['fail'] = () => {};
  const { opening, received } = setUp(context => {
    fail = context.fail;
    return {};
  });
  await opening.ready;
  fail(new Error('lost'));
  t.deepEqual(received, ['broken lost']);
});

test('only what may be called from elsewhere can be, as a method of the client', async t => {
  const client = {
    name: 'it',
    get() {
      return this.name;
    },
    _hidden() {},
    value: 1,
  };
  const real = await setUp(() => client).opening.ready;
  t.is(real.method('get')!(), 'it');
  for (const name of ['_hidden', 'value', 'nothing', 'toString', 'constructor', 7, undefined])
    t.is(real.method(name as string), undefined);
});

test('the error that comes before an event of failOn is why it could not be opened', async t => {
  const client = new Client();
  const { opening } = setUp(() => client, { readyOn: 'open', failOn: ['close'] });
  await microtasks();
  client.emit('error', new Error('401'));
  client.emit('close', 1006);
  await t.throwsAsync(opening.ready, { message: '401' });
});

test('an event of failOn that brings no error is named, with a primitive that it brings', async t => {
  for (const [args, message] of [
    [[], 'The real client emitted "close".'],
    [[1006], 'The real client emitted "close": 1006.'],
    [[{}], 'The real client emitted "close".'],
    [[new Error('so')], 'so'],
  ] as const) {
    const client = new Client();
    const { opening } = setUp(() => client, { readyOn: 'open', failOn: ['close'] });
    await microtasks();
    client.emit('close', ...args);
    await t.throwsAsync(opening.ready, { message });
  }
});

test('a name in methods that it does not have is a warning, with the nearest one that it has', async t => {
  class Store {
    _hidden(): void {}
    get size(): never {
      return t.fail() as never;
    }
    get(): void {}
    close(): void {}
  }
  const chat = { completions: { create() {} } };
  const { opening, received } = setUp(() => Object.assign(new Store(), { chat }), {
    namespaces: ['chat.completions'],
    operations: { count() {} },
    methods: {
      get: { idempotent: true },
      gett: { timeoutMs: 1 },
      _hidden: { role: 'ready' },
      size: {},
      close: { role: 'close' },
      count: {},
      'chat.completions.create': { idempotent: true },
      'chat.completions.creates': { idempotent: true },
      transformed: {},
    },
  });
  await opening.ready;
  const texts = [
    unknownMethodNamed('g', 'chat.completions.creates', ['chat.completions.create']),
    unknownMethodNamed('g', 'gett', ['get']),
    unknownMethodNamed('g', 'transformed', []),
  ];
  t.deepEqual(
    received,
    texts.map(text => `warning ${text}`),
  );
});

test('names that a Proxy makes up are there', async t => {
  const anything = new Proxy({}, { get: (_, name) => (name === 'get' ? () => 'got' : undefined) });
  const { opening, received } = setUp(() => anything, { methods: { get: { idempotent: true } } });
  await opening.ready;
  t.deepEqual(received, []);
});

test('a namespace that is no object of it is a warning', async t => {
  const { opening, received } = setUp(() => ({ json: { get() {} }, chat: { completions: {} } }), {
    namespaces: ['jso', 'chat.completion', 'no.such'],
  });
  await opening.ready;
  const texts = [
    unknownNamespace('g', 'chat.completion', ['chat.completions']),
    unknownNamespace('g', 'jso', ['json']),
    unknownNamespace('g', 'no.such', []),
  ];
  t.deepEqual(
    received,
    texts.map(text => `warning ${text}`),
  );
});

test('events of a client that emits none are a warning', async t => {
  const { opening, received } = setUp(() => ({ close() {} }), { events: ['changed'], failOn: ['end'] });
  await opening.ready;
  t.deepEqual(received, [`warning ${noEvents('g', ['events', 'failOn'])}`]);
});

const ROLES: readonly [title: string, methods: object, roles: object][] = [
  ['each role is the method of its name', {}, { subscribe: 'subscribe', publish: 'publish' }],
  ['a method may be given a role', { watch: { role: 'subscribe' } }, { subscribe: 'watch' }],
  ['a name that has another role is not its own', { publish: { role: 'invoke' } }, { publish: undefined }],
  ['a name may be said to be what it is', { publish: { role: 'publish' } }, { publish: 'publish' }],
  ['a method may be what makes it ready', { connect: { role: 'ready' } }, { ready: 'connect' }],
  ['what is said of a name without a role changes none', { publish: { idempotent: true } }, { publish: 'publish' }],
  ['oneway is no role to be found by', { emit: { role: 'oneway' } }, { oneway: undefined, invoke: undefined }],
];

for (const [title, methods, expected] of ROLES) {
  test(title, t => {
    const roles = rolesOf(memberOptions(() => ({}), { methods }).methods);
    for (const [role, name] of Object.entries(expected)) t.is(roles.get(role as 'close'), name, role);
  });
}

test('a role that the client has no method for is nobody’s', async t => {
  const real = await setUp(() => ({ subscribe: 1, publish: () => 'said' }), { methods: { close: { role: 'invoke' } } })
    .opening.ready;
  t.is(real.role('subscribe'), undefined);
  t.is(real.role('publish')!(), 'said');
  t.is(real.role('close'), undefined);
});

test('who gives up at once opens nothing', async t => {
  let opened = 0;
  const { opening } = setUp(() => {
    opened++;
    return {};
  });
  const reason = new Error('not any more');
  await opening.abandon(reason);
  await t.throwsAsync(opening.ready, { is: reason });
  t.is(opened, 0);
});
