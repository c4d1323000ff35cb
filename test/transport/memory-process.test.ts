import test from 'ava';
import { MemoryProcess } from '../../lib/transport/memory-process.js';
import { turns } from '../helpers/transport/actor.js';
import { ManualClock } from '../helpers/transport/fakes.js';

function setUp() {
  const base = new ManualClock();
  const process = new MemoryProcess(base, base.yield);
  const log: string[] = [];
  const note = (what: string) => () => void log.push(what);
  return { base, process, clock: process.clock, log, note };
}

test('its clock is the clock of all while it runs', async t => {
  const { base, process, clock, log, note } = setUp();
  clock.setTimer(note('timer'), 5);
  clock.setTimer(note('cleared'), 5).clear();
  clock.defer(note('deferred'));
  clock.yield(note('yielded'));
  process.post(note('posted'));
  base.advance(5);
  await turns(1);
  t.deepEqual(log, ['posted', 'timer', 'deferred', 'yielded']);
  t.is(clock.now(), base.now());
  t.is(clock.wall(), base.wall());
});

test('a timer can keep the process alive or not', t => {
  const { base, clock } = setUp();
  const timer = clock.setTimer(() => {}, 5);
  timer.ref();
  t.is(base.waiting.refs, 1);
  timer.unref();
  t.is(base.waiting.refs, 0);
});

test('after a thaw what was deferred runs, then the timers by their deadlines, then what came, in order', async t => {
  const { base, process, clock, log, note } = setUp();
  clock.setTimer(note('late timer'), 20);
  clock.setTimer(note('early timer'), 10);
  clock.defer(note('deferred'));
  process.freeze();
  process.post(note('first'));
  process.post(note('second'));
  clock.yield(note('yielded'));
  base.advance(30);
  await turns(2);
  t.deepEqual(log, []);
  process.thaw();
  t.deepEqual(log, []);
  await turns(10);
  t.deepEqual(log, ['deferred', 'early timer', 'late timer', 'first', 'second', 'yielded']);
});

test('while it catches up, news waits behind what is there, and each step has its microtasks', async t => {
  const { base, process, clock, log, note } = setUp();
  process.freeze();
  process.post(() => {
    note('first')();
    clock.defer(note('deferred by the first'));
  });
  process.post(note('second'));
  process.thaw();
  clock.setTimer(note('timer'), 1);
  base.advance(1);
  process.post(note('third'));
  await turns(10);
  t.deepEqual(log, ['timer', 'first', 'deferred by the first', 'second', 'third']);
});

test('a freeze while it catches up stops it, and the next thaw goes on', async t => {
  const { process, log, note } = setUp();
  process.freeze();
  process.post(() => {
    note('first')();
    process.freeze();
  });
  process.post(note('second'));
  process.thaw();
  process.thaw();
  await turns(5);
  t.deepEqual(log, ['first']);
  process.thaw();
  process.freeze();
  await turns(2);
  t.deepEqual(log, ['first']);
  process.thaw();
  process.freeze();
  process.thaw();
  await turns(2);
  t.deepEqual(log, ['first', 'second']);
});

test('a timer that fell due while frozen can still be cleared', async t => {
  const { base, process, clock, log, note } = setUp();
  const timer = clock.setTimer(note('timer'), 1);
  process.freeze();
  base.advance(1);
  timer.clear();
  process.thaw();
  await turns(3);
  t.deepEqual(log, []);
});

test('a task that throws does not keep the others from running', async t => {
  const tasks: (() => void)[] = [];
  const process = new MemoryProcess(new ManualClock(), task => tasks.push(task));
  const log: string[] = [];
  process.freeze();
  process.post(() => {
    throw new Error('broken');
  });
  process.post(() => log.push('next'));
  process.thaw();
  t.throws(() => tasks.shift()!(), { message: 'broken' });
  tasks.shift()!();
  t.deepEqual(log, ['next']);
});

test('nothing of a dead process runs, and what waited is lost', async t => {
  const { base, process, clock, log, note } = setUp();
  clock.setTimer(note('timer'), 1);
  clock.defer(note('deferred'));
  process.freeze();
  process.post(note('task'), note('lost task'));
  base.advance(1);
  process.kill();
  process.kill();
  process.freeze();
  process.thaw();
  process.whenAwake(note('awake'));
  process.post(note('task'), note('lost later'));
  process.post(note('task'));
  clock.setTimer(note('timer'), 1);
  clock.yield(note('yielded'));
  base.advance(10);
  await turns(3);
  t.deepEqual(log, ['lost task', 'lost later']);
  t.true(process.isDead);
  t.is(base.waiting.timers, 0);
});
