import test from 'ava';
import { isThenable } from '../../lib/utils/is-thenable.js';

test('a thenable is an object with a then()', t => {
  t.true(isThenable(Promise.resolve()));
  const name = 'then';
  t.true(isThenable({ [name]() {} }));
  for (const value of [undefined, null, 1, 'then', {}, { [name]: 1 }, () => {}]) t.false(isThenable(value));
});
