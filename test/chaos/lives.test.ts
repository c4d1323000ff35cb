import test from 'ava';
import type { ChaosEvent } from '../fixtures/process-chaos.js';
import type { Stamped } from '../helpers/process/wire.js';
import { judgeLives, type Past } from './lives.js';

const opening = (term: number, at: number): Stamped<ChaosEvent> => ({ kind: 'opening', term, at });
const closed = (term: number, at: number): Stamped<ChaosEvent> => ({ kind: 'closed', term, at });
const past = (workerId: number, exitAt: number, ...events: Stamped<ChaosEvent>[]): Past => ({
  workerId,
  exitAt,
  events,
});

const END = Number.POSITIVE_INFINITY;
const SUCCESSOR = past(2, END, opening(8, 50), closed(8, 90));

test('real clients that follow each other are as they should be, closed or with their process', t => {
  for (const first of [past(1, END, opening(7, 10), closed(7, 50)), past(1, 49, opening(7, 10))])
    t.like(judgeLives([SUCCESSOR, first], [], []), { lives: 2, excused: 0, violations: [] });
});

test('two that live at once are a violation', t => {
  for (const first of [past(1, END, opening(7, 10), closed(7, 51)), past(1, 51, opening(7, 10))])
    t.is(judgeLives([first, SUCCESSOR], [], []).violations.length, 1);
  t.is(judgeLives([past(1, END, opening(7, 10)), SUCCESSOR], [], []).violations.length, 1);
});

test('one of a leader that was deposed for its silence is excused, and only from then on', t => {
  const first = past(1, END, opening(7, 10), closed(7, 70));
  t.like(judgeLives([first, SUCCESSOR], [{ term: 7, at: 49 }], []), { excused: 1, violations: [] });
  t.is(judgeLives([first, SUCCESSOR], [{ term: 7, at: 55 }], []).violations.length, 1);
  t.is(judgeLives([first, SUCCESSOR], [{ term: 6, at: 49 }], []).violations.length, 1);
});

test('what the server read late is told, and is no violation', t => {
  const first = past(1, 49, opening(7, 10));
  const seen = [
    { term: 7, from: 11, until: 60 },
    { term: 8, from: 51, until: 91 },
  ];
  t.deepEqual(judgeLives([first, SUCCESSOR], [], seen), {
    lives: 2,
    excused: 0,
    violations: [],
    readLateMs: 11,
    misread: 1,
  });
});
