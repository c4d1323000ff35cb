// `node dist/test/run.js [LEVEL ...]`: runs levels of the tests by name, or those of `npm test`. The
// first that fails ends the run. They use what `npm run build` made.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { avaArguments } from './ava-arguments.js';
import { PROJECT } from './helpers/readme/folder.js';
import { answers } from './helpers/services/services.js';

/** What ava is given, in the order of `npm test`. */
const LEVELS: Readonly<Record<string, readonly string[]>> = {
  coverage: ['**/*', '!process/**/*', '!examples/*', '!package/*'],
  'process-alone': ['--serial', 'process/alone/*'],
  process: ['--concurrency=3', 'process/*'],
  // One file at a time, whose tests wait side by side.
  examples: ['--concurrency=1', 'examples/*'],
};

/** Those that only run where they are named. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  pm2: ['--serial', 'process/**/pm2*'],
  bounded: ['process/alone/bounded-memory'],
};

const ENVIRONMENT: Readonly<Record<string, object>> = {
  pm2: { PM2_MAJORS: '5,6,7' },
  bounded: { BOUNDED_SECONDS: '30', BOUNDED_MB: '1000' },
};

/** The engines of fleets, with the ports of their servers. */
const ENGINES = { 'nats-engine': 4222, 'postgres-engine': 5432 };

const known = { ...LEVELS, ...MORE };
const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.find(level => !Object.hasOwn(known, level));
if (unknown !== undefined) throw new Error(`The levels are ${Object.keys(known).join(', ')}, not ${unknown}.`);
const levels = positionals.length > 0 ? positionals : Object.keys(LEVELS);
const excluded = await uncovered();
process.exitCode = levels.every(run) ? 0 : 1;

/** Without its server an engine can't be covered. With `REQUIRE_SERVICES=1` its tests fail anyway. */
async function uncovered(): Promise<string[]> {
  const missing = Object.entries(ENGINES).map(async ([file, port]) => ((await answers(port)) ? [] : [file]));
  const files = (await Promise.all(missing)).flat();
  if (files.length > 0) console.log(`Not covered, because their servers are missing: ${files.join(', ')}`);
  return files.flatMap(file => ['--exclude', `dist/lib/engines/${file}.js`, '--exclude', `lib/engines/${file}.ts`]);
}

function run(level: string): boolean {
  console.log(`\n${level}`);
  const tool = (path: string) => join(PROJECT, 'node_modules', path);
  const args = [tool('ava/entrypoints/cli.mjs'), ...avaArguments(known[level]!)];
  const c8 = [tool('c8/bin/c8.js'), '--check-coverage', '--100', ...excluded, process.execPath];
  const env = { ...ENVIRONMENT[level], ...process.env };
  const { status } = spawnSync(process.execPath, level === 'coverage' ? [...c8, ...args] : args, {
    cwd: PROJECT,
    env,
    stdio: 'inherit',
  });
  return status === 0;
}
