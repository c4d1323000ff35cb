import test from 'ava';
import { type Bundle, Kind } from '../../lib/protocol/messages.js';
import { LocalRoad } from '../../lib/road/local-road.js';
import { UnitClock } from '../helpers/unit-clock.js';
import { frameWords } from '../helpers/unit-frames.js';

function setUp() {
  const clock = new UnitClock();
  const arrived: Bundle[] = [];
  const road = new LocalRoad('g', 5, 1, clock, bundle => arrived.push(bundle));
  return { clock, road, arrived };
}

test('what is sent within a tick arrives at its end in one bundle, as if it had come over a channel', t => {
  const { clock, road, arrived } = setUp();
  t.true(road.isNextBundle);
  t.is(road.send(Kind.CALL, 7, '"a"'), 1);
  t.is(road.send(Kind.CALL, 8, '"b"', ['part']), 1);
  t.false(road.isNextBundle);
  t.true(road.waitingBytes > 10);
  road.flushEarly();
  t.deepEqual(arrived, []);
  clock.tick();
  t.is(road.waitingBytes, 0);
  t.deepEqual(arrived, [
    { g: 'g', t: 5, n: 1, f: 1, h: [Kind.CALL, 7, 3, 0, Kind.CALL, 8, 3, 1], x: '["a","b"]', p: ['part'] },
  ]);
  t.is(road.send(Kind.CALL, 9, '0'), 2);
  clock.tick();
  t.deepEqual(frameWords(arrived.slice(1)), ['CALL 9 0']);
  t.is(road.kind, 'local');
});

test('what is sent while a bundle is delivered travels in the next one', t => {
  const { clock } = setUp();
  const arrived: number[] = [];
  const road = new LocalRoad('g', 5, 1, clock, ({ n }) => {
    arrived.push(n!);
    if (n === 1) road.send(Kind.CALL, 8, '0');
  });
  road.send(Kind.CALL, 7, '0');
  clock.tick();
  t.deepEqual(arrived, [1, 2]);
});
