// The documentation is true: its programs run and print what they say, its tables match the code, and its links lead somewhere.

import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import * as library from '../lib/index.js';
import {
  type ResolvedPrimaryOptions,
  resolveCreateArguments,
  resolveLeaderTask,
  resolvePrimaryOptions,
  resolveWithOptions,
} from '../lib/options/options.js';
import { createMemoryCluster } from '../lib/testing.js';
import { HELP } from './examples/demo/options.js';
import { createDatabase, startNats } from './helpers/fleet/servers.js';
import { compile, makeFolder, PROJECT, type RunOptions, removeFolder, run } from './helpers/readme/folder.js';
import {
  claimsOf,
  codesIn,
  meets,
  readBlocks,
  type Table,
  tablesIn,
  withoutBlocks,
} from './helpers/readme/markdown.js';
import { FRONT_PAGE, linksIn, problemOf, readPages } from './helpers/readme/pages.js';
import { startRedisServer } from './helpers/services/of-examples.js';

const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
const PAGES = readPages();
const BLOCKS = [...PAGES].flatMap(([page, text]) => readBlocks(text).map(block => ({ ...block, page })));
/** The prose of all pages. */
const PROSE = [...PAGES.values()].map(withoutBlocks).join('\n');

/** Longer than this, nobody reads it. */
const FRONT_PAGE_LINES = 350;

// ------------------------------------------------------------------------------------------------------ programs

interface Program {
  /** Other files of the pages that it needs, and whose claims hold for it too. */
  readonly files?: readonly string[];
  /** It is a cluster, which doesn't end by itself: whether it has printed all, once each claim has been met. */
  readonly isDone?: (lines: readonly string[]) => boolean;
  /** Runs as a test of Node's own runner, whose output isn't ours. */
  readonly isTest?: boolean;
  /** The real server that it needs. */
  readonly server?: 'redis' | 'nats' | 'postgres';
}

const CONNECTED = 'connected to registry.example:4000';
const ALL_FOUR = 'worker …: four workers take orders';

const PROGRAMS: Readonly<Record<string, Program>> = {
  'redis.js': { server: 'redis', isDone: lines => lines.length >= 4 },
  'main.js': {
    files: ['registry.js'],
    // After the kill: four workers again, the new one in the killed one's place.
    isDone: lines =>
      countOf(lines, CONNECTED) === 2 && countOf(lines.slice(lines.lastIndexOf(CONNECTED)), ALL_FOUR) === 4,
  },
  'brief.js': { files: ['registry.js'] },
  'calls.js': {},
  'subscriptions.js': { files: ['registry.js'] },
  'open.ts': {},
  'methods.js': {},
  'operations.ts': {},
  'streams.ts': {},
  'types.js': {},
  'watch.js': {},
  'reports.js': { isDone: lines => lines.length === 2 },
  'operate.js': {
    files: ['main.js', 'registry.js'],
    isDone: lines => countOf(lines, CONNECTED) === 2,
  },
  'compat.cjs': {},
  // Alone here: a plain process leads by itself.
  'app.js': {
    files: ['registry.js', 'ecosystem.config.cjs'],
    isDone: lines => countOf(lines, 'ready, local') === 1,
  },
  'nightly.js': { server: 'nats', isDone: lines => lines.length === 1 },
  'leader.js': { server: 'postgres', isDone: lines => lines.length === 1 },
  'prices.js': { server: 'nats', isDone: lines => lines.length === 1 },
  'warned.js': {},
  'registry.test.js': { files: ['registry.js'], isTest: true },
};

const countOf = (lines: readonly string[], claim: string) => lines.filter(line => meets(line, claim)).length;

const CODE = BLOCKS.filter(({ lang }) => lang === 'js' || lang === 'ts' || lang === 'mjs' || lang === 'cjs');
const textOf = (file: string) => CODE.find(block => block.file === file)!.text;

let folder = '';

