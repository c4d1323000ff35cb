// What the direct route has in the file system: whose it is, and that nothing of it stays.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Connection, ListenerHandlers } from '../../lib/transport/direct.js';
import {
  keepSecrets,
  leftovers,
  newAddress,
  readSecrets,
  removeSocket,
  socketFolder,
} from '../../lib/transport/socket-files.js';
import { sweepSockets } from '../../lib/transport/socket-sweep.js';
import { createSockets } from '../../lib/transport/sockets.js';
import { systemClock } from '../../lib/utils/clock.js';
import { defer } from '../../lib/utils/deferred.js';
import { hastyClock } from '../helpers/clocks/hasty-clock.js';

const unix = process.platform === 'win32' ? test.skip : test;
// Only root can give a file to somebody else.
const asRoot = process.getuid?.() === 0 ? unix : test.skip;
const NOBODY = 65_534;

// Ours keep no process alive.
const awake = setInterval(() => {}, 1000);
test.after.always(() => clearInterval(awake));

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'files-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A leader's socket in this folder. */
async function listen(t: ExecutionContext, folder: string, noted: Partial<ListenerHandlers> = {}) {
  const transport = createSockets({ clock: hastyClock, folder: () => folder });
  let accepted = 0;
  let close = () => {};
  const address = await new Promise<string>((resolve, reject) => {
    const listener = transport.listen({
      listening: resolve,
      failed: reject,
      accept: connection => {
        accepted++;
        t.teardown(() => connection.destroy());
        return { data() {}, drained() {}, closed() {} };
      },
      ...noted,
    });
    close = () => listener.close();
  });
  t.teardown(close);
  const connect = () =>
    new Promise<string>(resolve => {
      const connection = transport.connect(address, {
        data() {},
        drained() {},
        closed: problem => resolve(problem?.message ?? 'closed'),
      });
      connection.write([Buffer.from('x')], () => {
        connection.destroy();
        resolve('written');
      });
    });
  return { address, directory: dirname(address), close, connect, accepted: () => accepted };
}

/** What a process left that was killed while it listened. */
function stale(folder: string, pid = deadPid(), name = '01234567'): string {
  const directory = join(folder, `csc-${pid}-${name}`);
  mkdirSync(directory, { mode: 0o700 });
  const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script, join(directory, 'leader')]);
  writeFileSync(join(directory, 'secrets'), '{}');
  return directory;
}

const deadPid = (): number => spawnSync(process.execPath, ['-e', '0']).pid;

unix('a socket that no process of this user made where only it may enter is not connected to', async t => {
  const folder = folderOf(t);
  const { directory, address, connect, accepted } = await listen(t, folder);
  t.is(await connect(), 'written');
  chmodSync(directory, 0o755);
  t.regex(await connect(), /was not made by a process of this user/);
  chmodSync(directory, 0o700);
  const elsewhere = join(folder, 'elsewhere');
  renameSync(directory, elsewhere);
  symlinkSync(elsewhere, directory);
  t.regex(await connect(), /was not made by/, 'behind a link');
  unlinkSync(directory);
  t.regex(await connect(), /ENOENT/);
  renameSync(elsewhere, directory);
  renameSync(address, join(directory, 'real'));
  symlinkSync(join(directory, 'real'), address);
  t.regex(await connect(), /was not made by/, 'a link to a socket');
  unlinkSync(address);
  renameSync(join(directory, 'real'), address);
  t.is(await connect(), 'written');
  t.true(accepted() <= 2);
});

