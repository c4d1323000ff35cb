import test from 'ava';
import { clashingNames, RESERVED_NAMES } from '../../lib/client/reserved-names.js';

test('the list of reserved names is frozen and has each name once', t => {
  t.true(Object.isFrozen(RESERVED_NAMES));
  t.is(new Set(RESERVED_NAMES).size, RESERVED_NAMES.length);
});

test('a method that the handle takes for something else clashes', t => {
  t.deepEqual(clashingNames(['status', 'get', 'term', 'invoke', 'with', 'leader', 'resign', 'isLeader', 'upstream']), [
    'resign',
    'isLeader',
    'leader',
    'term',
    'status',
    'invoke',
    'with',
    'upstream',
  ]);
});

test('a method that the handle stands in for does not clash, nor does an emitter', t => {
  const roles = ['ready', 'close', 'subscribe', 'unsubscribe', 'publish', 'unpublish'];
  t.deepEqual(clashingNames([...roles, 'on', 'once', 'off', 'emit', 'toString', '__proto__']), []);
});