test.before(async () => {
  folder = await makeFolder(CODE.map(({ file = 'unknown.js', text }) => ({ file, text })));
});

test.after.always(() => removeFolder(folder));

test('each block of code has a name of its own and belongs to a program that is run here', t => {
  const known = Object.entries(PROGRAMS).flatMap(([file, { files = [] }]) => [file, ...files]);
  for (const { file, line, page } of CODE)
    t.true(file !== undefined && known.includes(file), `${page}, line ${line}: ${file}`);
  t.is(new Set(CODE.map(({ file }) => file)).size, CODE.length);
  for (const file of known)
    t.true(
      CODE.some(block => block.file === file),
      `${file} is on no page`,
    );
});

test.serial('the TypeScript compiles, with the errors that it says it has', async t => {
  t.is(await compile(folder), '');
});

for (const [file, program] of Object.entries(PROGRAMS)) {
  test.serial(`${file} prints what it says`, async t => {
    const env = program.server ? await SERVERS[program.server](t) : {};
    if (env) await runProgram(t, file, program, env);
  });
}

/** The variables by which programs find them; undefined if the server is missing, which has been said. */
const SERVERS: Readonly<
  Record<NonNullable<Program['server']>, (t: ExecutionContext) => Promise<NodeJS.ProcessEnv | undefined>>
> = {
  async redis(t) {
    const redis = await startRedisServer(t);
    return redis && { REDIS_URL: redis.url };
  },
  async nats(t) {
    const server = await startNats(t);
    return server === undefined ? undefined : { NATS_URL: server };
  },
  async postgres(t) {
    const url = await createDatabase(t);
    return url === undefined ? undefined : { DATABASE_URL: url };
  },
};

test.serial('of three processes that run nightly.js one makes the reports; when it ends, another does', async t => {
  const server = await startNats(t);
  if (!server) return;
  const terms: string[] = [];
  const running = new Set<ChildProcess>();
  const printed = new EventEmitter();
  for (let i = 0; i < 3; i++) {
    const child = spawn(process.execPath, ['nightly.js'], {
      cwd: folder,
      env: { ...process.env, NATS_URL: server },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    createInterface({ input: child.stdout! }).on('line', line => {
      terms.push(line);
      printed.emit('line', child);
    });
  }
  t.teardown(async () => {
    const all = [...running];
    const gone = Promise.all(all.map(child => once(child, 'exit')));
    for (const child of all) child.kill('SIGKILL');
    await gone;
  });
  for (let count = 1; count <= 3; count++) {
    const [child] = (await once(printed, 'line')) as [ChildProcess];
    t.is(terms.length, count);
    t.true(running.has(child));
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    if (count === 3) await gone;
  }
  t.deepEqual(terms, [...terms].sort());
});

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
    t.true(isClaimed, `no page says: ${line}`);
  }
}

function printsExactly(t: ExecutionContext, lines: readonly string[], claims: readonly string[]): void {
  t.true(claims.length > 0);
  t.is(lines.length, claims.length, lines.join('\n'));
  for (const [i, claim] of claims.entries()) t.true(meets(lines[i]!, claim), `${lines[i]}\nbut should be\n${claim}`);
}

test('each recipe is an app of at most 40 lines, which a test of its own runs', t => {
  const isRecipe = (path: string) => /^test\/examples\/\w+\/app\.ts$/.test(path);
  const apps = readdirSync(join(PROJECT, 'test/examples'), { recursive: true, encoding: 'utf8' })
    .map(path => `test/examples/${path}`)
    .filter(isRecipe);
  const page = 'test/examples/README.md';
  const linked = linksIn(page, PAGES.get(page)!).map(({ path }) => path);
  same(t, linked.filter(isRecipe), apps);
  for (const app of apps) {
    t.true(read(app).split('\n').length <= 40, app);
    const [, , name] = app.split('/');
    const tested = read(`test/examples/${name}.test.ts`);
    t.true(
      [`startExample(t, '${name}'`, `testRecipe({\n  name: '${name}'`].some(start => tested.includes(start)),
      name,
    );
  }
});

