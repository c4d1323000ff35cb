import test from 'ava';
import { RunningClock } from '../../lib/utils/running-clock.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { forSeeds } from '../helpers/unit/random.js';

function setUp(tickMs = 100) {
  const clock = new UnitClock();
  let ticks = 0;
  const running = new RunningClock(clock, tickMs, () => ticks++);
  return { clock, running, ticks: () => ticks };
}

test('it stands still until it is started, and once it is stopped', t => {
  const { clock, running, ticks } = setUp();
  clock.advance(500);
  t.is(running.now(), 0);
  running.start();
  clock.advance(250);
  t.is(running.now(), 250);
  t.is(ticks(), 2);
  running.stop();
  clock.advance(500);
  t.is(running.now(), 250);
  t.is(ticks(), 2);
  t.is(clock.timers, 0);
});

test('it goes on from where it stopped', t => {
  const { clock, running } = setUp();
  running.start();
  clock.advance(120);
  running.stop();
  running.stop();
  clock.advance(1000);
  running.start();
  clock.advance(80);
  t.is(running.now(), 200);
});

test('a second start changes nothing', t => {
  const { clock, running, ticks } = setUp();
  running.start();
  clock.advance(50);
  running.start();
  clock.advance(50);
  t.is(running.now(), 100);
  t.is(ticks(), 1);
  t.is(clock.timers, 1);
});

test('a tick that comes late counts for two at most', t => {
  const { clock, running, ticks } = setUp();
  running.start();
  clock.jump(10_000);
  t.is(running.now(), 200);
  clock.advance(0);
  t.is(running.now(), 200);
  t.is(ticks(), 1);
  clock.advance(100);
  t.is(running.now(), 300);
});

test('a tick that comes a little late counts as long as it was', t => {
  const { clock, running } = setUp();
  running.start();
  clock.jump(150);
  clock.advance(0);
  t.is(running.now(), 150);
});

test('another length of its ticks counts from now on', t => {
  const { clock, running, ticks } = setUp();
  running.start();
  clock.advance(100);
  running.tickMs = 1000;
  clock.advance(100);
  t.is(ticks(), 2);
  clock.advance(999);
  t.is(ticks(), 2);
  t.is(running.now(), 1199);
});

test('a clock that never ticks still runs', t => {
  const { clock, running } = setUp(Number.POSITIVE_INFINITY);
  running.start();
  clock.advance(5000);
  t.is(running.now(), 5000);
});

test('however it is stalled, started and stopped, it never runs faster than the real clock, nor backwards', t => {
  forSeeds(100, (random, log) => {
    const { clock, running } = setUp();
    for (let i = 0; i < 100; i++) {
      const before = { real: clock.now(), running: running.now() };
      const step = random.pick(['advance', 'jump', 'start', 'stop'] as const);
      log.push(step);
      if (step === 'advance' || step === 'jump') clock[step](random.below(400));
      else running[step]();
      const passed = running.now() - before.running;
      if (passed < 0 || passed > clock.now() - before.real) throw new Error(`it made ${passed} ms of it`);
    }
  });
  t.pass();
});
