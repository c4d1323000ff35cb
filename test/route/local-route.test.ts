import test from 'ava';
import { type Bundle, Kind } from '../../lib/protocol/messages.js';
import { LocalRoute } from '../../lib/route/local-route.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { frameWords } from '../helpers/unit/frames.js';

function setUp() {
  const clock = new UnitClock();
  const arrived: Bundle[] = [];
  const route = new LocalRoute('g', 5, 1, clock, bundle => arrived.push(bundle));
  return { clock, route, arrived };
}

test('what is sent within a tick arrives at its end in one bundle, as if it had come over a channel', t => {
  const { clock, route, arrived } = setUp();
  t.true(route.isNextBundle);
  t.is(route.send(Kind.CALL, 7, '"a"'), 1);
  t.is(route.send(Kind.CALL, 8, '"b"', ['part']), 1);
  t.false(route.isNextBundle);
  t.true(route.waitingBytes > 10);
  route.flushEarly();
  t.deepEqual(arrived, []);
  clock.tick();
  t.is(route.waitingBytes, 0);
  t.deepEqual(arrived, [
    { g: 'g', t: 5, n: 1, f: 1, h: [Kind.CALL, 7, 3, 0, Kind.CALL, 8, 3, 1], x: '["a","b"]', p: ['part'] },
  ]);
  t.is(route.send(Kind.CALL, 9, '0'), 2);
  clock.tick();
  t.deepEqual(frameWords(arrived.slice(1)), ['CALL 9 0']);
  t.is(route.kind, 'local');
});

test('what is sent while a bundle is delivered travels in the next one', t => {
  const { clock } = setUp();
  const arrived: number[] = [];
  const route = new LocalRoute('g', 5, 1, clock, ({ n }) => {
    arrived.push(n!);
    if (n === 1) route.send(Kind.CALL, 8, '0');
  });
  route.send(Kind.CALL, 7, '0');
  clock.tick();
  t.deepEqual(arrived, [1, 2]);
});
