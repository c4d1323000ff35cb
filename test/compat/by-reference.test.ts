import test from 'ava';
import { holdCall, releaseCall, runHeld } from '../../lib/compat/by-reference.js';

test('a call whose caller has given up does not run', async t => {
  const number = holdCall({ args: ['a'] });
  const run = (args: unknown[], pack: (results: unknown[]) => unknown) => pack(args);
  t.is(await runHeld(number, run), 'a');
  releaseCall(number);
  t.is(await runHeld(number, run), undefined);
});

test('its results and its error are kept, and only a primitive result travels', async t => {
  const object = {};
  const call = { args: [object, 2], results: undefined, error: undefined };
  const number = holdCall(call);
  t.is(await runHeld(number, (args, pack) => pack(args)), undefined);
  t.deepEqual(call.results, [object, 2] as never);
  const error = new Error('refused');
  await t.throwsAsync(
    runHeld(number, () => Promise.reject(error)),
    { is: error },
  );
  t.is((call.error as { value: unknown } | undefined)?.value, error);
  releaseCall(number);
});
