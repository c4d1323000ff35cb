// What the direct route has in the file system: for each socket a directory of its own. Whose they are is looked at before
// anything is read, removed or connected to, because in a folder that all users share a name that was removed may come
// again as somebody else's.

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

/** The directory's name: whose process made it, and something that no other one has. */
const OURS = /^csc-(\d{1,10})-[0-9a-f]{8}$/;

/** All that is ever made in it. */
const SOCKET = 'leader';
const SECRETS = 'secrets';
const NEW_SECRETS = 'secrets.new';

/** The kernel takes no longer path, and Node 20 cuts it short without a word. macOS has the least. */
const MOST_PATH_BYTES = 103;

/** What this process made, by address. */
interface Made {
  /** They tell its directory apart from another of its name. */
  readonly dev: number;
  readonly ino: number;
  /** What is kept beside the socket. */
  secrets?: object;
}

const made = new Map<string, Made>();

/** Where this process was when it first made something of a relative path. */
let home: string | undefined;

/** It stays the same where the process changes its working directory. */
function absolute(path: string): string {
  home ??= process.cwd();
  return resolve(home, path);
}

/** What is removed when this process ends. */
const toRemove = new Set<string>();

const removeAll = (): void => {
  for (const address of toRemove) removeSocket(address);
};

/** What other processes of this user made, for who outlives them. */
export const leftovers: Leftovers = {
  note(address) {
    // Not a handler of signals: who is killed by one leaves it to the others.
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
 * Where the socket is bound, to be renamed to its address: Node removes what has this name when the server closes,
 * whatever it is by then and follows links, so that no file of anybody may have it. It is as long as the other.
 */
export const bindingOf = (address: string): string => join(dirname(address), dirname(address).slice(-SOCKET.length));

/** The folder for temporary files. */
export const temporaryFolder = (): string => absolute(tmpdir());

/** The folder for new directories: the user's own, if there is one and it will do, else the one for temporary files. */
export function socketFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_RUNTIME_DIR: own } = env;
  const isGood = own && isAbsolute(own) && isShort(newAddress(own, '00000000')) && isClosedTo(look(own), 0o022);
  return isGood ? own : temporaryFolder();
}

/** The pid in the name of a directory; `undefined` where the name isn't one of ours. */
export function makerOf(directory: string): number | undefined {
  const [, pid] = OURS.exec(basename(directory)) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

export const socketIn = (directory: string): string => join(directory, SOCKET);

/** Whether this process made it, and hasn't removed it. */
export const isMadeHere = (address: string): boolean => made.has(address);

/** As mkdtemp does it, but with a name that was told before: fails where it is there already. */
export function makeDirectory(address: string): void {
  if (!isShort(address))
    throw new Error(`${address} is too long for the path of a socket; set TMPDIR to a shorter one`);
  const directory = dirname(address);
  mkdirSync(directory, { mode: 0o700 });
  const { dev, ino } = lstatSync(directory);
  made.set(address, { dev, ino });
  leftovers.note(address);
}

/**
 * Removes a socket of ours and its directory, if they are there; touches nothing else, follows no link, and never throws.
 * What is removed is forgotten.
 */
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
 * Makes good what was removed of the files beside a socket that this process made.
 * @throws where nobody can come to the socket any more
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

/** Why a socket isn't one that a process of this user made; `undefined` where it is. */
export function notOurs(address: string): Error | undefined {
  try {
    const stats = lstatSync(address);
    const isOurs = isOwnDirectory(dirname(address)) && isOwn(stats) && stats.isSocket();
    return isOurs ? undefined : new Error(`${address} was not made by a process of this user`);
  } catch (error) {
    return error as Error;
  }
}

/** Puts the secrets of an address where only this user reads them, for a control plane that others read too. */
export function keepSecrets(address: string, secrets: object): void {
  if (!isOwnDirectory(dirname(address))) throw new Error(`${dirname(address)} is not this user's`);
  const [file, next] = [SECRETS, NEW_SECRETS].map(name => join(dirname(address), name)) as [string, string];
  // Sticky: what clears old files out of temporary folders leaves such a one alone (systemd-tmpfiles).
  writeFileSync(next, JSON.stringify(secrets), { mode: 0o1600 });
  // At once: somebody may be reading those of another group.
  renameSync(next, file);
  const known = made.get(address);
  if (known) known.secrets = secrets;
}

/** What {@link keepSecrets} kept. @throws where there is nothing, or somebody else's */
export function readSecrets(address: string): unknown {
  const file = join(dirname(address), SECRETS);
  // Where it isn't there the error says so.
  const stats = lstatSync(file);
  if (!isOwnDirectory(dirname(address)) || !isOwn(stats) || !stats.isFile())
    throw new Error(`${file} was not made by a process of this user`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

const isShort = (address: string): boolean => Buffer.byteLength(address) <= MOST_PATH_BYTES;

/** Whether only this user may enter it, and it is no link. */
export const isOwnDirectory = (directory: string): boolean => isClosedTo(look(directory), 0o077);

/** Whether it is a directory of this user, and has none of these permissions. */
const isClosedTo = (stats: Stats | undefined, mode: number): boolean =>
  !!stats?.isDirectory() && isOwn(stats) && (stats.mode & mode) === 0;

/* c8 ignore next 3 -- a platform without users has none of these files */
const isOwn = ({ uid }: Stats): boolean => process.geteuid === undefined || uid === process.geteuid();

/** Of what is there, and not of what it may be a link to. */
function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** It may be gone already. */
function attempt(remove: () => void): void {
  try {
    remove();
  } catch {}
}
