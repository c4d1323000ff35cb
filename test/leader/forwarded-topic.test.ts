import test from 'ava';
import type { ForwardedListener } from '../../lib/leader/served-client.js';
import { UnitTopic } from '../helpers/unit/topic.js';

function rig() {
  const listeners: ForwardedListener[] = [];
  let ended = 0;
  const unit = UnitTopic.forwarding({
    subscribe(_topic, _delivery, listener) {
      listeners.push(listener);
      return () => void ended++;
    },
  });
  return { unit, listeners, ended: () => ended };
}

test('values, last values and gaps are passed on once it is confirmed', t => {
  const { unit, listeners } = rig();
  unit.add(1, 10);
  unit.add(2, 20, 'one');
  t.deepEqual(unit.sent(), []);
  const [listener] = listeners as [ForwardedListener];
  listener.ready();
  listener.value('old', true);
  listener.value('new', false);
  for (const reason of ['overload', 'reconnected', 'failover'] as const) listener.missed(reason);
  t.deepEqual(unit.sent(), [
    '1 SUBSCRIBED 10 3',
    '1 REPLAY 10 "old"',
    '1 VALUE 3 "new"',
    '1 GAP 3 0',
    '1 GAP 3 2',
    '1 GAP 3 3',
    '2 SUBSCRIBED 20 3',
    '2 VALUE_ONE 20 "new"',
    '2 GAP 3 0',
    '2 GAP 3 2',
    '2 GAP 3 3',
  ]);
  unit.add(3, 30);
  t.is(listeners.length, 1);
});

test('outside the lease everything waits, and the worst gap is told', t => {
  const { unit, listeners } = rig();
  unit.add(1, 10);
  const [listener] = listeners as [ForwardedListener];
  listener.ready();
  unit.sent();
  unit.leases = false;
  listener.missed('failover');
  listener.missed('overload');
  listener.value('last', true);
  listener.value(() => {}, true);
  t.is(unit.reported.length, 1);
  t.deepEqual(unit.sent(), []);
  unit.leases = true;
  unit.topic.release();
  t.deepEqual(unit.sent(), ['1 GAP 3 3', '1 VALUE 3 "last"']);
});

test('a subscription that is refused can be asked for again', t => {
  const { unit, listeners, ended } = rig();
  unit.add(1, 10);
  listeners[0]!.refused(new Error('no'));
  t.deepEqual(unit.refusals, ['1 10']);
  t.is(unit.idled, 1);
  unit.add(1, 11);
  listeners[1]!.ready();
  unit.topic.remove(1, 11);
  t.deepEqual([ended(), unit.idled], [1, 2]);
});
