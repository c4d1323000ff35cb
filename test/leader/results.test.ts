import test from 'ava';
import { release } from '../../lib/leader/results.js';

test('a result of any length is searched, as far as the bound, and its handles are released', t => {
  let released = 0;
  const handle = { query() {}, release: () => ++released };
  const errors: unknown[] = [];
  release([handle, ...new Array(1_000_000).fill(0)], {}, error => errors.push(error));
  release({ rows: new Array(1_000_000).fill({ n: 1 }), handle }, {}, error => errors.push(error));
  t.deepEqual([released, errors], [2, []]);
});

test('a result that can not be looked at is reported', t => {
  const odd = new Proxy(
    {},
    {
      getPrototypeOf() {
        throw new Error('odd');
      },
    },
  );
  const errors: unknown[] = [];
  release({ odd }, {}, error => errors.push((error as Error).message));
  t.deepEqual(errors, ['odd']);
});
