import test from 'ava';
import { defer } from '../../lib/utils/deferred.js';

test('a promise is settled from outside, once', async t => {
  const good = defer<number>();
  good.resolve(1);
  good.reject(new Error('late'));
  t.is(await good.promise, 1);
  const bad = defer();
  bad.reject(new Error('no'));
  await t.throwsAsync(bad.promise, { message: 'no' });
});
