import test from 'ava';
import { findByTest } from './build.js';
import { FAULTS } from './faults.js';

for (const fault of FAULTS) {
  test.serial(`a test notices when ${fault.name}`, async t => {
    t.log(`"${fault.title}" ${await findByTest(fault)}`);
    t.pass();
  });
}
