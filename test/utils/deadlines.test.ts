import test from 'ava';
import { MAX_TIMER_MS } from '../../lib/utils/clock.js';
import { Deadlines, type Expiring } from '../../lib/utils/deadlines.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { forSeeds } from '../helpers/unit/random.js';

interface Item extends Expiring {
  readonly name: string;
}

function setUp() {
  const clock = new UnitClock();
  const expired: string[] = [];
  const deadlines = new Deadlines<Item>(clock, ({ name }) => expired.push(name));
  const add = (name: string, timeoutMs: number): Item => {
    const item = { name, timeoutMs, deadline: clock.now() + timeoutMs, before: undefined, after: undefined };
    deadlines.add(item);
    return item;
  };
  return { clock, expired, deadlines, add };
}

test('each runs out at its time, in order', t => {
  const { clock, expired, add } = setUp();
  add('a', 100);
  clock.advance(50);
  add('b', 100);
  add('c', 10);
  clock.advance(49);
  t.deepEqual(expired, ['c']);
  clock.advance(1);
  t.deepEqual(expired, ['c', 'a']);
  clock.advance(50);
  t.deepEqual(expired, ['c', 'a', 'b']);
});

test('many of one length share one timer, which keeps the process alive while any waits', t => {
  const { clock, deadlines, add } = setUp();
  const items = Array.from({ length: 100 }, (_, i) => add(String(i), 100));
  t.is(clock.timers, 1);
  t.is(clock.refs, 1);
  for (const item of items) deadlines.remove(item);
  t.is(clock.refs, 0);
  add('later', 100);
  t.is(clock.timers, 1);
  t.is(clock.refs, 1);
});

test('one that was removed does not run out, and can be removed again', t => {
  const { clock, expired, deadlines, add } = setUp();
  const [a, b, c] = [add('a', 100), add('b', 100), add('c', 100)];
  for (const item of [b, b, a, c, c]) deadlines.remove(item);
  deadlines.remove({ name: 'never added', timeoutMs: 7, deadline: 7, before: undefined, after: undefined });
  clock.advance(1000);
  t.deepEqual(expired, []);
});

test('a timer that was set for one that has gone is early, never late, for the next', t => {
  const { clock, expired, deadlines, add } = setUp();
  const first = add('a', 100);
  deadlines.remove(first);
  clock.advance(60);
  add('b', 100);
  clock.advance(99);
  t.deepEqual(expired, []);
  clock.advance(1);
  t.deepEqual(expired, ['b']);
});

test('one that is added or removed while another runs out is seen to', t => {
  const clock = new UnitClock();
  const expired: string[] = [];
  const make = (name: string): Item => ({
    name,
    timeoutMs: 100,
    deadline: clock.now() + 100,
    before: undefined,
    after: undefined,
  });
  const [a, b, c] = [make('a'), make('b'), make('c')];
  const deadlines = new Deadlines<Item>(clock, ({ name }) => {
    expired.push(name);
    if (name !== 'a') return;
    deadlines.remove(b);
    deadlines.remove(c);
    deadlines.add(make('d'));
  });
  for (const item of [a, b, c]) deadlines.add(item);
  clock.advance(100);
  t.deepEqual(expired, ['a']);
  t.is(clock.timers, 1);
  clock.advance(100);
  t.deepEqual(expired, ['a', 'd']);
});

test('nothing is kept of a length that nobody uses any more', t => {
  const { clock, deadlines, add } = setUp();
  for (let ms = 1; ms <= 1000; ms++) deadlines.remove(add('a', ms + 0.5));
  clock.advance(2000);
  t.is(clock.timers, 0);
  add('b', 1.5);
  clock.advance(2);
  t.is(clock.timers, 0);
});

test('one without a deadline keeps the process alive and never runs out', t => {
  const { clock, expired, deadlines, add } = setUp();
  const item = add('a', Number.POSITIVE_INFINITY);
  clock.advance(MAX_TIMER_MS + 1);
  t.deepEqual(expired, []);
  t.is(clock.refs, 1);
  deadlines.remove(item);
  t.is(clock.refs, 0);
});

test('no timer is left once it is closed, and what is added later works all the same', t => {
  const { clock, expired, deadlines, add } = setUp();
  add('a', 100);
  add('b', 200);
  deadlines.close();
  t.is(clock.timers, 0);
  add('c', 100);
  clock.advance(100);
  t.deepEqual(expired, ['c']);
});

test('whatever comes and goes, each runs out once, not early, and as soon as its time has come', t => {
  forSeeds(100, (random, log) => {
    const { clock, expired, deadlines, add } = setUp();
    const waiting = new Map<string, Item>();
    for (let i = 0; i < 100; i++) {
      const step = random.pick(['add', 'add', 'remove', 'advance']);
      const item = waiting.size > 0 ? random.pick([...waiting.values()]) : undefined;
      if (step === 'advance') clock.advance(random.below(15));
      if (step === 'add') waiting.set(String(i), add(String(i), random.pick([10, 20, 35])));
      if (step === 'remove' && item) {
        deadlines.remove(item);
        waiting.delete(item.name);
      }
      log.push(`${clock.now()}: ${[...waiting.keys()]} | ${expired}`);
      for (const name of expired.splice(0)) {
        if ((waiting.get(name)?.deadline ?? Number.POSITIVE_INFINITY) > clock.now())
          throw new Error(`${name} is early`);
        waiting.delete(name);
      }
      for (const { name, deadline } of waiting.values())
        if (deadline <= clock.now()) throw new Error(`${name} is late`);
      if (clock.refs > 3 || waiting.size > 0 !== clock.refs > 0) throw new Error(`${clock.refs} timers`);
    }
  });
  t.pass();
});
