import test from 'ava';
import { configure } from '../lib/configure.js';
import { differingOption, resolveConfigureOptions } from '../lib/options/options.js';
import { isSharedError } from './helpers/pm2/errors.js';

test('what is not said has its default', t => {
  t.deepEqual(
    { ...resolveConfigureOptions() },
    {
      heartbeatMs: 500,
      leaderTimeoutMs: 3000,
      hungLeader: 'depose',
      busData: false,
      chooseLeader: undefined,
      maxQueuedBytes: 64 * 2 ** 20,
      maxQueuedTotalBytes: 256 * 2 ** 20,
      metrics: true,
    },
  );
});

test('rules between options hold as for the primary', t => {
  t.throws(
    () => resolveConfigureOptions({ heartbeatMs: 100, leaderTimeoutMs: 299 }),
    isSharedError('ERR_INVALID_OPTION', /300/),
  );
  t.throws(() => resolveConfigureOptions({ route: 'relay' } as never), isSharedError('ERR_INVALID_OPTION', /route/));
  t.throws(
    () => resolveConfigureOptions({ hungLeader: 'kill' } as never),
    isSharedError('ERR_INVALID_OPTION', /hungLeader/),
  );
});

test('the first option that differs is named', t => {
  const first = resolveConfigureOptions();
  t.is(differingOption(first, resolveConfigureOptions({ metrics: false })), 'metrics');
  t.is(differingOption(first, resolveConfigureOptions({ hungLeader: 'depose' })), undefined);
});

test('outside of PM2 options are checked, and nothing else happens', t => {
  configure({ heartbeatMs: 10, leaderTimeoutMs: 30 });
  configure({ heartbeatMs: 20, leaderTimeoutMs: 60 });
  t.throws(() => configure({ heartbeatMs: 0 }), isSharedError('ERR_INVALID_OPTION', /heartbeatMs/));
});
