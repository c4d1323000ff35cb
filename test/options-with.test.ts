import test from 'ava';
import { resolveWithOptions, type WithOptions } from '../lib/options/options.js';
import { BAD_FLAGS, BAD_MS, BAD_WORDS, GOOD_FLAGS, GOOD_MS, refuses } from './options-table.js';

const DEFAULTS = {
  timeoutMs: undefined,
  signal: undefined,
  idempotent: undefined,
  oneway: undefined,
  sticky: undefined,
  delivery: 'all',
  maxQueued: undefined,
};

const { signal } = new AbortController();
const polyfill = { aborted: false, addEventListener() {} };

const TABLE: Record<keyof WithOptions, { good: unknown[]; bad: unknown[] }> = {
  timeoutMs: { good: GOOD_MS, bad: BAD_MS },
  signal: {
    good: [signal, AbortSignal.abort(), AbortSignal.timeout(1000), polyfill],
    bad: [
      null,
      true,
      {},
      { aborted: false },
      { aborted: 0, addEventListener() {} },
      { ...polyfill, addEventListener: 1 },
    ],
  },
  idempotent: { good: GOOD_FLAGS, bad: BAD_FLAGS },
  oneway: { good: GOOD_FLAGS, bad: BAD_FLAGS },
  sticky: { good: ['key', '', 0, null, false, { service: 'a' }, ['a', 1], 1n], bad: [] },
  delivery: { good: ['all', 'one'], bad: BAD_WORDS },
  maxQueued: {
    good: [1, 1000, Number.MAX_SAFE_INTEGER],
    bad: [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', 1n, null],
  },
};

test('every option of with() has its default', t => {
  for (const nothing of [undefined, {}, { sticky: undefined }]) {
    t.deepEqual({ ...resolveWithOptions(nothing) }, DEFAULTS as never);
    t.true(Object.isFrozen(resolveWithOptions(nothing)));
  }
  t.deepEqual(Object.keys(TABLE).sort(), Object.keys(DEFAULTS).sort());
});

for (const [option, { good, bad }] of Object.entries(TABLE)) {
  test(`${option} of with() is taken where it is good, and leaves the other options alone`, t => {
    for (const value of good) {
      const { [option as keyof WithOptions]: taken, ...rest } = resolveWithOptions({ [option]: value });
      t.is(taken, value as never);
      t.deepEqual({ ...rest, [option]: undefined }, { ...DEFAULTS, [option]: undefined } as never);
    }
  });

  test(`${option} of with() is refused where it is bad, by its name`, t => {
    for (const value of bad) refuses(t, () => resolveWithOptions({ [option]: value }), `${option} must be`);
    t.pass();
  });
}

test('with() of with() keeps what is not said again', t => {
  const first = resolveWithOptions({ timeoutMs: 5, signal, delivery: 'one' });
  const second = resolveWithOptions({ timeoutMs: 6, signal: undefined, oneway: true }, first);
  t.deepEqual({ ...second }, { ...DEFAULTS, timeoutMs: 6, signal, delivery: 'one', oneway: true } as never);
  t.is(first.timeoutMs, 5);
  t.true(Object.isFrozen(second));
});

test('options of with() are an object of known ones', t => {
  for (const value of [null, 1, 'fast', []])
    refuses(t, () => resolveWithOptions(value as never), 'options must be an object');
  refuses(t, () => resolveWithOptions({ stiky: 1 } as never), '"stiky"', 'did you mean sticky?');
  refuses(t, () => resolveWithOptions({ retries: 1 } as never), 'timeoutMs, signal, idempotent, oneway, sticky');
});
