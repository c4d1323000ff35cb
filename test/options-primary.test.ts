import test from 'ava';
import { differingPrimaryOption, type PrimaryOptions, resolvePrimaryOptions } from '../lib/options/options.js';
import { BAD_FUNCTIONS, BAD_MS, BAD_WORDS, GOOD_MS, LONGEST_MS, refuses } from './options-table.js';

const MIB = 1024 * 1024;
const GOOD_BYTES = [1, 1.5, 64 * MIB, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY];
const BAD_BYTES = [0, 0.5, -1, Number.NaN, '64', 64n, null];

const DEFAULTS = {
  heartbeatMs: 500,
  leaderTimeoutMs: 3000,
  hungLeader: 'depose',
  chooseLeader: undefined,
  serialization: undefined,
  route: 'relay',
  maxQueuedBytes: 64 * MIB,
  maxQueuedTotalBytes: 256 * MIB,
};

const TABLE: Record<keyof PrimaryOptions, { good: unknown[]; bad: unknown[]; beside?: PrimaryOptions }> = {
  heartbeatMs: { good: GOOD_MS, bad: BAD_MS, beside: { leaderTimeoutMs: Number.POSITIVE_INFINITY } },
  leaderTimeoutMs: { good: [3, 4.5, LONGEST_MS, Number.POSITIVE_INFINITY], bad: BAD_MS, beside: { heartbeatMs: 1 } },
  hungLeader: { good: ['depose', 'kill'], bad: BAD_WORDS },
  chooseLeader: { good: [() => ({}), (candidates: unknown[]) => candidates[0]], bad: BAD_FUNCTIONS },
  serialization: { good: ['json', 'advanced'], bad: BAD_WORDS },
  route: { good: ['relay', 'direct'], bad: BAD_WORDS },
  maxQueuedBytes: { good: GOOD_BYTES, bad: BAD_BYTES },
  maxQueuedTotalBytes: { good: GOOD_BYTES, bad: BAD_BYTES },
};

test('every option of the primary has its default', t => {
  for (const nothing of [undefined, {}, { route: undefined }]) {
    const options = resolvePrimaryOptions(nothing);
    t.deepEqual({ ...options }, DEFAULTS as never);
    t.true(Object.isFrozen(options));
  }
  t.deepEqual(Object.keys(TABLE).sort(), Object.keys(DEFAULTS).sort());
});

for (const [option, { good, bad, beside }] of Object.entries(TABLE)) {
  test(`${option} is taken where it is good, and leaves the other options alone`, t => {
    for (const value of good) {
      const options = resolvePrimaryOptions({ ...beside, [option]: value });
      t.deepEqual({ ...options }, { ...DEFAULTS, ...beside, [option]: value } as never);
    }
  });

  test(`${option} is refused where it is bad, by its name`, t => {
    for (const value of bad)
      refuses(t, () => resolvePrimaryOptions({ ...beside, [option]: value }), `${option} must be`);
  });
}

test('an error says what was expected and what came', t => {
  refuses(t, () => resolvePrimaryOptions({ route: 'tunnel' as never }), "'relay' or 'direct'", '"tunnel"');
  refuses(t, () => resolvePrimaryOptions({ heartbeatMs: 0 }), 'milliseconds from 1 to 2147483647, or Infinity', 'is 0');
});

test('the leader gets at least three heartbeats', t => {
  t.is(resolvePrimaryOptions({ heartbeatMs: 1000 }).leaderTimeoutMs, 3000);
  refuses(t, () => resolvePrimaryOptions({ heartbeatMs: 1001 }), 'leaderTimeoutMs', '3003', '3000');
  refuses(t, () => resolvePrimaryOptions({ leaderTimeoutMs: 1499 }), 'leaderTimeoutMs', '1500', '1499');
});

test('options of the primary are an object', t => {
  for (const value of [null, 1, 'fast', [], () => {}]) {
    refuses(t, () => resolvePrimaryOptions(value as never), 'options must be an object');
  }
});

test('an unknown option is refused, and what it was meant to be is named', t => {
  const refusesKey = (key: string, ...words: string[]) =>
    refuses(t, () => resolvePrimaryOptions({ [key]: 1 } as never), JSON.stringify(key), ...words);
  refusesKey('hearbeatMs', 'did you mean heartbeatMs?');
  refusesKey('leadertimeout', 'did you mean leaderTimeoutMs?');
  refusesKey('maxQueuedToBytes', 'did you mean maxQueuedBytes or maxQueuedTotalBytes?');
  refusesKey('x'.repeat(20), 'the options are heartbeatMs, leaderTimeoutMs, hungLeader');
  refuses(t, () => resolvePrimaryOptions({ ['y'.repeat(100_000)]: 1 } as never), 'the options are');
  refusesKey('toString', 'the options are');
  refuses(t, () => resolvePrimaryOptions(JSON.parse('{"__proto__":1}')), '__proto__');
});

test('a later setup differs only in what it says', t => {
  const first = resolvePrimaryOptions({ heartbeatMs: 1500, leaderTimeoutMs: 6000, route: 'direct' });
  for (const same of [undefined, {}, { heartbeatMs: 1500 }, { route: 'direct', hungLeader: undefined }] as const) {
    t.is(differingPrimaryOption(first, same), undefined);
  }
  t.is(differingPrimaryOption(first, { route: 'relay' }), 'route');
  t.is(differingPrimaryOption(first, { maxQueuedBytes: 1, heartbeatMs: 1 }), 'heartbeatMs');
  t.is(differingPrimaryOption(first, { chooseLeader: ([candidate]) => candidate! }), 'chooseLeader');
});

test('a later setup says nothing that no setup may say', t => {
  const first = resolvePrimaryOptions();
  refuses(t, () => differingPrimaryOption(first, { route: 'tunnel' as never }), 'route');
  refuses(t, () => differingPrimaryOption(first, { ruote: 'relay' } as never), 'did you mean route?');
});
