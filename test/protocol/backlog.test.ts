import test from 'ava';
import { Backlog } from '../../lib/protocol/backlog.js';
import { type Bundle, EXT, Kind } from '../../lib/protocol/messages.js';
import { bundle, frameWords } from '../helpers/unit/frames.js';

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
  t.is(backlog.bytes, 0);
});

test('what is kept is counted, and beyond the room last values are dropped, of which a gap tells', t => {
  const backlog = new Backlog();
  const text = '.'.repeat(1000);
  backlog.keep(bundle({ term: 1 }, value(1, 5, Kind.SUBSCRIBED)), 5000);
  backlog.keep(bundle({ term: 1 }, value(2, text, Kind.VALUE_ONE)), 5000);
  backlog.keep(bundle({ term: 1 }, value(3, text, Kind.EVENT)), 5000);
  backlog.keep(bundle({ term: 1 }, value(3, text)), 5000);
  for (let id = 4; id < 100; id++) backlog.keep(bundle({ term: 1, to: [2] }, value(id, text, Kind.REPLAY)), 5000);
  t.true(backlog.bytes > 95 * 450 && backlog.bytes < 100 * 450 + 10_000, `${backlog.bytes}`);
  backlog.keep(bundle({ term: 1, to: [2] }, value(5, text.repeat(10), Kind.REPLAY)), 5000);
  const all = released(backlog);
  const words = frameWords(all).map(each => each.replace(/\.+/, ''));
  t.deepEqual(words.slice(0, 6), [
    'SUBSCRIBED 1 5',
    'VALUE_ONE 2 ""',
    'EVENT 3 ""',
    'VALUE 3 ""',
    'GAP 4 1',
    'GAP 6 1',
  ]);
  t.is(words.at(-1), 'REPLAY 5 ""');
  t.deepEqual(all.find(({ h }) => h[1] === 4)!.to, [2]);
  t.is(backlog.bytes, 0);
});

test('it is released as long as there is room, and goes on from there', t => {
  const backlog = new Backlog();
  for (let id = 1; id <= 5; id++) backlog.keep(bundle({ term: 1 }, value(id, id)));
  const taken: Bundle[] = [];
  backlog.release(
    each => taken.push(each),
    () => taken.length < 2,
  );
  t.is(backlog.size, 3);
  t.deepEqual(
    frameWords([...taken, ...released(backlog)]),
    [1, 2, 3, 4, 5].map(id => `VALUE ${id} ${id}`),
  );
  backlog.keep(bundle({ term: 1 }, value(1, 1)));
  backlog.clear();
  t.is(backlog.bytes, 0);
});

test('values for other members, or for all but others, are kept apart', t => {
  const backlog = new Backlog();
  const all = { ...bundle({ term: 1, to: '*' }, value(1, 1)), but: [4] };
  for (const each of [bundle({ term: 1, to: [2] }, value(1, 2)), all, bundle({ term: 1, to: [2] }, value(1, 3))])
    backlog.keep(each);
  t.deepEqual(
    released(backlog).map(({ to, but, x }) => [to, but, x]),
    [
      ['*', [4], '[1]'],
      [[2], undefined, '[0]'],
      [[2], undefined, '[3]'],
    ],
  );
});
