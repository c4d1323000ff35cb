import test from 'ava';
import { Pump } from '../../lib/leader/pump.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';

/** An iterable whose items, end and failure the test gives; `unsubscribe` and `return` are told. */
function source(given: object = {}) {
  const requests: string[] = [];
  const steps: { resolve(step: IteratorResult<unknown>): void; reject(error: unknown): void }[] = [];
  const iterator = {
    next: () => new Promise<IteratorResult<unknown>>((resolve, reject) => steps.push({ resolve, reject })),
    ...given,
  };
  const received: unknown[] = [];
  const pump = new Pump(new UnitClock(), { [Symbol.asyncIterator]: () => iterator, ...given } as never, {
    value: value => received.push(value),
    ended: error => received.push(error ?? 'ended'),
  });
  return { requests, steps, received, pump };
}

const turn = () => new Promise(resolve => setImmediate(resolve));

test('each item is a value, and the end is told once', async t => {
  const { steps, received, pump } = source();
  pump.start();
  for (const value of [1, 2]) {
    steps.at(-1)!.resolve({ value, done: false });
    await turn();
  }
  steps.at(-1)!.resolve({ value: 3, done: true });
  await turn();
  t.deepEqual(received, [1, 2, 'ended']);
  t.is(pump.end(), undefined);
});

test('what comes after it was ended is nobody’s: an item, the end, an error', async t => {
  for (const last of [{ value: 1, done: false }, { value: 1, done: true }, undefined]) {
    const { steps, received, pump } = source();
    pump.start();
    t.is(pump.end(), undefined, 'there is no return()');
    t.is(pump.end(), undefined);
    if (last) steps[0]!.resolve(last);
    else steps[0]!.reject(new Error('late'));
    await turn();
    t.deepEqual(received, []);
  }
});

test('it is ended by unsubscribe(), else by return(), once', t => {
  for (const name of ['unsubscribe', 'return']) {
    let count = 0;
    const { pump } = source({ [name]: () => ++count });
    pump.start();
    t.is(pump.end(), 1);
    t.is(pump.end(), undefined);
  }
});

test('one that is ended before it starts reads nothing', async t => {
  const { steps, pump, received } = source();
  pump.end();
  pump.start();
  await turn();
  t.is(steps.length, 0);
  t.deepEqual(received, []);
});
