import test from 'ava';
import { type Bundle, EXT, Kind } from '../../lib/protocol/bundle.js';
import { readFrames } from '../../lib/protocol/frame-reader.js';
import { BundleBuilder } from '../../lib/protocol/frames.js';
import { MOST_WITHDRAWALS, Withdrawals } from '../../lib/protocol/withdrawals.js';
import { frameWords } from '../helpers/unit/frames.js';

const of = (kind: number, id: number, text: string, from = 2, term = 5, parts?: string[]): Bundle => {
  const open = new BundleBuilder('g', term);
  open.add(kind, id, text, parts);
  return { ...open.seal(), f: from };
};
const cancel = (id: number, reason = '[1]', from?: number) => of(Kind.CANCEL | EXT, id, `[0,${reason}]`, from);
const unsubscribe = (id: number, from?: number, term?: number) => of(Kind.UNSUBSCRIBE, id, '0', from, term);

function released(withdrawals: Withdrawals): [from: number, ...words: string[]][] {
  const all: [number, ...string[]][] = [];
  withdrawals.release(bundle => all.push([bundle.f!, ...frameWords([bundle])]));
  return all;
}

test('what was taken back is said once, in order, in a bundle for each member', t => {
  const withdrawals = new Withdrawals();
  for (const bundle of [unsubscribe(1), unsubscribe(1), cancel(2), unsubscribe(1, 3), cancel(4, '[1]', 3)])
    withdrawals.keep(bundle);
  t.is(withdrawals.size, 4);
  t.true(withdrawals.bytes > 0);
  t.deepEqual(released(withdrawals), [
    [2, 'UNSUBSCRIBE 1 0', 'CANCEL 2 [0,[1]]'],
    [3, 'UNSUBSCRIBE 1 0', 'CANCEL 4 [0,[1]]'],
  ]);
  t.is(withdrawals.bytes, 0);
  t.deepEqual(released(withdrawals), []);
});

test('several signals of one call abort each', t => {
  const withdrawals = new Withdrawals();
  withdrawals.keep(of(Kind.CANCEL | EXT, 7, '[1,[1]]'));
  withdrawals.keep(of(Kind.CANCEL | EXT, 7, '[2,[1]]'));
  t.deepEqual(released(withdrawals), [[2, 'CANCEL 7 [1,[1]]', 'CANCEL 7 [2,[1]]']]);
});

test('a long reason stays behind', t => {
  const withdrawals = new Withdrawals();
  withdrawals.keep(cancel(1, JSON.stringify('x'.repeat(5000))));
  withdrawals.keep(of(Kind.CANCEL | EXT, 2, '[0,[8]]', 2, 5, ['x'.repeat(600)]));
  withdrawals.release(bundle => readFrames(bundle, ({ ext, json }) => t.deepEqual([ext, json], [true, [0, [1]]])));
});

test('what was refused needs not be taken back, whoever hears of it first', t => {
  const withdrawals = new Withdrawals();
  withdrawals.refuse(unsubscribe(1), 1);
  withdrawals.refuse(unsubscribe(2), 2);
  withdrawals.keep(unsubscribe(1));
  withdrawals.keep(unsubscribe(1, 3));
  t.deepEqual(released(withdrawals), [[3, 'UNSUBSCRIBE 1 0']]);
});

test('a term that is over takes its own with it', t => {
  const withdrawals = new Withdrawals();
  withdrawals.keep(unsubscribe(1));
  withdrawals.keep(unsubscribe(2, 2, 6));
  withdrawals.forget('g', 5);
  t.deepEqual(released(withdrawals), [[2, 'UNSUBSCRIBE 2 0']]);
});

test('they are bounded, whatever is said, and the first that is dropped is told', t => {
  const withdrawals = new Withdrawals();
  const withdrawn: string[] = [];
  const keep = (bundle: Bundle, what: string) => withdrawals.keep(bundle) && withdrawn.push(what);
  for (let id = 0; id < MOST_WITHDRAWALS; id++) {
    keep(cancel(id), `cancel ${id}`);
    withdrawals.refuse(unsubscribe(id), 1e6 + id);
    withdrawals.refuse(unsubscribe(id), 2e6 + id);
  }
  t.is(withdrawals.size, MOST_WITHDRAWALS / 2, 'there is room for subscriptions, which do not end by themselves');
  for (let id = 0; id < MOST_WITHDRAWALS; id++) keep(unsubscribe(id, 3), `unsubscribe ${id}`);
  keep(cancel(0), 'the same once more');
  t.deepEqual(withdrawn, [`cancel ${MOST_WITHDRAWALS / 2}`]);
  t.is(withdrawals.size, MOST_WITHDRAWALS);
  t.is(withdrawals.bytes, 2 * MOST_WITHDRAWALS * 128);
  withdrawals.clear();
  t.is(withdrawals.bytes, 0);
});
