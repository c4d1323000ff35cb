// Looks for the first seed that finds each fault put into the library on purpose, from 1 on: `[part of a name]`, `--jobs N`.
// Ends with 1 if one is not found. For the table of them, and for whoever changed the simulator or the library.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { find } from './mutate.js';
import type { Mutation } from './mutation.js';
import { MUTATIONS } from './mutations.js';
import { FIRST_WITH_STREAMS } from './plan.js';

const MOST = 10_000;

const { values, positionals } = parseArgs({
  options: { jobs: { type: 'string', default: String(availableParallelism()) } },
  allowPositionals: true,
});
const [wanted = ''] = positionals;

const left = MUTATIONS.filter(({ name }) => name.includes(wanted));
const rows = new Map<Mutation, string[]>(left.map(mutation => [mutation, []]));

async function work(): Promise<void> {
  for (let mutation = left.shift(); mutation; mutation = left.shift()) {
    const found = await find(mutation, mutation.seed < FIRST_WITH_STREAMS ? 1 : FIRST_WITH_STREAMS, MOST).catch(
      (error: Error) => error,
    );
    const route = mutation.fleet ? 'fleet' : (mutation.route ?? 'relay');
    if (found instanceof Error) rows.set(mutation, [mutation.name, route, found.message, '']);
    else if (found) rows.set(mutation, [mutation.name, route, String(found.seed), found.promise]);
    else rows.set(mutation, [mutation.name, route, `not within ${MOST}`, '']);
    process.stderr.write(`${rows.get(mutation)!.join(', ')}\n`);
    if (!found || found instanceof Error) process.exitCode = 1;
  }
}

await Promise.all(Array.from({ length: Number(values.jobs) }, work));
const table = new Table({
  head: ['fault put into the library', 'route', 'first seed that finds it', 'promise that broke'],
  colAligns: ['left', 'left', 'right', 'left'],
  style: { head: [], border: [] },
});
table.push(...rows.values());
process.stdout.write(`${table.toString()}\n`);
