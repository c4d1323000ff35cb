// `npm run test:matrix [-- LINE ... --ring NAME --had-processes LINE --minutes N]`: the rings of the tests on other lines of
// Node, or those that are named. A line whose rings of processes `npm test` ran on a later release is spared them. Once N
// minutes have passed no ring begins any more, and which ones were left out is said.

import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT } from '../helpers/readme-folder.js';
import { install } from './install.js';

/** The oldest that is supported, and the newest of each line after it. */
const LINES = ['20.19.0', '22', '24', '26'];

/** Other releases of TypeScript: the oldest that is supported, and the one before ours. */
const TYPESCRIPTS = ['5.8', '6.0'];

/**
 * What ava is given. Left out is what runs on one line alone, because it asks nothing of Node that the other tests don't: the
 * simulations, the long chaos, and most recipes.
 */
const RINGS: Readonly<Record<string, readonly string[]>> = {
  'unit and system': ['**/*', '!process/**/*', '!examples/*', '!package/*', '!simulation/*', '!pm2/simulation/*'],
  package: ['--serial', 'package/*'],
  examples: ['--serial', 'examples/redis', 'examples/fastify'],
  'process, alone': ['--serial', 'process/alone/*', '!process/alone/chaos'],
  'process, beside each other': ['--concurrency=3', 'process/*'],
};

const { values, positionals } = parseArgs({
  options: {
    minutes: { type: 'string' },
    ring: { type: 'string', multiple: true },
    'had-processes': { type: 'string', multiple: true },
  },
  allowPositionals: true,
});
const rings = values.ring ?? Object.keys(RINGS);
const unknown = rings.find(ring => !Object.hasOwn(RINGS, ring));
if (unknown !== undefined) throw new Error(`--ring takes ${Object.keys(RINGS).join(', ')}, not ${unknown}`);
const lines = positionals.length > 0 ? positionals : LINES;
const until = Date.now() + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
const { node, compiler } = install(lines, TYPESCRIPTS);
// What takes longest comes last: where time is short each line has had the rest.
const results = rings.flatMap(ring => lines.filter(line => isDue(line, ring)).map(line => runRing(line, ring)));
console.table(results);
process.exitCode = results.some(({ result }) => result === 'failed') ? 1 : 0;

function isDue(line: string, ring: string): boolean {
  return !ring.startsWith('process') || !values['had-processes']?.includes(line);
}

function runRing(line: string, ring: string) {
  const binary = node(line);
  const env = {
    ...process.env,
    // What asks for `node` or npm finds this one too.
    PATH: `${dirname(binary)}${delimiter}${process.env.PATH}`,
    // What a compiler says doesn't depend on the line it runs on: once is enough.
    ...(line === lines[0] && { COMPILERS: TYPESCRIPTS.map(compiler).join(delimiter) }),
  };
  const patterns = RINGS[ring]!.map(pattern => pattern.replace(/^(!?)([^-].*)$/, '$1dist/test/$2.test.js'));
  const ava = join(PROJECT, 'node_modules/ava/entrypoints/cli.mjs');
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim();
  if (Date.now() > until) return { node: version, ring, result: 'left out: no time', seconds: 0 };
  console.log(`\nNode ${version}: ${ring}`);
  const from = Date.now();
  const { status } = spawnSync(binary, [ava, ...patterns], { cwd: PROJECT, env, stdio: 'inherit' });
  return {
    node: version,
    ring,
    result: status === 0 ? 'passed' : 'failed',
    seconds: Math.round((Date.now() - from) / 1000),
  };
}
