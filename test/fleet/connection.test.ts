// A process's connection to an engine that comes and goes.

import test from 'ava';
import { invalidOption } from '../../lib/errors/option-errors.js';
import { Connection, type ConnectionUser } from '../../lib/fleet/connection.js';
import type { Engine, Wire, WireHandlers } from '../../lib/fleet/engine.js';
import { type Deferred, defer } from '../../lib/utils/deferred.js';
import { microtasks, UnitClock } from '../helpers/clocks/unit-clock.js';

class FakeWire implements Wire {
  readonly announces = true;
  readonly register = {} as Wire['register'];
  closes = 0;

  announce(): void {}

  listen(): () => void {
    return () => {};
  }

  async close(): Promise<void> {
    this.closes++;
  }
}

class FakeEngine implements Engine {
  readonly attempts: { readonly answer: Deferred<Wire>; readonly handlers: WireHandlers }[] = [];

  connect(handlers: WireHandlers): Promise<Wire> {
    const answer = defer<Wire>();
    this.attempts.push({ answer, handlers });
    return answer.promise;
  }
}

class User implements ConnectionUser {
  readonly events: string[] = [];

  up(): void {
    this.events.push('up');
  }

  down(): void {
    this.events.push('down');
  }

  warn(text: string): void {
    this.events.push(`warning: ${text.slice(0, 9)}`);
  }
}

function setUp() {
  const clock = new UnitClock();
  const engine = new FakeEngine();
  const warnings: string[] = [];
  const connection = new Connection(engine, clock, message => warnings.push(message));
  return { clock, engine, warnings, connection };
}

test('it is made for the first user, shared, and closed with the last', async t => {
  const { engine, connection } = setUp();
  const [one, two] = [new User(), new User()];
  connection.use(one);
  connection.use(two);
  t.is(engine.attempts.length, 1);
  t.false(connection.isUp);
  const wire = new FakeWire();
  engine.attempts[0]!.answer.resolve(wire);
  await microtasks();
  t.true(connection.isUp);
  const three = new User();
  connection.use(three);
  await connection.leave(one);
  await connection.leave(one);
  await connection.leave(two);
  t.is(wire.closes, 0);
  await connection.leave(three);
  t.is(wire.closes, 1);
  t.false(connection.isUp);
  for (const user of [one, two, three]) t.deepEqual(user.events, ['up']);
  engine.attempts[0]!.handlers.down();
  engine.attempts[0]!.handlers.lost();
  engine.attempts[0]!.handlers.warn('late');
  connection.use(one);
  t.is(engine.attempts.length, 2);
});

test('a connection that comes after the last user has left is closed', async t => {
  const { engine, connection, warnings } = setUp();
  const user = new User();
  connection.use(user);
  await connection.leave(user);
  const wire = new FakeWire();
  engine.attempts[0]!.answer.resolve(wire);
  connection.use(user);
  await connection.leave(user);
  engine.attempts[1]!.answer.reject(new Error('late'));
  await microtasks();
  t.is(wire.closes, 1);
  t.deepEqual(warnings, []);
});

test('an attempt that fails is repeated with growing pauses, and each problem is said once', async t => {
  const { clock, engine, connection, warnings } = setUp();
  connection.use(new User());
  const errors = [
    Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }),
    invalidOption('x', 'y', 1),
    'nothing',
    undefined,
  ];
  for (const [i, error] of errors.entries()) {
    t.is(engine.attempts.length, i + 1);
    engine.attempts[i]!.answer.reject(error);
    await microtasks();
    const pauseMs = 250 * 2 ** i;
    clock.advance(pauseMs - 1);
    t.is(engine.attempts.length, i + 1);
    clock.advance(1);
  }
  const text = "There is no connection to the fleet's engine:";
  const again = 'It is tried again with backoff.';
  t.deepEqual(warnings, [
    `${text} Error, code ECONNREFUSED. See the cause. ${again}`,
    `x must be y, but it is 1. ${again}`,
    `${text} an unknown error. See the cause. ${again}`,
  ]);
});

test('interruptions are passed on, and a lost connection is replaced', async t => {
  const { clock, engine, connection, warnings } = setUp();
  const user = new User();
  connection.use(user);
  const [first, second, third] = [new FakeWire(), new FakeWire(), new FakeWire()];
  engine.attempts[0]!.answer.resolve(first);
  await microtasks();
  const { handlers } = engine.attempts[0]!;
  handlers.down();
  t.false(connection.isUp);
  handlers.up();
  handlers.warn('weak');
  handlers.warn('weak');
  t.deepEqual(user.events.splice(0), ['up', 'down', 'up', 'warning: weak']);
  t.deepEqual(warnings, ['weak']);
  handlers.lost();
  t.is(first.closes, 1);
  clock.advance(250);
  engine.attempts[1]!.answer.resolve(second);
  await microtasks();
  t.deepEqual(user.events.splice(0), ['down', 'up']);
  // It did not last, so the next pause is longer.
  engine.attempts[1]!.handlers.lost();
  clock.advance(499);
  t.is(engine.attempts.length, 2);
  clock.advance(1);
  engine.attempts[2]!.answer.resolve(third);
  await microtasks();
  clock.advance(10_000);
  engine.attempts[2]!.handlers.lost();
  clock.advance(250);
  t.is(engine.attempts.length, 4);
});

test('a connection that takes long is warned of, and used when it is there', async t => {
  const { clock, engine, connection, warnings } = setUp();
  const user = new User();
  connection.use(user);
  clock.advance(9_999);
  t.deepEqual(warnings, []);
  clock.advance(1);
  t.deepEqual(warnings.splice(0).length, 1);
  engine.attempts[0]!.answer.resolve(new FakeWire());
  await microtasks();
  t.deepEqual(user.events, ['warning: connect()', 'up']);
  await connection.leave(user);
  t.is(clock.timers, 0);
});
