// The README is true: its programs run and print what they say, and its tables say what the code does.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import * as library from '../lib/index.js';
import {
  type ResolvedPrimaryOptions,
  resolveCreateArguments,
  resolveLeaderTask,
  resolvePrimaryOptions,
  resolveWithOptions,
} from '../lib/options.js';
import { createMemoryCluster } from '../lib/testing.js';
import { HELP } from './examples/demo/options.js';
import { compile, makeFolder, PROJECT, type RunOptions, removeFolder, run } from './helpers/readme-folder.js';
import {
  anchorsOf,
  claimsOf,
  codesIn,
  meets,
  readBlocks,
  type Table,
  tablesIn,
  withoutBlocks,
} from './helpers/readme-markdown.js';
import { startRedisServer } from './helpers/services-of-examples.js';

const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
const README = read('README.md');
const BLOCKS = readBlocks(README);

// ------------------------------------------------------------------------------------------------------ programs

interface Program {
  /** Other files of the README that it needs, and whose claims hold for it too. */
  readonly files?: readonly string[];
  /** It is a cluster, which doesn't end by itself: whether it has printed all, once each claim has been met. */
  readonly isDone?: (lines: readonly string[]) => boolean;
  /** Runs as a test of Node's own runner, whose output isn't ours. */
  readonly isTest?: boolean;
  /** Needs a real Redis. */
  readonly redis?: boolean;
}

const CONNECTED = 'connected to registry.example:4000';
const ALL_FOUR = 'worker …: four workers take orders';

const PROGRAMS: Readonly<Record<string, Program>> = {
  'master.js': {
    files: ['worker.js', 'registry.js'],
    // After the kill: four workers again, the new one in the dead one's place.
    isDone: lines =>
      countOf(lines, CONNECTED) === 2 && countOf(lines.slice(lines.lastIndexOf(CONNECTED)), ALL_FOUR) === 4,
  },
  'calls.js': {},
  'subscriptions.js': { files: ['registry.js'] },
  'open.ts': {},
  'redis.ts': { redis: true },
  'methods.js': {},
  'watch.js': {},
  'reports.js': { isDone: lines => lines.length === 2 },
  'operate.js': {
    files: ['worker.js', 'registry.js'],
    isDone: lines => countOf(lines, CONNECTED) === 2,
  },
  'compat.cjs': {},
  // Alone here: a plain process leads by itself.
  'app.js': {
    files: ['registry.js', 'ecosystem.config.cjs'],
    isDone: lines => countOf(lines, 'ready, local') === 1,
  },
  'registry.test.js': { files: ['registry.js'], isTest: true },
};

const countOf = (lines: readonly string[], claim: string) => lines.filter(line => meets(line, claim)).length;

const ALL_CODE = BLOCKS.filter(({ lang }) => lang === 'js' || lang === 'ts' || lang === 'mjs' || lang === 'cjs');
const RECIPE = /^test\/examples\/(\w+)\/app\.ts$/;
const RECIPES = ALL_CODE.filter(({ file = '' }) => RECIPE.test(file));
const CODE = ALL_CODE.filter(block => !RECIPES.includes(block));
const textOf = (file: string) => CODE.find(block => block.file === file)!.text;

let folder = '';

test.before(async () => {
  folder = await makeFolder(CODE.map(({ file = 'unknown.js', text }) => ({ file, text })));
});

test.after.always(() => removeFolder(folder));

test('each block of code has a name of its own and belongs to a program that is run here', t => {
  const known = Object.entries(PROGRAMS).flatMap(([file, { files = [] }]) => [file, ...files]);
  for (const { file, line } of CODE) t.true(file !== undefined && known.includes(file), `line ${line}: ${file}`);
  t.is(new Set(CODE.map(({ file }) => file)).size, CODE.length);
  for (const file of known)
    t.true(
      CODE.some(block => block.file === file),
      `${file} is not in the README`,
    );
});

test.serial('the TypeScript compiles, with the errors that it says it has', async t => {
  t.is(await compile(folder), '');
});

for (const [file, program] of Object.entries(PROGRAMS)) {
  test.serial(`${file} prints what it says`, async t => {
    if (!program.redis) return runProgram(t, file, program);
    const redis = await startRedisServer(t);
    if (redis) await runProgram(t, file, program, { REDIS_URL: redis.url });
  });
}

