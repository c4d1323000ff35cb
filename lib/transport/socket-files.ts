// The direct route's files: one directory per socket. Ownership is checked before anything is read, removed or connected to,
// because in a shared folder another user may reuse a name after its removal.

import {
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Leftovers } from './direct.js';

/** The directory name: the pid of the process that created it, and a unique suffix. */
const OURS = /^csc-(\d{1,10})-[0-9a-f]{8}$/;

/** The only files that are ever created in it. */
const SOCKET = 'leader';
const SECRETS = 'secrets';
const NEW_SECRETS = 'secrets.new';

/** Longer paths are rejected by the kernel, and Node 20 truncates them silently. macOS has the lowest limit. */
const MOST_PATH_BYTES = 103;

/** What this process created, by address. */
interface Made {
  /** Identify the directory, as distinct from another one of the same name. */
  readonly dev: number;
  readonly ino: number;
  /** Written to the file beside the socket. */
  secrets?: object;
}

const made = new Map<string, Made>();

/** The working directory when this process first resolved a path. */
let home: string | undefined;

/** The result does not depend on later changes of the working directory. */
function absolute(path: string): string {
  home ??= process.cwd();
  return resolve(home, path);
}

/** Addresses to remove when this process exits. */
const toRemove = new Set<string>();

const removeAll = (): void => {
  for (const address of toRemove) removeSocket(address);
};

/** Tracks what other processes of this user created, for a process that outlives them. */
export const leftovers: Leftovers = {
  note(address) {
    // No signal handlers: if a signal kills this process, others clean up.
    if (toRemove.size === 0) process.on('exit', removeAll);
    toRemove.add(address);
  },
  forget(address) {
    made.delete(address);
    if (toRemove.delete(address) && toRemove.size === 0) process.off('exit', removeAll);
  },
  remove: removeSocket,
};

/** The address of a new socket. */
export function newAddress(folder: string, id: string): string {
  return join(absolute(folder), `csc-${process.pid}-${id.slice(-8)}`, SOCKET);
}

/**
 * The path at which the socket is bound, before it is renamed to its address. When a server closes, Node removes whatever
 * has the bound name, and follows links, so no other file may ever have that name. It is as long as the address.
 */
export const bindingOf = (address: string): string => join(dirname(address), dirname(address).slice(-SOCKET.length));

/** The folder for temporary files. */
export const temporaryFolder = (): string => absolute(tmpdir());

/**
 * The folder for new directories: the user's runtime folder, if it exists and is suitable, else that for temporary files.
 */
export function socketFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_RUNTIME_DIR: own } = env;
  const isGood = own && isAbsolute(own) && isShort(newAddress(own, '00000000')) && isClosedTo(look(own), 0o022);
  return isGood ? own : temporaryFolder();
}

/** The pid in the name of a directory; `undefined` if it is not a directory of this library. */
export function makerOf(directory: string): number | undefined {
  const [, pid] = OURS.exec(basename(directory)) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

export const socketIn = (directory: string): string => join(directory, SOCKET);

/** Whether this process created it and has not removed it. */
export const isMadeHere = (address: string): boolean => made.has(address);

/** Like mkdtemp, but with a name that was announced before: fails if it exists. */
export function makeDirectory(address: string): void {
  if (!isShort(address))
    throw new Error(`${address} is too long for the path of a socket; set TMPDIR to a shorter one`);
  const directory = dirname(address);
  mkdirSync(directory, { mode: 0o700 });
  const { dev, ino } = lstatSync(directory);
  made.set(address, { dev, ino });
  leftovers.note(address);
}

/** Removes a socket of this library and its directory. Touches nothing else, follows no links, never throws. */
export function removeSocket(address: string): void {
  const directory = dirname(address);
  const known = made.get(address);
  leftovers.forget(address);
  if (basename(address) !== SOCKET || makerOf(directory) === undefined) return;
  const stats = look(directory);
  if (!stats || !isClosedTo(stats, 0o077)) return;
  if (known && (known.ino !== stats.ino || known.dev !== stats.dev)) return;
  for (const socket of [address, bindingOf(address)]) if (look(socket)?.isSocket()) attempt(() => unlinkSync(socket));
  for (const file of [SECRETS, NEW_SECRETS].map(name => join(directory, name)))
    if (look(file)?.isFile()) attempt(() => unlinkSync(file));
  attempt(() => rmdirSync(directory));
}

/**
 * Restores removed files beside a socket that this process created.
 * @throws if others can no longer connect to the socket
 */
export function checkSocket(address: string): void {
  const directory = dirname(address);
  const [known, { dev, ino }] = [made.get(address), lstatSync(directory)];
  const problem = known?.dev === dev && known.ino === ino ? notOurs(address) : new Error(`${directory} was replaced`);
  if (problem) throw problem;
  const { secrets } = known!;
  const file = look(join(directory, SECRETS));
  if (secrets && !(file?.isFile() && isOwn(file))) keepSecrets(address, secrets);
}

/** Why a socket was not created by a process of this user; `undefined` if it was. */
export function notOurs(address: string): Error | undefined {
  try {
    const stats = lstatSync(address);
    const isOurs = isOwnDirectory(dirname(address)) && isOwn(stats) && stats.isSocket();
    return isOurs ? undefined : new Error(`${address} was not made by a process of this user`);
  } catch (error) {
    return error as Error;
  }
}

/** Stores the secrets of an address so that only this user can read them, for a control plane that others can read. */
export function keepSecrets(address: string, secrets: object): void {
  if (!isOwnDirectory(dirname(address))) throw new Error(`${dirname(address)} is not this user's`);
  const [file, next] = [SECRETS, NEW_SECRETS].map(name => join(dirname(address), name)) as [string, string];
  // The sticky bit protects it from tools that delete old temporary files (systemd-tmpfiles).
  writeFileSync(next, JSON.stringify(secrets), { mode: 0o1600 });
  // Atomic, because another process may be reading the secrets of another group.
  renameSync(next, file);
  const known = made.get(address);
  if (known) known.secrets = secrets;
}

/** Reads what {@link keepSecrets} stored. @throws if there is nothing, or it belongs to another user */
export function readSecrets(address: string): unknown {
  const file = join(dirname(address), SECRETS);
  // If the file is missing, the error contains its path.
  const stats = lstatSync(file);
  if (!isOwnDirectory(dirname(address)) || !isOwn(stats) || !stats.isFile())
    throw new Error(`${file} was not made by a process of this user`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

const isShort = (address: string): boolean => Buffer.byteLength(address) <= MOST_PATH_BYTES;

/** Whether only this user can access it, and it is not a link. */
export const isOwnDirectory = (directory: string): boolean => isClosedTo(look(directory), 0o077);

/** Whether it is a directory of this user without any of these permissions. */
const isClosedTo = (stats: Stats | undefined, mode: number): boolean =>
  !!stats?.isDirectory() && isOwn(stats) && (stats.mode & mode) === 0;

/* c8 ignore next 3 -- a platform without users has none of these files */
const isOwn = ({ uid }: Stats): boolean => process.geteuid === undefined || uid === process.geteuid();

/** Does not follow links. */
function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** The file may be gone already. */
function attempt(remove: () => void): void {
  try {
    remove();
  } catch {}
}
