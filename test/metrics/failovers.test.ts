import test from 'ava';
import { FailoverBook } from '../../lib/metrics/failover-book.js';
import { Failovers, termEndStatus } from '../../lib/metrics/failovers.js';

const EXITED = { term: 5, cause: 'exited', error: undefined } as const;

test('a failover lasts from the loss of one leader to the next, whatever happens between', t => {
  const failovers = new Failovers();
  t.is(failovers.ready(5, 100, undefined), undefined, 'the first follows nobody');
  failovers.lost(5, 200);
  failovers.lost(6, 250);
  t.deepEqual(failovers.ready(7, 260, EXITED), { cause: 'exited', fromTerm: 5, toTerm: 7, durationMs: 60 });
  t.like(failovers.status(), { count: 1, causes: { exited: 1 }, last: { toTerm: 7 } });
});

test('a leader that comes back in the same term is none', t => {
  const failovers = new Failovers();
  failovers.lost(5, 200);
  t.is(failovers.ready(5, 260, EXITED), undefined);
  t.is(failovers.ready(6, 300, EXITED), undefined);
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
  t.is(failovers.ready(6, 210, EXITED), undefined);
});

test('the error that ended the term before is told as plain data', t => {
  const failovers = new Failovers();
  const error = Object.assign(new RangeError('no'), { code: 'ENO', secret: 1 });
  failovers.lost(5, 200);
  failovers.ready(6, 210, { term: 5, cause: 'broken', error });
  t.deepEqual(failovers.status().last!.error, { name: 'RangeError', message: 'no', code: 'ENO' });
  t.deepEqual(termEndStatus({ term: 5, cause: 'broken', error: new Error('no') }), {
    term: 5,
    cause: 'broken',
    error: { name: 'Error', message: 'no' },
  });
  t.deepEqual(termEndStatus(EXITED), { term: 5, cause: 'exited' });
});

test('a name that comes again goes on counting, and of many names the newest are known', t => {
  const book = new FailoverBook();
  const first = book.of('first');
  for (let i = 0; i < 999; i++) book.of(`${i}`);
  t.is(book.of('first'), first);
  for (let i = 0; i < 1000; i++) book.of(`${i} more`);
  t.not(book.of('first'), first);
});