async function runProgram(t: ExecutionContext, file: string, program: Program, env?: NodeJS.ProcessEnv): Promise<void> {
  const { files = [], isDone, isTest } = program;
  const claims = [file, ...files].flatMap(name => claimsOf(textOf(name)));
  const isMet = (lines: readonly string[]) => claims.every(claim => countOf(lines, claim) > 0);
  const options: RunOptions = { env, until: isDone && (lines => isMet(lines) && isDone(lines)) };
  const script = file.replace(/ts$/, 'js');
  const { lines, stderr, code } = await run(folder, isTest ? ['--test', script] : [script], options);
  t.is(stderr, '');
  t.is(code, isDone ? undefined : 0, lines.join('\n'));
  if (isDone) printsNothingElse(t, lines, claims);
  else if (!isTest) printsExactly(t, lines, claims);
}

/** What several processes print comes in any order, and often. */
function printsNothingElse(t: ExecutionContext, lines: readonly string[], claims: readonly string[]): void {
  for (const line of lines) {
    const isClaimed = claims.some(claim => meets(line, claim));
    t.true(isClaimed, `nothing in the README says: ${line}`);
  }
}

function printsExactly(t: ExecutionContext, lines: readonly string[], claims: readonly string[]): void {
  t.true(claims.length > 0);
  t.is(lines.length, claims.length, lines.join('\n'));
  for (const [i, claim] of claims.entries()) t.true(meets(lines[i]!, claim), `${lines[i]}\nbut should be\n${claim}`);
}

test('each recipe is the app that a test of its own runs, in under 40 lines', t => {
  const apps = readdirSync(join(PROJECT, 'test/examples'), { recursive: true, encoding: 'utf8' })
    .map(path => `test/examples/${path}`)
    .filter(path => RECIPE.test(path));
  same(
    t,
    RECIPES.map(({ file }) => file!),
    apps,
  );
  for (const { file, text } of RECIPES) {
    t.is(text, read(file!));
    t.true(text.split('\n').length <= 40, file);
    const [, name] = RECIPE.exec(file!)!;
    t.true(read(`test/examples/${name}.test.ts`).includes(`startExample(t, '${name}'`));
  }
});

test('each command in a block of shell is one that there is', t => {
  const { scripts } = JSON.parse(read('package.json'));
  const commands = BLOCKS.filter(({ lang }) => lang === 'sh').flatMap(({ text }) => text.trim().split(/\n| && /));
  t.true(commands.length > 0);
  for (const command of commands) {
    const [, name, script] = /^(?:\w+=\S+ )*npm (ci|test|install|run (\S+))/.exec(command) ?? [];
    t.truthy(name, command);
    if (script) t.true(script in scripts, command);
  }
  for (const [, script] of withoutBlocks(README).matchAll(/npm run ([\w:-]+)/g)) t.true(script! in scripts, script);
});

// -------------------------------------------------------------------------------------------------------- tables

class Nothing {}

const DEFAULTS = { eligible: true, drainTimeoutMs: 5000 };

/** The names that a resolver takes: it lists them where it is given one that is like none of them. */
function namesTaken(t: ExecutionContext, resolve: (options: object) => unknown): string[] {
  const error = t.throws(() => resolve({ ['x'.repeat(100)]: 1 }), { instanceOf: library.SharedClientError })!;
  return /the options are (.*)\.$/.exec(error.message)![1]!.split(', ');
}

function tableIn(heading: string, head: string, nth = 0): Table {
  const table = tablesIn(README, heading).filter(table => table.head[0] === head)[nth];
  if (!table) throw new Error(`There is no table of ${head} below ${heading}`);
  return table;
}

const firstCodes = ({ rows }: Table): string[] => rows.flatMap(([first]) => codesIn(first!));

function same(t: ExecutionContext, documented: readonly string[], real: readonly string[]): void {
  t.deepEqual([...documented].sort(), [...real].sort());
}