test('each command in a block of shell exists', t => {
  const { scripts } = JSON.parse(read('package.json'));
  const commands = BLOCKS.filter(({ lang }) => lang === 'sh').flatMap(({ text }) => text.trim().split(/\n| && /));
  t.true(commands.length > 0);
  for (const command of commands) {
    const [, name, script] = /^(?:\w+=\S+ )*npm (ci|test|install|init|pkg|run (\S+))/.exec(command) ?? [];
    t.truthy(name, command);
    if (script) t.true(script in scripts, command);
  }
  for (const [, script] of PROSE.matchAll(/npm run ([\w:-]+)/g)) t.true(script! in scripts, script);
  for (const [, program] of PROSE.matchAll(/node dist\/([\w/-]+)\.js/g)) t.true(existsSync(`${program}.ts`), program);
});

// -------------------------------------------------------------------------------------------------------- tables

const CLIENT = 'lib/client/README.md';
const ERRORS = 'lib/errors/README.md';
const OPTIONS = 'lib/options/README.md';

class Nothing {}

const DEFAULTS = { eligible: true, drainTimeoutMs: 5000 };

/** The names that a resolver takes: it lists them where it is given one that is like none of them. */
function namesTaken(t: ExecutionContext, resolve: (options: object) => unknown): string[] {
  const error = t.throws(() => resolve({ ['x'.repeat(100)]: 1 }), { instanceOf: library.SharedClientError })!;
  return /the options are (.*)\.$/.exec(error.message)![1]!.split(', ');
}

function tableIn(page: string, heading: string, head: string): Table {
  const table = tablesIn(PAGES.get(page)!, heading).find(table => table.head[0] === head);
  if (!table) throw new Error(`There is no table of ${head} below ${heading} in ${page}`);
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
  const table = tableIn(OPTIONS, '## setupPrimary', 'option');
  same(t, firstCodes(table), namesTaken(t, resolvePrimaryOptions));
  sameDefaults(t, table, { ...(resolvePrimaryOptions() satisfies ResolvedPrimaryOptions) });
});

test('the table of createSharedClient() has the options of both forms, and their defaults', t => {
  const table = tableIn(OPTIONS, '## createSharedClient', 'option');
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
  const real = { ...member, ...handle, name: undefined, args, methods: {}, operations: {} };
  sameDefaults(t, table, real);
});

test('the default of drainTimeoutMs is what the process says', async t => {
  const client = library.createSharedClient(Nothing, { name: 'readme', standalone: true });
  const again = { name: 'readme', standalone: true, drainTimeoutMs: DEFAULTS.drainTimeoutMs };
  const same = library.createSharedClient(Nothing, again);
  t.throws(() => library.createSharedClient(Nothing, { ...again, drainTimeoutMs: 4999 }), {
    code: 'ERR_INVALID_OPTION',
  });
  await Promise.all([client.close(), same.close()]);
});

test('the tables of methods have their options and roles', t => {
  const table = tableIn(OPTIONS, '## methods', 'option');
  const methods = (said: object) => resolveCreateArguments(Nothing, { name: 'x', methods: { get: said } }, DEFAULTS);
  same(t, firstCodes(table), namesTaken(t, methods));
  sameDefaults(t, table, { idempotent: false, callback: false });
  const { message } = t.throws(() => methods({ role: 'no role' }))!;
  const roles = [...message.matchAll(/'(\w+)'/g)].map(([role]) => role);
  same(t, firstCodes(tableIn(OPTIONS, '## methods', 'role')), roles);
});

test('the table of with() has its options and defaults', t => {
  const table = tableIn(OPTIONS, '## with', 'option');
  same(t, firstCodes(table), namesTaken(t, resolveWithOptions));
  sameDefaults(t, table, { ...resolveWithOptions() });
});