asRoot("a socket or a directory of another user's is not connected to, and its secrets are not read", async t => {
  const { directory, address, connect } = await listen(t, folderOf(t));
  keepSecrets(address, { a: 1 });
  t.deepEqual(readSecrets(address), { a: 1 });
  for (const path of [directory, address]) {
    chownSync(path, NOBODY, NOBODY);
    t.regex(await connect(), /was not made by/);
    if (path === directory) t.throws(() => readSecrets(address), { message: /was not made by/ });
    if (path === directory) t.throws(() => keepSecrets(address, {}), { message: /not this user's/ });
    chownSync(path, 0, 0);
  }
  chownSync(join(directory, 'secrets'), NOBODY, NOBODY);
  t.throws(() => readSecrets(address), { message: /was not made by/ });
  chownSync(join(directory, 'secrets'), 0, 0);
  t.is(await connect(), 'written');
});

unix(
  'secrets that are a link are not read, and those that are kept are left alone where old files are cleared',
  async t => {
    const { directory, address } = await listen(t, folderOf(t));
    keepSecrets(address, { a: 1 });
    const file = join(directory, 'secrets');
    if (process.platform === 'linux') t.is(lstatSync(file).mode & 0o7777, 0o1600);
    t.deepEqual(readdirSync(directory).sort(), ['leader', 'secrets']);
    renameSync(file, join(directory, 'real'));
    symlinkSync(join(directory, 'real'), file);
    t.throws(() => readSecrets(address), { message: /was not made by/ });
    unlinkSync(file);
    unlinkSync(join(directory, 'real'));
  },
);

/** A folder of the app with files of the same names as ours. */
function appFolder(folder: string, mode = 0o700): string {
  const app = join(folder, 'app');
  mkdirSync(app, { mode });
  for (const name of ['leader', 'secrets', 'secrets.new']) writeFileSync(join(app, name), 'of the app');
  return app;
}

const isWhole = (app: string) => readdirSync(app).length === 3;

unix('a name that was removed is not touched again, whatever it is now', async t => {
  const folder = folderOf(t);
  const app = appFolder(folder);
  const removed: string[] = [];
  const { address, directory, close } = await listen(t, folder, { removed: gone => removed.push(gone) });
  close();
  t.deepEqual(removed, [address]);
  t.false(existsSync(directory));
  symlinkSync(app, directory);
  close();
  removeSocket(address);
  t.true(isWhole(app));
  t.true(lstatSync(directory).isSymbolicLink());
  t.deepEqual(removed, [address]);
});

unix('nor is what has that name when a socket closes of which the directory is gone', async t => {
  const folder = folderOf(t);
  const app = appFolder(folder);
  const { directory, close } = await listen(t, folder);
  renameSync(directory, join(folder, 'away'));
  symlinkSync(app, directory);
  close();
  t.true(isWhole(app));
});

for (const [what, remove] of [
  ['its directory is removed', ({ directory }) => rmSync(directory, { recursive: true })],
  ['its socket is removed', ({ address }) => unlinkSync(address)],
  [
    'something else is in its place',
    ({ address }) => {
      unlinkSync(address);
      writeFileSync(address, '');
    },
  ],
  [
    'another directory is in its place',
    ({ directory }) => {
      renameSync(directory, `${directory}0`);
      mkdirSync(directory, { mode: 0o700 });
      renameSync(join(`${directory}0`, 'leader'), join(directory, 'leader'));
    },
  ],
  ['its directory is opened to others', ({ directory }) => chmodSync(directory, 0o755)],
] as readonly (readonly [string, (at: { readonly address: string; readonly directory: string }) => void])[]) {
  unix(`where ${what}, a listener says so, and its connections stay`, async t => {
    const [lost, accepted, received] = [defer<Error>(), defer<Connection>(), defer<string>()];
    const listening = await listen(t, folderOf(t), {
      lost: lost.resolve,
      accept: connection => {
        accepted.resolve(connection);
        return { data: chunk => received.resolve(String(chunk)), drained() {}, closed() {} };
      },
    });
    const socket = connect(listening.address);
    const connection = await accepted.promise;
    t.teardown(() => {
      socket.destroy();
      connection.destroy();
    });
    remove(listening);
    t.regex((await lost.promise).message, /ENOENT|was not made by|was replaced/);
    listening.close();
    socket.write('x');
    t.is(await received.promise, 'x');
  });
}

unix('what is removed before it listens there has failed', async t => {
  const announce = (address: string, proceed: () => void) => {
    proceed();
    rmSync(dirname(address), { recursive: true });
  };
  await t.throwsAsync(listen(t, folderOf(t), { announce }), { message: /ENOENT/ });
});

unix('secrets that are removed are written again, and where they can not be, nobody can come', async t => {
  const folder = folderOf(t);
  const lost = defer<Error>();
  const { address, directory } = await listen(t, folder, { lost: lost.resolve });
  keepSecrets(address, { a: 1 });
  const file = join(directory, 'secrets');
  for (const breakIt of [() => {}, () => symlinkSync('/etc/passwd', file)]) {
    rmSync(file);
    breakIt();
    while (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) await sleep(5);
    t.deepEqual(readSecrets(address), { a: 1 });
  }
  mkdirSync(join(directory, 'secrets.new'));
  rmSync(file);
  t.regex((await lost.promise).message, /EISDIR/);
});

unix('of a directory that is not the one that was made, or is not closed to others, nothing is removed', async t => {
  const folder = folderOf(t);
  const first = await listen(t, folder);
  const app = appFolder(folder);
  renameSync(first.directory, join(folder, 'away'));
  renameSync(app, first.directory);
  removeSocket(first.address);
  t.true(isWhole(first.directory), 'another one of that name');
  const open = join(folder, 'csc-1-01234567');
  renameSync(first.directory, open);
  chmodSync(open, 0o750);
  removeSocket(join(open, 'leader'));
  t.true(isWhole(open), 'open to others');
});

unix('what a dead process left is removed, and nothing that is not ours', t => {
  const folder = folderOf(t);
  const left = stale(folder);
  const theirs = join(folder, 'csc-1-0123abcd');
  mkdirSync(theirs, { mode: 0o700 });
  for (const name of ['leader', 'other']) writeFileSync(join(theirs, name), '');
  const names = ['', '/', left, join(folder, 'leader'), join(folder, 'csc-1234567', 'leader'), join(left, 'other')];
  for (const wrong of [...names, join(theirs, 'leader'), join(theirs, 'leader', 'x', 'leader')]) removeSocket(wrong);
  t.deepEqual(readdirSync(left).sort(), ['leader', 'secrets']);
  t.deepEqual(readdirSync(theirs).sort(), ['leader', 'other'], 'a file of that name is no socket of ours');
  removeSocket(join(left, 'leader'));
  removeSocket(join(left, 'leader'));
  t.deepEqual(readdirSync(folder), ['csc-1-0123abcd']);
});

// Serial: what is removed is that of the whole process.
(process.platform === 'win32' ? test.skip : test.serial)(
  'at the exit of a process goes what it made, and what it was told of',
  async t => {
    const folder = folderOf(t);
    const before = process.listenerCount('exit');
    const { directory } = await listen(t, folder);
    const other = stale(folder);
    leftovers.note(join(other, 'leader'));
    const listeners = process.listeners('exit');
    t.is(listeners.length, before + 1, 'one for all');
    const forgotten = stale(folder, deadPid(), '89abcdef');
    leftovers.note(join(forgotten, 'leader'));
    leftovers.forget(join(forgotten, 'leader'));
    (listeners.at(-1) as () => void)();
    t.false(existsSync(directory));
    t.false(existsSync(other));
    t.true(existsSync(forgotten));
    t.is(process.listenerCount('exit'), before, 'and none when nothing is left');
  },
);

unix('what killed processes left is swept away, and nothing of one that lives, nor anything else', async t => {
  const folder = folderOf(t);
  const app = appFolder(folder);
  const { directory: here } = await listen(t, folder);
  const dead = deadPid();
  const gone = [stale(folder, dead, '00000001'), stale(folder, process.pid, '00000002')];
  const empty = join(folder, `csc-${dead}-00000003`);
  mkdirSync(empty, { mode: 0o700 });
  gone.push(empty);
  // Somebody listens there, whatever the pid says: that of another container, say.
  const living = join(folder, `csc-${dead}-00000004`);
  mkdirSync(living, { mode: 0o700 });
  const server = createServer().listen(join(living, 'leader'));
  t.teardown(() => void server.close());
  // Its process lives, and was about to listen.
  const young = stale(folder, process.ppid, '00000005');
  const link = join(folder, `csc-${dead}-00000006`);
  symlinkSync(app, link);
  const open = stale(folder, dead, '00000007');
  chmodSync(open, 0o755);
  const kept = [here, living, young, link, open];
  await sweepSockets([folder, folder, join(folder, 'nowhere')], systemClock);
  t.deepEqual(gone.filter(existsSync), []);
  t.deepEqual(
    kept.filter(path => !existsSync(path)),
    [],
  );
  t.true(isWhole(app));
  if (process.platform !== 'linux') return;
  // A pid that has been given to another process since.
  utimesSync(young, 1, 1);
  await sweepSockets([folder], systemClock);
  t.false(existsSync(young));
});

asRoot("another user's is never swept", async t => {
  const folder = folderOf(t);
  const theirs = stale(folder);
  chownSync(theirs, NOBODY, NOBODY);
  await sweepSockets([folder], systemClock);
  t.true(existsSync(theirs));
  // And neither is what this user may not even look into.
  chmodSync(folder, 0o777);
  const mine = stale(folder, deadPid(), '89abcdef');
  const script = `import(process.argv[1]).then(({ removeSocket }) => removeSocket(process.argv[2]))`;
  const module = new URL('../../lib/transport/socket-files.js', import.meta.url).href;
  try {
    execFileSync(process.execPath, ['-e', script, module, join(mine, 'leader')], {
      uid: NOBODY,
      // It may not write coverage where we do.
      env: {},
      cwd: '/',
      stdio: 'ignore',
    });
  } catch {
    // It may not even read the module.
  }
  t.true(existsSync(mine));
});

unix('the folder is XDG_RUNTIME_DIR, where it is there, its owner alone writes in it, and it is short', t => {
  const folder = folderOf(t);
  const own = join(folder, 'run');
  mkdirSync(own, { mode: 0o700 });
  const fallback = socketFolder({});
  t.is(fallback, tmpdir());
  t.is(socketFolder({ XDG_RUNTIME_DIR: own }), own);
  t.notThrows(() => createSockets());
  const long = join(own, 'x'.repeat(100));
  mkdirSync(long, { mode: 0o700 });
  for (const bad of ['', relative(process.cwd(), own), join(folder, 'nowhere'), long])
    t.is(socketFolder({ XDG_RUNTIME_DIR: bad }), fallback, bad);
  const link = join(folder, 'link');
  symlinkSync(own, link);
  t.is(socketFolder({ XDG_RUNTIME_DIR: link }), fallback, 'a link');
  chmodSync(own, 0o770);
  t.is(socketFolder({ XDG_RUNTIME_DIR: own }), fallback, 'open to others');
});

test.serial('an address is absolute, and of the directory in which the process was at first', t => {
  const folder = process.cwd();
  const { TMPDIR } = process.env;
  t.teardown(() => {
    process.chdir(folder);
    process.env.TMPDIR = TMPDIR;
    if (TMPDIR === undefined) delete process.env.TMPDIR;
  });
  process.env.TMPDIR = 'tmp';
  for (const _ of [1, 2]) {
    const address = newAddress(socketFolder({}), '0123456789abcdef');
    t.true(isAbsolute(address));
    t.is(address, join(folder, 'tmp', `csc-${process.pid}-89abcdef`, 'leader'));
    process.chdir('/');
  }
});