/** Compares the column of defaults with what the code takes where nothing is given; where that is nothing, prose may stand. */
function sameDefaults(t: ExecutionContext, { rows }: Table, real: Readonly<Record<string, unknown>>): void {
  for (const [name, text] of rows) {
    const [option] = codesIn(name!);
    const value = real[option!];
    if (value === undefined) t.false(/^`.*`$/.test(text!), `${option}: ${text}`);
    else t.deepEqual(defaultIn(text!), value, `${option}: ${text}`);
  }
}

function defaultIn(text: string): unknown {
  const [code] = codesIn(text);
  const [, mebibytes] = /^(\d+) MiB$/.exec(code ?? '') ?? [];
  return mebibytes ? Number(mebibytes) * 1024 * 1024 : JSON.parse((code ?? '').replaceAll("'", '"'));
}

test('the table of setupPrimary() has its options and defaults', t => {
  const table = tableIn('### setupPrimary(options?)', 'option');
  same(t, firstCodes(table), namesTaken(t, resolvePrimaryOptions));
  sameDefaults(t, table, { ...(resolvePrimaryOptions() satisfies ResolvedPrimaryOptions) });
});

const CREATE = '### createSharedClient(Class, options), createSharedClient({ name, open, ...options })';

test('the table of createSharedClient() has the options of both forms, and their defaults', t => {
  const table = tableIn(CREATE, 'option');
  const ofClass = namesTaken(t, options => resolveCreateArguments(Nothing, options, DEFAULTS));
  const ofOpen = namesTaken(t, options => resolveCreateArguments(options, undefined, DEFAULTS));
  same(t, firstCodes(table), [...new Set([...ofClass, ...ofOpen])]);
  const only = (word: string) => table.rows.filter(row => row[2]!.includes(word)).map(([name]) => codesIn(name!)[0]!);
  same(
    t,
    only('Only with a class'),
    ofClass.filter(name => !ofOpen.includes(name)),
  );
  same(
    t,
    only('Only without a class'),
    ofOpen.filter(name => !ofClass.includes(name)),
  );

  const { member, handle } = resolveCreateArguments(Nothing, { name: 'x' }, DEFAULTS);
  const args = member.definition.kind === 'class' ? member.definition.args : undefined;
  const real = { ...member, ...handle, name: undefined, args, methods: Object.fromEntries(member.methods) };
  sameDefaults(t, table, real);
});

test('the default of drainTimeoutMs is what the process says', async t => {
  const client = library.createSharedClient(Nothing, { name: 'readme', alone: true });
  const again = { name: 'readme', alone: true, drainTimeoutMs: DEFAULTS.drainTimeoutMs };
  const same = library.createSharedClient(Nothing, again);
  t.throws(() => library.createSharedClient(Nothing, { ...again, drainTimeoutMs: 4999 }), {
    code: 'ERR_INVALID_OPTION',
  });
  await Promise.all([client.close(), same.close()]);
});

test('the tables of methods have their options and roles', t => {
  const table = tableIn(CREATE, 'option', 1);
  const methods = (said: object) => resolveCreateArguments(Nothing, { name: 'x', methods: { get: said } }, DEFAULTS);
  same(t, firstCodes(table), namesTaken(t, methods));
  sameDefaults(t, table, { idempotent: false });
  const { message } = t.throws(() => methods({ role: 'no role' }))!;
  const roles = [...message.matchAll(/'(\w+)'/g)].map(([role]) => role);
  same(t, firstCodes(tableIn(CREATE, 'role')), roles);
});

test('the table of with() has its options and defaults', t => {
  const table = tableIn('### The handle', 'option');
  same(t, firstCodes(table), namesTaken(t, resolveWithOptions));
  sameDefaults(t, table, { ...resolveWithOptions() });
});

test('the table of codes has them all', t => {
  same(t, firstCodes(tableIn('## Errors', 'code')), Object.keys(library.ERROR_CODES));
});

test('the troubleshooting says of each code why it comes and what to do, and of no other', t => {
  const start = README.indexOf('\n## Troubleshooting\n');
  const chapter = README.slice(start + 1, README.indexOf('\n## ', start + 1));
  const parts = chapter
    .split('\n### ')
    .slice(1)
    .filter(part => part.startsWith('ERR_'));
  same(
    t,
    parts.map(part => part.split('\n')[0]!),
    Object.keys(library.ERROR_CODES),
  );
  for (const part of parts) t.regex(part, /\n- \*\*Why:\*\* .+\n- \*\*What to do:\*\* .+\n/);
});

