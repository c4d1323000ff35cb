import test from 'ava';
import { WRITE_BYTES } from '../../lib/protocol/frames.js';
import { Kind, type Packet } from '../../lib/protocol/messages.js';
import { Outbox } from '../../lib/protocol/outbox.js';
import { RelayRoad } from '../../lib/road/road.js';
import { UnitClock } from '../helpers/unit-clock.js';
import { bundlesOf, frameWords } from '../helpers/unit-frames.js';

function setUp() {
  const clock = new UnitClock();
  const packets: Packet[] = [];
  const outbox = new Outbox({
    clock,
    version: 1,
    link: 7,
    direction: 'up',
    carriesBytes: true,
    send: (packet, written) => {
      packets.push(packet);
      clock.defer(written);
    },
  });
  const road = new RelayRoad('g', 5, outbox);
  return { clock, road, sent: () => packets.splice(0).flatMap(bundlesOf) };
}

test('what is sent within a tick travels in one bundle, and its number is known at once', t => {
  const { clock, road, sent } = setUp();
  t.true(road.isNextBundle);
  t.is(road.send(Kind.CALL, 7, '"a"'), 1);
  t.false(road.isNextBundle);
  t.is(road.send(Kind.CALL, 8, '"b"', [Buffer.from('x')]), 1);
  t.true(road.waitingBytes > 6);
  clock.tick();
  t.is(road.waitingBytes, 0);
  t.true(road.isNextBundle);
  t.is(road.send(Kind.UNSUBSCRIBE, 9, '0'), 2);
  clock.tick();
  const bundles = sent();
  t.deepEqual(
    bundles.map(({ g, t: term, n, to }) => ({ g, term, n, to })),
    [
      { g: 'g', term: 5, n: 1, to: undefined },
      { g: 'g', term: 5, n: 2, to: undefined },
    ],
  );
  t.deepEqual(frameWords(bundles), ['CALL 7 "a"', 'CALL 8 "b"', 'UNSUBSCRIBE 9 0']);
  t.is(road.kind, 'relay');
});

test('nothing joins a bundle that is full', t => {
  const { road } = setUp();
  road.send(Kind.CALL, 7, `"${'x'.repeat(WRITE_BYTES)}"`);
  t.true(road.isNextBundle);
  t.is(road.send(Kind.CALL, 8, '0'), 2);
});

test('a batch that is worth a write leaves before the end of the tick, and the next one is another bundle', t => {
  const { road, sent } = setUp();
  for (let id = 0; id < 32; id++) {
    road.send(Kind.CALL, id, '0');
    if (id < 31) road.flushEarly(1);
  }
  road.flushEarly(129);
  t.deepEqual(sent(), []);
  road.flushEarly(128);
  t.is(sent().length, 1);
  t.is(road.send(Kind.CALL, 99, '0'), 2);
});

test('on the relay there is nothing to offer, to heed or to wait for', t => {
  const road = new RelayRoad('g', 5, undefined as never);
  road.offered();
  t.false(road.heed());
  let ends = 0;
  const end = () => void ends++;
  road.finish(end);
  road.leave(end);
  road.destroy();
  t.is(ends, 2);
});