test('the tables of codes have them all, on the front page too', t => {
  same(t, firstCodes(tableIn(ERRORS, '## Codes', 'code')), Object.keys(library.ERROR_CODES));
  same(t, firstCodes(tableIn(FRONT_PAGE, '## Error codes', 'code')), Object.keys(library.ERROR_CODES));
});

test('the troubleshooting says of each code why it comes and what to do, and of no other', t => {
  const page = PAGES.get(ERRORS)!;
  const start = page.indexOf('\n## Troubleshooting\n');
  const chapter = page.slice(start + 1, page.indexOf('\n## ', start + 1));
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
  same(t, firstCodes(tableIn(CLIENT, '## The handle', 'name')), library.RESERVED_NAMES);
});

test('the tables of events have them all', t => {
  const membersOf = (path: string, name: string) => {
    const [, body] = new RegExp(`interface ${name} {\n(.*?)\n}`, 's').exec(read(path))!;
    return [...body!.matchAll(/^ {2}(\w+): \[/gm)].map(([, member]) => member!);
  };
  same(
    t,
    firstCodes(tableIn('lib/router/README.md', '## Primary', 'event')),
    membersOf('lib/router/primary-types.ts', 'PrimaryEvents'),
  );
  same(
    t,
    firstCodes(tableIn(CLIENT, '## The handle', 'event')),
    membersOf('lib/client/types-events.ts', 'ClientEvents'),
  );
});

test('the table of whileLeader() has its options', t => {
  const table = tableIn(OPTIONS, '## whileLeader', 'option');
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
    t.true(PROSE.includes(list), list);
  }
  for (const name of firstCodes(tableIn('lib/leader/README.md', '## callContext()', 'member'))) {
    t.true(await client.hasInContext(name), name);
  }
  cluster.close();
});

test('the tables of the testing library name what there is', t => {
  const [ofCluster, ofWorker] = tablesIn(PAGES.get('lib/transport/README.md')!, '# Testing your code');
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
  const options = firstCodes(tableIn('test/examples/README.md', '## The demo', 'option')).map(
    code => code.split(' ')[0]!,
  );
  same(
    t,
    options,
    [...HELP.matchAll(/--\w+/g)].map(([option]) => option),
  );
});

// ------------------------------------------------------------------------------------------------------ the rest

test('all that the library exports is documented', t => {
  for (const name of Object.keys(library)) t.true(PROSE.includes(name), name);
});

test('the map of lib/ has each folder of it', t => {
  const folders = readdirSync(join(PROJECT, 'lib'), { withFileTypes: true }).filter(entry => entry.isDirectory());
  same(
    t,
    firstCodes(tableIn('lib/README.md', '## Folders', 'folder')),
    folders.map(({ name }) => `${name}/`),
  );
});

test('the front page can be read in one go, and links to every other page', t => {
  const text = PAGES.get(FRONT_PAGE)!;
  const lines = text.trimEnd().split('\n').length;
  t.true(lines <= FRONT_PAGE_LINES, `${lines} lines`);
  const linked = linksIn(FRONT_PAGE, text).map(({ path }) => path);
  for (const page of PAGES.keys()) if (page !== FRONT_PAGE) t.true(linked.includes(page), page);
});

test('each relative link leads to a file, and to a heading of it', t => {
  for (const [page, text] of PAGES) {
    for (const link of linksIn(page, text)) t.is(problemOf(link), undefined, `${page}: ${link.text}`);
  }
});

test('a broken link would be found', t => {
  const problems = linksIn(
    'lib/README.md',
    '[a](no.md) [b](../README.md#no) [c](#no) [d](../README.md) [e](https://no)',
  ).map(problemOf);
  const [file, heading] = ['there is no such file', 'there is no such heading'];
  t.deepEqual(problems, [file, heading, heading, undefined]);
});

test('the changelog has the version of the package', t => {
  const { version } = JSON.parse(read('package.json'));
  t.regex(read('CHANGELOG.md'), new RegExp(`^## ${version.replaceAll('.', '\\.')} `, 'm'));
});
