import test from 'ava';
import { Failovers } from '../../lib/metrics/failovers.js';

test('a failover lasts from the loss of one leader to the next, whatever happens between', t => {
  const failovers = new Failovers();
  t.is(failovers.ready(5, 100, undefined), undefined, 'the first follows nobody');
  failovers.lost(5, 200);
  failovers.lost(6, 250);
  t.deepEqual(failovers.ready(7, 260, 'exited'), { cause: 'exited', fromTerm: 5, toTerm: 7, durationMs: 60 });
  t.like(failovers.status(), { count: 1, causes: { exited: 1 }, last: { toTerm: 7 } });
});

test('a leader that comes back in the same term is none', t => {
  const failovers = new Failovers();
  failovers.lost(5, 200);
  t.is(failovers.ready(5, 260, 'exited'), undefined);
  t.is(failovers.ready(6, 300, 'exited'), undefined);
});

test('one whose cause nobody told is counted all the same', t => {
  const failovers = new Failovers();
  failovers.lost(5, 200);
  failovers.ready(6, 210, undefined);
  t.like(failovers.status(), { count: 1, last: { cause: undefined, durationMs: 10 } });
  t.deepEqual(failovers.status().causes, {});
});

test('what was forgotten is followed by nobody', t => {
  const failovers = new Failovers();
  failovers.lost(5, 200);
  failovers.forget();
  t.is(failovers.ready(6, 210, 'exited'), undefined);
});
