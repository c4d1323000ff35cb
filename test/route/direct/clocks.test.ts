import test from 'ava';
import { Clocks } from '../../../lib/route/direct/clocks.js';

const bundle = (...m: (string | number | null)[]) => ({ h: [], x: '[]', m });

test('deadlines are translated, methods and calls without a deadline are not', t => {
  const clocks = new Clocks(-500);
  t.true(clocks.isElsewhere);
  t.deepEqual(clocks.translate(bundle('get', 10_000, 'set', null)).m, ['get', 9500, 'set', null]);
  const values = { h: [], x: '[]' };
  t.is(clocks.translate(values), values);
});

test('on one machine nothing is', t => {
  const clocks = new Clocks(undefined);
  const given = bundle('get', 10_000);
  t.false(clocks.isElsewhere);
  t.is(clocks.translate(given), given);
});

test('an answer that was asked for counts, and no other', t => {
  const clocks = new Clocks(0);
  const at = () => clocks.translate(bundle('get', 100)).m![1];
  clocks.answered({ now: 7 });
  t.is(at(), 100);
  clocks.asked(1000);
  clocks.answered({ now: 990 });
  t.is(at(), 110);
  for (const odd of [undefined, null, {}, { now: 'x' }]) {
    clocks.asked(5000);
    clocks.answered(odd);
  }
  clocks.answered({ now: 7 });
  t.is(at(), 110);
});
