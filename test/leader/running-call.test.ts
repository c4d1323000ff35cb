import test from 'ava';
import { callContext, runInContext } from '../../lib/leader/call-context.js';
import { RunningCall } from '../../lib/leader/running-call.js';

const make = () => new RunningCall('g', 5, 2, 7, 'get', 1000, 0, {} as never);

test('it shows its group, its term and its deadline', t => {
  t.like(make(), { name: 'g', term: 5, deadline: 1000, isEnded: false });
});

test('its own signal aborts when nobody waits for it any more, and so do those in its arguments', t => {
  const call = make();
  const { signal } = call;
  const inner = call.get(1);
  t.is(call.signal, signal);
  t.not(inner, signal);
  call.abandon('gone');
  t.true(call.isEnded);
  t.is(signal.reason, 'gone');
  t.is(inner.reason, 'gone');
});

test('a signal in its arguments aborts alone', t => {
  const call = make();
  const signal = call.get(1);
  call.abort(1, 'inner');
  t.is(signal.reason, 'inner');
  call.abort(2, 'nobody asked for it');
  t.false(call.get(2).aborted);
  t.false(call.signal.aborted);
  t.false(call.isEnded);
});

test('a signal that is asked for after the end is aborted from the start', t => {
  const call = make();
  call.abandon('gone');
  t.is(call.signal.reason, 'gone');
});

test('a method finds the call that it runs in, also in what it awaits, and nobody else does', async t => {
  const [a, b] = [make(), make()];
  const seen = await Promise.all(
    [a, b].map(call =>
      runInContext(call, async () => {
        await undefined;
        return callContext();
      }),
    ),
  );
  t.deepEqual(seen, [a, b]);
  t.is(callContext(), undefined);
});
