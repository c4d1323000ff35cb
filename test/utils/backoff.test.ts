import test from 'ava';
import { backoffMs } from '../../lib/utils/backoff.js';

test('the first attempt is made at once, then the pauses double up to half a minute', t => {
  const pauses = [-1, 0, 1, 2, 3, 4, 9, 10, 1000].map(failures => backoffMs(failures));
  t.deepEqual(pauses, [0, 0, 100, 200, 400, 800, 25_600, 30_000, 30_000]);
});
