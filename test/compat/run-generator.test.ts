import test from 'ava';
import { isGeneratorFunction, runGenerator } from '../../lib/compat/run-generator.js';

const run = (body: () => Generator) => runGenerator(body());

test('a generator function is known by its kind', t => {
  t.true(isGeneratorFunction(function* () {}));
  for (const other of [
    () => {},
    async () => {},
    async function* () {},
    {},
    undefined,
    Object.assign(() => {}, { constructor: undefined }),
  ])
    t.false(isGeneratorFunction(other));
});

test('what is yielded is waited for', async t => {
  const result = await run(function* (): Generator {
    const seen: unknown[] = [];
    seen.push(yield Promise.resolve(1));
    seen.push(yield (done: (...results: unknown[]) => void) => setImmediate(done, null, 2));
    seen.push(yield (done: (...results: unknown[]) => void) => done(null, 2, 3));
    seen.push(yield* inner());
    seen.push(yield inner());
    seen.push(yield inner);
    seen.push(yield [Promise.resolve(4), 5, [inner]]);
    seen.push(yield { six: Promise.resolve(6), seven: 7, eight: inner() });
    return seen;
  });
  t.deepEqual(result, [
    1,
    2,
    [2, 3],
    'inner',
    'inner',
    'inner',
    [4, 5, ['inner']],
    { six: 6, seven: 7, eight: 'inner' },
  ]);
});

function* inner(): Generator<unknown, string> {
  yield Promise.resolve();
  return 'inner';
}

test('an error is thrown where it was yielded, and can be caught there', async t => {
  const result = await run(function* (): Generator {
    try {
      yield Promise.reject(new Error('of a promise'));
    } catch (error) {
      return (error as Error).message;
    }
  });
  t.is(result, 'of a promise');
  const failing = run(function* () {
    yield (done: (error: Error) => void) => done(new RangeError('of a thunk'));
  });
  await t.throwsAsync(failing, { instanceOf: RangeError });
  const throwing = run(function* () {
    yield Promise.resolve();
    throw new SyntaxError('its own');
  });
  await t.throwsAsync(throwing, { instanceOf: SyntaxError });
});

test('what can not be waited for is refused', async t => {
  for (const value of [1, undefined, null, 'text', new Date()]) {
    const running = run(function* () {
      yield value;
    });
    await t.throwsAsync(running, { instanceOf: TypeError, message: /can be yielded/ });
  }
});
