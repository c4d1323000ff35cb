// `node dist/test/matrix/run.js [LINE ... --level NAME]`: levels of the tests on other lines of Node, all of them or those that
// are named. They use what `npm run build` made.

import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { avaArguments } from '../ava-arguments.js';
import { PROJECT } from '../helpers/readme/folder.js';
import { install } from './install.js';

/** The oldest that is supported, and the newest of each line after it. */
const LINES = ['20.19.0', '22', '24', '26'];

/** Other releases of TypeScript: the oldest that is supported, and the one before ours. */
const TYPESCRIPTS = ['5.8', '6.0'];

/**
 * What ava is given. Left out is what asks nothing of Node that the other tests don't: the simulations, the long chaos, and
 * most recipes.
 */
const LEVELS: Readonly<Record<string, readonly string[]>> = {
  package: ['--serial', 'package/*'],
  examples: ['--serial', 'examples/redis', 'examples/fastify'],
  unit: ['**/*', '!process/**/*', '!examples/*', '!package/*', '!simulation/*', '!pm2/simulation/*'],
  'process-alone': ['--serial', 'process/alone/*', '!process/alone/chaos'],
  process: ['--concurrency=3', 'process/*'],
};

const { values, positionals } = parseArgs({
  options: { level: { type: 'string', multiple: true } },
  allowPositionals: true,
});
const levels = values.level ?? Object.keys(LEVELS);
const unknown = levels.find(level => !Object.hasOwn(LEVELS, level));
if (unknown !== undefined) throw new Error(`--level takes ${Object.keys(LEVELS).join(', ')}, not ${unknown}.`);
const lines = positionals.length > 0 ? positionals : LINES;
const { node, compiler } = install(lines, TYPESCRIPTS);
const results = levels.flatMap(level => lines.map(line => run(line, level)));
console.table(results);
process.exitCode = results.some(({ result }) => result === 'failed') ? 1 : 0;

function run(line: string, level: string) {
  const binary = node(line);
  const env = {
    ...process.env,
    // A test that starts `node` or npm uses this one too.
    PATH: `${dirname(binary)}${delimiter}${process.env.PATH}`,
    // The result of a compiler doesn't depend on the line it runs on: once is enough.
    ...(line === lines[0] && { COMPILERS: TYPESCRIPTS.map(compiler).join(delimiter) }),
  };
  const ava = join(PROJECT, 'node_modules/ava/entrypoints/cli.mjs');
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`\nNode ${version}: ${level}`);
  const from = Date.now();
  const { status } = spawnSync(binary, [ava, ...avaArguments(LEVELS[level]!)], { cwd: PROJECT, env, stdio: 'inherit' });
  return {
    node: version,
    level,
    result: status === 0 ? 'passed' : 'failed',
    seconds: Math.round((Date.now() - from) / 1000),
  };
}
