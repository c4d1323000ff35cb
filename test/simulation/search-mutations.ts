// Looks for the first seed that finds each mutation, from 1 on: for whoever changed the simulator or the library.

import { find } from './mutate.js';
import { MUTATIONS } from './mutations.js';

const MOST = 10_000;
const [wanted = ''] = process.argv.slice(2);

for (const mutation of MUTATIONS) {
  if (!mutation.name.includes(wanted)) continue;
  const found = await find(mutation, 1, MOST).catch((error: Error) => error);
  const text =
    found instanceof Error ? found.message : found ? `seed ${found.seed}, "${found.promise}"` : `not within ${MOST}`;
  process.stdout.write(`${mutation.name}: ${text}\n`);
}
