// Nothing of the direct route stays in the file system, however its processes end, and nothing else is touched.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { startRig } from '../helpers/process/rig.js';

const APP = fileURLToPath(new URL('../fixtures/direct-app.js', import.meta.url));

interface App {
  readonly process: ChildProcess;
  /** Waits for a line that it says. */
  until(line: string): Promise<void>;
}

/** A cluster in a group of processes of its own; resolves once a call went by a socket. */
async function startApp(t: ExecutionContext, env: Record<string, string>, cwd?: string): Promise<App> {
  const process = spawn(globalThis.process.execPath, [APP], {
    env: { ...globalThis.process.env, XDG_RUNTIME_DIR: '', ...env },
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(cwd && { cwd }),
  });
  t.teardown(() => {
    if (process.exitCode === null && process.signalCode === null) globalThis.process.kill(-process.pid!, 'SIGKILL');
  });
  const lines = createInterface(process.stdout!)[Symbol.asyncIterator]();
  const until = async (line: string) => {
    for (let printed = await lines.next(); printed.value !== line; printed = await lines.next())
      if (printed.done) throw new Error(`The app ended before it said ${line}`);
  };
  await until('direct');
  return { process, until };
}

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'left-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const ours = (folder: string) => readdirSync(folder).filter(name => name.startsWith('csc-'));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test.serial(`what ${signal} to all processes at once leaves, the next start removes`, async t => {
    const folder = folderOf(t);
    const first = await startApp(t, { TMPDIR: folder });
    const [left] = ours(folder);
    t.truthy(left);
    process.kill(-first.process.pid!, signal);
    await once(first.process, 'close');
    const next = await startApp(t, { TMPDIR: folder });
    while (ours(folder).includes(left!)) await sleep(5);
    t.is(ours(folder).length, 1, 'that of the one that lives');
    next.process.stdin!.write('exit\n');
    await once(next.process, 'close');
    t.deepEqual(ours(folder), []);
  });
}

test.serial('the primary that exits leaves nothing, though its worker is stopped and can remove nothing', async t => {
  const { leader, followers, primary } = await startRig(t, { workers: 2, primary: { route: 'direct' } });
  while ((await followers[0].do.status()).route !== 'direct') await followers[0].do.call('echo', [1]);
  leader.kill('SIGSTOP');
  void primary.do.exit().catch(() => {});
  await primary.gone;
  // The rig says what is left.
  leader.kill('SIGCONT');
  t.pass();
});

test.serial('a leader that exits leaves nothing, though its primary is stopped and removes nothing', async t => {
  const rig = await startRig(t, { workers: 2, primary: { route: 'direct' } });
  const [follower] = rig.followers;
  while ((await follower.do.status()).route !== 'direct') await follower.do.call('echo', [1]);
  t.is(rig.temporary().length, 1);
  rig.primary.kill('SIGSTOP');
  void rig.leader.do.exit(0).catch(() => {});
  await rig.leader.gone;
  t.deepEqual(rig.temporary(), []);
  rig.primary.kill('SIGCONT');
});

test.serial('of a name that was removed nothing is touched when its leader exits, whatever it is by then', async t => {
  const folder = folderOf(t);
  const app = join(folder, 'app');
  mkdirSync(app, { mode: 0o700 });
  for (const name of ['leader', 'secrets']) writeFileSync(join(app, name), 'of the app');
  const { process: primary, until } = await startApp(t, { TMPDIR: folder });
  const [first] = ours(folder);
  primary.stdin!.write('transfer\n');
  await until('transferred');
  while (existsSync(join(folder, first!))) await sleep(5);
  symlinkSync(app, join(folder, first!));
  primary.stdin!.write('kill the workers\n');
  await until('killed');
  primary.stdin!.write('exit\n');
  await once(primary, 'close');
  // The next start doesn't either.
  const next = await startApp(t, { TMPDIR: folder });
  next.process.stdin!.write('exit\n');
  await once(next.process, 'close');
  t.deepEqual(readdirSync(app).sort(), ['leader', 'secrets']);
});

test.serial('a relative TMPDIR is where it was at the start; XDG_RUNTIME_DIR is better', async t => {
  const folder = folderOf(t);
  const run = join(folder, 'run');
  mkdirSync(run, { mode: 0o700 });
  const first = await startApp(t, { TMPDIR: basename(run) }, folder);
  t.is(ours(run).length, 1);
  first.process.stdin!.write('exit\n');
  await once(first.process, 'close');
  t.deepEqual(ours(run), []);
  const second = await startApp(t, { TMPDIR: folder, XDG_RUNTIME_DIR: run });
  t.is(ours(run).length, 1);
  t.deepEqual(ours(folder), []);
  second.process.stdin!.write('exit\n');
  await once(second.process, 'close');
  t.deepEqual(ours(run), []);
});
