import test from 'ava';
import { startExample } from '../helpers/examples/example.js';
import { startRedisServer } from '../helpers/services/of-examples.js';

test('one worker makes the reports, and another goes on when that one is killed', async t => {
  const redis = await startRedisServer(t);
  if (!redis) return;
  const { admin, connections, url } = redis;
  const untilNext = () => admin.blPop('reports', 0).then(next => next!.element);
  const app = startExample(t, 'cron', { REDIS_URL: url, EVERY_MS: '20' });

  const first = await untilNext();
  for (let i = 0; i < 10; i++) t.is(await untilNext(), first);
  t.is(await connections(), 1);

  await app.killLeader();
  let next = first;
  // Those that it had made before.
  while (next === first) next = await untilNext();
  for (let i = 0; i < 10; i++) t.is(await untilNext(), next);
  t.true(termOf(next) > termOf(first));
  t.is(await connections(), 1);
});

const termOf = (report: string) => Number(/^term (\d+),/.exec(report)![1]);
