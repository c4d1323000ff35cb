import test from 'ava';
import { MAX_TIMER_MS, systemClock } from '../../lib/utils/clock.js';

test('its monotonic time is that of process.hrtime, which all processes of a host share', t => {
  const hrtime = () => Number(process.hrtime.bigint()) / 1e6;
  const [before, now, after] = [hrtime(), systemClock.now(), hrtime()];
  t.true(before - 0.1 <= now && now <= after + 0.1, `${now} is not between ${before} and ${after}`);
});

test('its wall time is that of Date', t => {
  const [before, now, after] = [Date.now(), systemClock.wall(), Date.now()];
  t.true(before <= now && now <= after);
});

test('the end of the tick comes before timers and I/O, and those have a turn before what yields to them', async t => {
  const order: string[] = [];
  await new Promise<void>(resolve => {
    systemClock.yield(() => {
      order.push('turn');
      resolve();
    });
    systemClock.defer(() => order.push('tick'));
    order.push('now');
  });
  t.deepEqual(order, ['now', 'tick', 'turn']);
});

/** Watches what is given to `setTimeout`. */
function watchTimeouts(run: () => void): { ms: number; timer: NodeJS.Timeout }[] {
  const { setTimeout: original } = globalThis;
  const seen: { ms: number; timer: NodeJS.Timeout }[] = [];
  const watched = (callback: () => void, ms: number) => {
    const timer = original(callback, ms);
    seen.push({ ms, timer });
    return timer;
  };
  globalThis.setTimeout = Object.assign(watched, original) as typeof setTimeout;
  try {
    run();
  } finally {
    globalThis.setTimeout = original;
  }
  return seen;
}

test('a timer keeps the process alive only while it is told to', t => {
  const [{ timer } = assertSeen()] = watchTimeouts(() => {
    const made = systemClock.setTimer(() => {}, 10_000);
    made.ref();
    made.unref();
    made.ref();
    t.teardown(() => made.clear());
  });
  t.true(timer.hasRef());
  const [{ timer: quiet } = assertSeen()] = watchTimeouts(() => systemClock.setTimer(() => {}, 10_000).clear());
  t.false(quiet.hasRef());
});

function assertSeen(): never {
  throw new Error('no timer was set');
}

test('a timer is never early, never longer than Node can, and never negative', t => {
  const lengths = [1.2, MAX_TIMER_MS + 10, -5, 0];
  const seen = watchTimeouts(() => {
    for (const ms of lengths) systemClock.setTimer(() => {}, ms).clear();
  });
  t.deepEqual(
    seen.map(({ ms }) => ms),
    [2, MAX_TIMER_MS, 0, 0],
  );
});

test('a timer without an end is none', t => {
  const seen = watchTimeouts(() => {
    const timer = systemClock.setTimer(() => t.fail(), Number.POSITIVE_INFINITY);
    timer.ref();
    timer.unref();
    timer.clear();
  });
  t.deepEqual(seen, []);
});

test('a timer runs once', async t => {
  await new Promise<void>(resolve => {
    systemClock.setTimer(resolve, 1).ref();
  });
  t.pass();
});
