import test from 'ava';
import { WRITE_BYTES } from '../../lib/protocol/frames.js';
import { Kind, type Packet } from '../../lib/protocol/messages.js';
import { Outbox } from '../../lib/protocol/outbox.js';
import { RelayRoute } from '../../lib/route/route.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { bundlesOf, frameWords } from '../helpers/unit/frames.js';

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
  const route = new RelayRoute('g', 5, outbox);
  return { clock, route, sent: () => packets.splice(0).flatMap(bundlesOf) };
}

test('what is sent within a tick travels in one bundle, and its number is known at once', t => {
  const { clock, route, sent } = setUp();
  t.true(route.isNextBundle);
  t.is(route.send(Kind.CALL, 7, '"a"'), 1);
  t.false(route.isNextBundle);
  t.is(route.send(Kind.CALL, 8, '"b"', [Buffer.from('x')]), 1);
  t.true(route.waitingBytes > 6);
  clock.tick();
  t.is(route.waitingBytes, 0);
  t.true(route.isNextBundle);
  t.is(route.send(Kind.UNSUBSCRIBE, 9, '0'), 2);
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
  t.is(route.kind, 'relay');
});

test('nothing joins a bundle that is full', t => {
  const { route } = setUp();
  route.send(Kind.CALL, 7, `"${'x'.repeat(WRITE_BYTES)}"`);
  t.true(route.isNextBundle);
  t.is(route.send(Kind.CALL, 8, '0'), 2);
});

test('a batch that is worth a write leaves before the end of the tick, and the next one is another bundle', t => {
  const { route, sent } = setUp();
  for (let id = 0; id < 32; id++) {
    route.send(Kind.CALL, id, '0');
    if (id < 31) route.flushEarly(1);
  }
  route.flushEarly(129);
  t.deepEqual(sent(), []);
  route.flushEarly(128);
  t.is(sent().length, 1);
  t.is(route.send(Kind.CALL, 99, '0'), 2);
});

test('on the relay there is nothing to offer, to heed or to wait for', t => {
  const route = new RelayRoute('g', 5, undefined as never);
  route.offered();
  t.false(route.handle());
  let ends = 0;
  const end = () => void ends++;
  route.finish(end);
  route.leave(end);
  route.destroy();
  t.is(ends, 2);
});
