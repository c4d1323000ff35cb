import test from 'ava';
import { describe } from '../../lib/diagnostics/describe.js';

const OTHER = { side: 'member', member: 1, group: 'g', workerId: 2, pid: 20 } as const;
const SELF = { ...OTHER, workerId: 1, pid: 10 } as const;
const PRIMARY = { side: 'primary', group: 'g', workerId: 1, pid: 10 } as const;

test('who is spoken of is named, and the speaker itself is not', t => {
  t.is(describe('join', PRIMARY), 'worker 1 (pid 10) joined');
  t.is(describe('join', SELF), 'this worker joined');
  t.is(describe('leave', OTHER), 'worker 2 (pid 20) left');
});

test('each kind of news is a line', t => {
  t.is(describe('appointed', { ...OTHER, term: 7 }), 'worker 2 (pid 20) is appointed for term 7');
  t.is(describe('ready', { ...SELF, term: 7 }), 'this worker is ready in term 7');
  t.is(
    describe('deposed', { ...OTHER, term: 7, cause: 'silent' }),
    'worker 2 (pid 20) leads no longer, term 7: silent',
  );
  t.is(
    describe('deposed', { ...OTHER, term: 7, cause: undefined }),
    'worker 2 (pid 20) leads no longer, term 7: cause unknown',
  );
  t.is(describe('vacant', { side: 'primary', group: 'g' }), 'nobody may lead');
  t.is(
    describe('resync', { ...OTHER, key: '"a"', topic: 'a', fromTerm: 7, toTerm: 8, reason: 'failover' }),
    'values of "a" may have been missed (failover, term 7 to 8)',
  );
  t.is(describe('overload', { ...PRIMARY, what: 'results' }), 'too much waits for worker 1: results are dropped');
  t.is(describe('warning', { side: 'primary', message: 'Look.' }), 'warning: Look.');
});
