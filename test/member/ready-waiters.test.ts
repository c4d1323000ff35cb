import test from 'ava';
import { ReadyWaiters } from '../../lib/member/ready-waiters.js';
import { MAX_TIMER_MS } from '../../lib/utils/clock.js';
import { microtasks, UnitClock } from '../helpers/clocks/unit-clock.js';

function setUp() {
  const clock = new UnitClock();
  return { clock, waiters: new ReadyWaiters(clock) };
}

const limit = (ms: number, message: string | undefined) => ({
  ms,
  error: () => (message === undefined ? undefined : new Error(message)),
});

test('all who wait hear that a leader is ready, and no timer is left', async t => {
  const { clock, waiters } = setUp();
  const waits = [waiters.wait([limit(100, 'late')]), waiters.wait([limit(200, 'late'), limit(300, 'later')])];
  t.is(clock.refs, 3);
  waiters.resolve();
  await Promise.all(waits);
  t.is(clock.timers, 0);
});

test('all who wait hear that there will be none', async t => {
  const { clock, waiters } = setUp();
  const waits = [waiters.wait([limit(100, 'late')]), waiters.wait([])];
  waiters.reject(new Error('none'));
  for (const wait of waits) await t.throwsAsync(wait, { message: 'none' });
  t.is(clock.timers, 0);
});

test('the first limit that runs out says why', async t => {
  const { clock, waiters } = setUp();
  const wait = waiters.wait([limit(200, 'second'), limit(100, 'first')]);
  clock.advance(100);
  await t.throwsAsync(wait, { message: 'first' });
  t.is(clock.timers, 0);
});

test('a limit that has nothing to say yet lets the others run', async t => {
  const { clock, waiters } = setUp();
  const wait = waiters.wait([limit(100, undefined), limit(200, 'second')]);
  let settled = false;
  wait.catch(() => {
    settled = true;
  });
  clock.advance(100);
  await microtasks();
  t.false(settled);
  clock.advance(100);
  await t.throwsAsync(wait, { message: 'second' });
});

test('who has been told is not told again', async t => {
  const { waiters } = setUp();
  const wait = waiters.wait([]);
  waiters.resolve();
  waiters.reject(new Error('late'));
  await t.notThrowsAsync(wait);
});

test('a limit that never runs out keeps the process alive, and says nothing however long it takes', async t => {
  const { clock, waiters } = setUp();
  const wait = waiters.wait([limit(Number.POSITIVE_INFINITY, 'never')]);
  t.is(clock.refs, 1);
  clock.advance(MAX_TIMER_MS);
  waiters.resolve();
  await t.notThrowsAsync(wait);
});
