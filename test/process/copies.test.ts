// The library loaded in other ways, and more than once.

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import * as library from '../../lib/index.js';
import type { CopiesApi } from '../fixtures/process-copies.js';
import { startRig } from '../helpers/process/rig.js';

const LIBRARY = new URL('../../lib/', import.meta.url);
const REQUIRE = fileURLToPath(new URL('../fixtures/process-require.cjs', import.meta.url));

test.serial('require() and import give the same module', async t => {
  const { stdout } = await promisify(execFile)(process.execPath, [REQUIRE]);
  t.deepEqual(JSON.parse(stdout), {
    names: Object.keys(library).sort(),
    isSame: true,
    answers: [true, true],
    isPrimarySame: true,
  });
});

for (const copy of ['another copy', 'the CommonJS build']) {
  test.serial(`the library and ${copy} share one member in one process`, t => shareOneMember(t, copy));
}

async function shareOneMember(t: ExecutionContext, copy: string): Promise<void> {
  const rig = await startRig(t, { workers: 1 });
  const both = await rig.forkProgram<CopiesApi, never>({ program: 'process-copies.js' });
  await both.do.load(new URL('index.js', LIBRARY).href);
  if (copy === 'another copy') await both.do.load(copyLibrary(t));
  else await both.do.require();
  t.true(await both.do.areCopies());
  await both.do.create();
  for (const n of [0, 1]) t.deepEqual(await both.do.ready(n), {});
  t.is((await rig.primary.do.status()).groups[0]!.members.length, 2);
  t.deepEqual(await both.do.knowsErrors(), [true, true, true, true]);

  rig.leader.kill();
  await rig.primary.until('exit');
  for (const n of [0, 1]) t.deepEqual(await both.do.call(n, 'echo', n), { value: n });
  t.deepEqual(await rig.connections(1), { total: 2, inTurn: true });
  for (const n of [0, 1]) t.deepEqual(await both.do.call(n, 'contexts'), { value: ['probe', 'probe'] });
  await both.do.close(0);
  t.deepEqual(await both.do.call(1, 'echo', 'still'), { value: 'still' });
  await both.do.close(1);
  await rig.upstream.untilConnections(0);
}

/** @returns the address of another copy, with the same dependencies */
function copyLibrary(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'csc-copy-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync(LIBRARY, join(folder, 'lib'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
  symlinkSync(modules, join(folder, 'node_modules'), 'junction');
  return pathToFileURL(join(folder, 'lib', 'index.js')).href;
}
