import test from 'ava';
import { Backlog } from '../../lib/protocol/backlog.js';
import { type Bundle, EXT, Kind } from '../../lib/protocol/messages.js';
import { bundle, frameWords } from '../helpers/unit-frames.js';

function released(backlog: Backlog): Bundle[] {
  const bundles: Bundle[] = [];
  backlog.release(each => bundles.push(each));
  return bundles;
}

const value = (id: number, of: unknown, kind: number = Kind.VALUE) => ({ kind, id, value: of });

test('of each topic the newest value stays, in the order of the newest, and a gap says that others were dropped', t => {
  const backlog = new Backlog();
  backlog.keep(bundle({ term: 1 }, value(5, 'a')));
  backlog.keep(bundle({ term: 1 }, value(6, 'b')));
  backlog.keep(bundle({ term: 1 }, value(5, 'c')));
  t.is(backlog.size, 2);
  t.deepEqual(frameWords(released(backlog)), ['VALUE 6 "b"', 'GAP 5 0', 'VALUE 5 "c"']);
  t.is(backlog.size, 0);
  t.deepEqual(released(backlog), []);
});

test('values for one subscription, last values and events are kept apart, and have no gap', t => {
  const backlog = new Backlog();
  for (const kind of [Kind.VALUE, Kind.VALUE_ONE, Kind.REPLAY, Kind.EVENT]) {
    backlog.keep(bundle({ term: 1 }, value(5, 'old', kind)));
    backlog.keep(bundle({ term: 1 }, value(5, 'new', kind)));
  }
  t.deepEqual(frameWords(released(backlog)), [
    'GAP 5 0',
    'VALUE 5 "new"',
    'VALUE_ONE 5 "new"',
    'REPLAY 5 "new"',
    'EVENT 5 "new"',
  ]);
});

test('groups and terms are kept apart, whatever a group is named', t => {
  const backlog = new Backlog();
  backlog.keep(bundle({ term: 1 }, value(5, 1)));
  backlog.keep(bundle({ term: 2 }, value(5, 2)));
  backlog.keep(bundle({ term: 1, group: '5|g' }, value(1, 3)));
  backlog.keep(bundle({ term: 1, group: 'g|5' }, value(5, 4)));
  t.deepEqual(
    released(backlog).map(({ g, t: term, x }) => [g, term, x]),
    [
      ['g', 1, '[1]'],
      ['g', 2, '[2]'],
      ['5|g', 1, '[3]'],
      ['g|5', 1, '[4]'],
    ],
  );
});

test('the values of a term that is over are forgotten, and no others', t => {
  const backlog = new Backlog();
  backlog.keep(bundle({ term: 1 }, value(5, 1)));
  backlog.keep(bundle({ term: 2 }, value(5, 2)));
  backlog.keep(bundle({ term: 1, group: 'h' }, value(5, 3)));
  backlog.forget('g', 1);
  t.deepEqual(frameWords(released(backlog)), ['VALUE 5 2', 'VALUE 5 3']);
});

test('a value in its tagged form is the same topic as one in plain JSON', t => {
  const backlog = new Backlog();
  backlog.keep(bundle({ term: 1 }, value(5, 'old')));
  backlog.keep(bundle({ term: 1 }, value(5, [1], Kind.VALUE | EXT)));
  const [gap, kept] = released(backlog);
  t.deepEqual(gap!.h, [Kind.GAP, 5, 1, 0]);
  t.deepEqual(kept!.h, [Kind.VALUE | EXT, 5, 3, 0]);
});

test('nothing is left once it is cleared', t => {
  const backlog = new Backlog();
  backlog.keep(bundle({ term: 1 }, value(5, 1)));
  backlog.clear();
  t.is(backlog.size, 0);
});
