import test from 'ava';
import { find } from './mutate.js';
import { MUTATIONS } from './mutations.js';

/** From its seed on; another change of the library may have moved it a little. */
const SEEDS = 400;

for (const mutation of MUTATIONS) {
  test.serial(`the simulator notices when ${mutation.name}`, async t => {
    const found = await find(mutation, mutation.seed, SEEDS);
    t.truthy(found, `not found by ${SEEDS} seeds from ${mutation.seed} on; run search-mutations.js`);
    t.log(`seed ${found?.seed}: "${found?.promise}"`);
  });
}
