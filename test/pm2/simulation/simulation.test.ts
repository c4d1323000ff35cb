// The log under every schedule of mishaps that chance comes up with, and faults in the library that it has to find.

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { AIMED, HANDED, LEFT, search } from './run.js';

/** Those that once broke something come first. */
const REGRESSIONS = [1086, 1128, 2_700_143, 2_900_034, 2_900_410];
const SEEDS = 40;

test.serial(
  'every schedule keeps one lease, one state and growing terms, settles each transfer, and ends with one leader',
  async t => {
    for (const seed of REGRESSIONS) t.is(await search(seed, 1), undefined);
    for (const first of [1, AIMED + 1, HANDED + 1, LEFT + 1]) {
      const found = await search(first, SEEDS);
      t.is(found?.error.message, undefined, `seed ${found?.seed}`);
    }
  },
);

/** Changes of one place in what was compiled. */
interface Fault {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The first of the 100 seeds that have to find it. @default 1 */
  readonly first?: number;
}

const FAULTS: readonly Fault[] = [
  {
    name: "a term is the daemon's clock alone",
    file: 'group/draft.js',
    find: 'Math.max(this.state.lastTerm + 1, Math.trunc(this.now))',
    replace: 'Math.trunc(this.now / 1000)',
  },
  {
    name: 'signs of life of a leader do not count',
    file: 'pm2/watch.js',
    find: 'this.#seenAt.set(id, this.#running.now());',
    replace: '',
  },
  {
    name: 'a new worker begins a state without having been told of one',
    file: 'pm2/state-sync.js',
    find: 'if (!allAreWithout && !isQuiet)',
    replace: 'if (false)',
  },
  {
    name: 'a gap in the log is read over',
    file: 'pm2/view.js',
    find: 'loseConnection = ({ me }) => newView(me)',
    replace: 'loseConnection = view => view',
  },
  {
    name: 'a new worker forgets what came after its question',
    file: 'pm2/view.js',
    find: 'view.kept.reduce(',
    replace: '[].reduce(',
  },
  {
    name: 'a lease runs from when its heartbeat was read',
    file: 'member/lease.js',
    find: 'this.#until = since +',
    replace: 'this.#until = this.#clock.now() +',
    first: AIMED + 1,
  },
  {
    name: 'a claim counts although its leader spoke again before it',
    file: 'pm2/read-log.js',
    find: 'silent === id || peers[silent].seen !== seen',
    replace: 'silent === id',
    first: AIMED + 200,
  },
  {
    name: 'a hand-over waits for a candidate that is gone',
    file: 'group/hand-over.js',
    find: 'if (at.successor)\n        return;',
    replace: 'if (at)\n        return;',
    first: LEFT + 1,
  },
];

const BUILD = fileURLToPath(new URL('../../..', import.meta.url));
const NODE_MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

/** What 100 seeds say of a library with a fault. */
async function runWith({ file, find, replace, first = 1 }: Fault): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'csc-fault-'));
  try {
    const isCode = (path: string) => !/\.(map|d\.ts|test\.js)$/.test(path);
    for (const part of ['lib', 'test/pm2/simulation', 'test/simulation/time.js', 'test/helpers'])
      await cp(join(BUILD, part), join(directory, part), { recursive: true, filter: isCode });
    await symlink(NODE_MODULES, join(directory, 'node_modules'));
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
    const path = join(directory, 'lib', file);
    const code = await readFile(path, 'utf8');
    if (code.split(find).length !== 2) throw new Error(`${file} has to have once: ${find}`);
    await writeFile(
      path,
      code.replace(find, () => replace),
    );
    const { NODE_V8_COVERAGE: _, ...env } = process.env;
    const program = join(directory, 'test/pm2/simulation/run.js');
    const { stdout } = await promisify(execFile)(process.execPath, [program, String(first), '100'], {
      env,
      maxBuffer: 2 ** 26,
    });
    return stdout;
  } finally {
    await rm(directory, { recursive: true });
  }
}

for (const fault of FAULTS) {
  test.serial(`it finds that ${fault.name}`, async t => {
    const printed = await runWith(fault);
    t.regex(printed, /^seed \d+ broke /);
    t.log(printed.split('\n')[0]);
  });
}
