import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { createRequire } from 'node:module';
import test from 'ava';
import { MAX_TIMER_MS, systemClock } from '../../lib/utils/clock.js';

const sinon = createRequire(import.meta.url)('sinon');

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

/** The timers that `run` leaves, as Node's own hook reports them. */
function watchTimeouts(run: () => void): { readonly ms: number; readonly hasRef: boolean }[] {
  const timers: NodeJS.Timeout[] = [];
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === 'Timeout') timers.push(resource as NodeJS.Timeout);
    },
  }).enable();
  try {
    run();
  } finally {
    hook.disable();
  }
  return timers.map(timer => ({
    ms: (timer as unknown as { readonly _idleTimeout: number })._idleTimeout,
    hasRef: timer.hasRef(),
  }));
}

test('a timer keeps the process alive only while it is told to', t => {
  const seen = watchTimeouts(() => {
    for (const calls of [[], ['ref'], ['ref', 'unref'], ['ref', 'unref', 'ref']] as ('ref' | 'unref')[][]) {
      const made = systemClock.setTimer(() => {}, 10_000);
      for (const call of calls) made[call]();
      t.teardown(() => made.clear());
    }
  });
  t.deepEqual(
    seen.map(({ hasRef }) => hasRef),
    [false, true, false, true],
  );
});

test('a timer is never early, never longer than Node can, and never negative', t => {
  const seen = watchTimeouts(() => {
    for (const ms of [1.2, MAX_TIMER_MS + 10, -5, 0]) {
      const made = systemClock.setTimer(() => {}, ms);
      t.teardown(() => made.clear());
    }
  });
  t.deepEqual(
    seen.map(({ ms }) => ms),
    // Node waits for 1 ms at least.
    [2, MAX_TIMER_MS, 1, 1],
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

test('a timer that was cleared never runs', async t => {
  systemClock.setTimer(() => t.fail(), 1).clear();
  await new Promise<void>(resolve => {
    systemClock.setTimer(resolve, 5).ref();
  });
  t.pass();
});

test('what it runs runs in no context of the user', async t => {
  const storage = new AsyncLocalStorage<string>();
  const { defer, yield: turn, setTimer } = systemClock;
  const ways = [defer, turn, (callback: () => void) => setTimer(callback, 1).ref()];
  for (const way of ways) {
    const seen = await storage.run('alice', () => new Promise(resolve => way(() => resolve(storage.getStore()))));
    t.is(seen, undefined);
  }
});

test.serial('fake timers of a test don’t stop it', async t => {
  const all = [
    'setTimeout',
    'clearTimeout',
    'setImmediate',
    'nextTick',
    'queueMicrotask',
    'Date',
    'performance',
  ] as const;
  const { now } = systemClock;
  const before = now();
  const fake = sinon.useFakeTimers({
    now: 0,
    toFake: [...all, 'clearImmediate', 'setInterval', 'clearInterval', 'hrtime'],
  });
  try {
    await new Promise<void>(resolve => systemClock.defer(resolve));
    await new Promise<void>(resolve => systemClock.yield(resolve));
    await new Promise<void>(resolve => systemClock.setTimer(resolve, 1).ref());
    systemClock.setTimer(() => t.fail(), 1).clear();
    t.true(now() > before);
    t.true(systemClock.wall() > 1e12);
  } finally {
    fake.restore();
  }
});
