import test from 'ava';
import { startExample } from '../helpers/examples/example.js';
import { freePort } from '../helpers/services/process.js';

/** The value of a line such as `calls{outcome="ok"} 40`. */
const valueIn = (text: string, line: string) =>
  Number(
    text
      .split('\n')
      .find(each => each.startsWith(line))
      ?.split(' ')
      .at(-1),
  );

test('Prometheus reads the calls of all workers and the failovers of the primary', async t => {
  const port = await freePort();
  const app = startExample(t, 'prometheus', { PORT: `${port}` });
  const scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await app.untilWorkersSay('has called');
  const before = await scrape();
  t.is(valueIn(before, 'calls{outcome="ok"}'), 40);
  t.is(valueIn(before, 'calls{outcome="ERR_UNKNOWN_METHOD"}'), 4);
  t.is(valueIn(before, 'call_seconds_count'), 44);
  t.is(valueIn(before, 'call_seconds_bucket{le="+Inf"}'), 44);
  t.true(valueIn(before, 'call_seconds_sum') > 0);
  t.true(valueIn(before, 'call_seconds_bucket{le="0.000125"}') <= valueIn(before, 'call_seconds_bucket{le="32.768"}'));
  t.regex(before, /^# TYPE call_seconds histogram$/m);
  t.false(before.includes('failovers{'));

  await app.killLeader();
  const after = await scrape();
  t.is(valueIn(after, 'failovers{cause="exited"}'), 1);
  // What the dead worker had counted is gone with it.
  t.is(valueIn(after, 'calls{outcome="ok"}'), 30);
});
