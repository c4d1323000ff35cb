// `npm run test:matrix [-- LINE ... --ring NAME --minutes N]`: the rings of the tests on other lines of Node, or those that
// are named. Once N minutes have passed no ring begins any more, and which ones were left out is said: so what is short
// comes first, and at the end what `npm test` runs on the Node at hand, which is of the same line.

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
  package: ['--serial', 'package/*'],
  examples: ['--serial', 'examples/redis', 'examples/fastify'],
  'unit and system': ['**/*', '!process/**/*', '!examples/*', '!package/*', '!simulation/*', '!pm2/simulation/*'],
  'process, alone': ['--serial', 'process/alone/*', '!process/alone/chaos'],
  'process, beside each other': ['--concurrency=3', 'process/*'],
};

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string' }, ring: { type: 'string', multiple: true } },
  allowPositionals: true,
});
const rings = values.ring ?? Object.keys(RINGS);
const unknown = rings.find(ring => !Object.hasOwn(RINGS, ring));
if (unknown !== undefined) throw new Error(`--ring takes ${Object.keys(RINGS).join(', ')}, not ${unknown}`);
const lines = positionals.length > 0 ? positionals : LINES;
const until = Date.now() + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
const { node, compiler } = install(lines, TYPESCRIPTS);
const due = rings.flatMap(ring => lines.map(line => ({ line, ring, isLast: isAtHand(line, ring) })));
due.sort((a, b) => Number(a.isLast) - Number(b.isLast));
const results = due.map(({ line, ring }) => runRing(line, ring));
console.table(results);
process.exitCode = results.some(({ result }) => result === 'failed') ? 1 : 0;

/** Whether it takes long, and `npm test` runs it on a release of this line. */
function isAtHand(line: string, ring: string): boolean {
  const [major] = process.versions.node.split('.');
  return line.split('.')[0] === major && ring !== 'package' && ring !== 'examples';
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
