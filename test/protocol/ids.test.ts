import test from 'ava';
import { newId, nextNumber } from '../../lib/protocol/ids.js';

test('no two incarnations have the same name', t => {
  const ids = Array.from({ length: 1000 }, newId);
  t.is(new Set(ids).size, 1000);
  for (const id of ids) t.regex(id, /^[\w-]{21}$/);
});

test('numbers grow by one', t => {
  const first = nextNumber();
  t.is(nextNumber(), first + 1);
  t.is(nextNumber(), first + 2);
});
