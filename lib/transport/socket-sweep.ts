// Removes what killed processes left if the processes that would clean up were killed too, for example by Ctrl+C, which ends
// a whole process group at once.

import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../utils/clock.js';
import { isMadeHere, isOwnDirectory, makerOf, removeSocket, socketIn } from './socket-files.js';

/** A leader takes less than this between creating its directory and listening there. */
const AGAIN_MS = 50;

/** In a directory older than this, a running process with the pid in the name may be a different process. */
const OLD_MS = 10_000;

/** Removes from these folders what this user's dead processes left. Never rejects. */
export async function sweepSockets(folders: Iterable<string>, clock: Clock): Promise<void> {
  for (const folder of new Set(folders)) {
    const names = await readdir(folder).catch(() => []);
    const directories = names.map(name => join(folder, name)).filter(path => makerOf(path) !== undefined);
    await Promise.all(directories.map(directory => sweep(directory, clock)));
  }
}

async function sweep(directory: string, clock: Clock): Promise<void> {
  const address = socketIn(directory);
  if (isMadeHere(address) || !isOwnDirectory(directory) || !(await mayBeLeft(directory, clock))) return;
  if (!(await isNobodyThere(address))) return;
  await new Promise<void>(resolve => clock.setTimer(resolve, AGAIN_MS));
  if (await isNobodyThere(address)) removeSocket(address);
}

/**
 * The pid alone is not reliable: each container has its own pids, and starts again with the same ones. But only on Linux
 * does a refused connection prove that no process listens on the socket.
 */
async function mayBeLeft(directory: string, clock: Clock): Promise<boolean> {
  const pid = makerOf(directory)!;
  if (pid === process.pid || !isAlive(pid)) return true;
  /* c8 ignore next -- another process removed it just now */
  const { mtimeMs } = await stat(directory).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  return process.platform === 'linux' && clock.wall() - mtimeMs > OLD_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  return !isZombie(pid);
}

/** Dead, but not reaped: in a container often no process ever does that. */
function isZombie(pid: number): boolean {
  try {
    return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/, ''));
    /* c8 ignore next 3 -- not on Linux, or it is gone by now */
  } catch {
    return false;
  }
}

/** Asks the kernel, which knows whether any process listens, even in another container. */
function isNobodyThere(address: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(address).unref();
    const end = (isNobody: boolean) => {
      socket.destroy();
      resolve(isNobody);
    };
    socket.on('connect', () => end(false));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED' || code === 'ENOENT'));
  });
}