test('the table of reserved names has them all', t => {
  same(t, firstCodes(tableIn('### The handle', 'name')), library.RESERVED_NAMES);
});

test('the tables of events have them all', t => {
  const membersOf = (path: string, name: string) => {
    const [, body] = new RegExp(`interface ${name} {\n(.*?)\n}`, 's').exec(read(path))!;
    return [...body!.matchAll(/^ {2}(\w+): \[/gm)].map(([, member]) => member!);
  };
  same(t, firstCodes(tableIn('### Primary', 'event')), membersOf('lib/primary-types.ts', 'PrimaryEvents'));
  same(t, firstCodes(tableIn('### The handle', 'event')), membersOf('lib/client/types-events.ts', 'ClientEvents'));
});

test('the table of whileLeader() has its options', t => {
  const table = tableIn('## Leader-only work', 'option');
  same(
    t,
    firstCodes(table),
    namesTaken(t, options => resolveLeaderTask('x', () => {}, options)),
  );
  sameDefaults(t, { ...table, rows: table.rows.slice(0, 2) }, { once: false, drainTimeoutMs: DEFAULTS.drainTimeoutMs });
});

test('the members of statuses and contexts are those that there are', async t => {
  class Asked {
    hasInContext(member: string) {
      return member in library.callContext()!;
    }
  }
  const cluster = createMemoryCluster();
  const primary = cluster.setupPrimary();
  const client = cluster.fork().createSharedClient(Asked, { name: 'x' });
  await client.ready();
  const documented = withoutBlocks(README);
  const { groups, ...rest } = primary.status();
  const task = cluster.fork().whileLeader('x', () => {});
  const { calls, served, failovers } = client.status();
  const error = { name: 'Error', message: 'no' };
  const last = { cause: 'broken', error, fromTerm: 1, toTerm: 2, durationMs: 1 } satisfies library.Failover;
  const all = [groups[0]!, groups[0]!.failovers, rest.workers[0]!, client.status(), calls, served, failovers, last];
  for (const status of [{ groups, ...rest }, task.status(), calls.total, ...all]) {
    const { ended } = status as { ended?: object };
    const members = `{ ${Object.keys(status).join(', ')} }`;
    const list = ended ? members.replace('ended,', `ended: { ${Object.keys(ended).join(', ')} },`) : members;
    t.true(documented.includes(list), list);
  }
  for (const name of firstCodes(tableIn('### callContext()', 'member'))) {
    t.true(await client.hasInContext(name), name);
  }
  cluster.close();
});

test('the tables of the testing library name what there is', t => {
  const [ofCluster, ofWorker] = tablesIn(README, '## Testing your code');
  const cluster = createMemoryCluster();
  const names = (table: Table) =>
    firstCodes(table)
      .map(code => code.replace(/\(.*\)$/, ''))
      .filter(code => !code.startsWith('Symbol.'));
  same(t, names(ofCluster!), Object.keys(cluster));
  const worker = cluster.fork();
  for (const name of names(ofWorker!)) t.true(name in worker, name);
  cluster.close();
});

test('the options of the demo are those that it has', t => {
  const options = firstCodes(tableIn('## Try it', 'option')).map(code => code.split(' ')[0]!);
  same(
    t,
    options,
    [...HELP.matchAll(/--\w+/g)].map(([option]) => option),
  );
});

// ------------------------------------------------------------------------------------------------------ the rest

test('all that the library exports is spoken of', t => {
  for (const name of Object.keys(library)) t.true(README.includes(name), name);
});

test('its links lead to its headings', t => {
  const anchors = anchorsOf(withoutBlocks(README));
  for (const [, anchor] of README.matchAll(/\]\(#([^)]*)\)/g)) t.true(anchors.includes(anchor!), anchor);
});

test('the changelog has the version of the package', t => {
  const { version } = JSON.parse(read('package.json'));
  t.regex(read('CHANGELOG.md'), new RegExp(`^## ${version.replaceAll('.', '\\.')} `, 'm'));
});
