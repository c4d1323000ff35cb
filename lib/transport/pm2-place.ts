// Where a process stands under PM2, and whether it does: read from its environment, which alone can't be trusted.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface Pm2Place {
  /** Of this incarnation: its place in the daemon's list, and since when it is there. */
  readonly process: string;
  readonly name: string;
  readonly namespace: string;
  /** The socket on which the daemon tells everything that is said to it. */
  readonly pubSocket: string;
  /** The socket on which it answers. */
  readonly rpcSocket: string;
  /** Apps and namespaces never meet: each has its own channel on the bus. */
  readonly channel: string;
}

export interface Pm2Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ppid: number;
  readonly platform: string;
  /** `cluster.isWorker` */
  readonly isWorker: boolean;
  /** What is known of the parent, which may be the daemon. @default as the system tells it */
  readonly parent?: Parent;
}

interface Parent {
  /** What it was started with. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Files of the daemon, and the variables by which each can be put elsewhere (`paths.js` of PM2). */
const FILES = {
  pid: ['PM2_PID_FILE_PATH', 'pm2.pid'],
  pub: ['PM2_DAEMON_PUB_PORT', 'pub.sock'],
  rpc: ['PM2_DAEMON_RPC_PORT', 'rpc.sock'],
} as const;

/** The version of what is said on the bus; another is another channel. */
const CHANNEL_VERSION = 1;

/**
 * The place of a cluster worker of PM2's daemon; `undefined` elsewhere. Forked children, and workers of a cluster under
 * an app in fork mode, inherit the environment of one, but their parent isn't the daemon.
 */
export function findPm2Place(here: Pm2Surroundings): Pm2Place | undefined {
  const { pm_id: id, pm_uptime: since, name = '', namespace = 'default' } = here.env;
  if (!looksLikePm2(here)) return undefined;
  const files = daemonFiles(here);
  if (!files.pid.some(file => readPid(file) === here.ppid)) return undefined;
  const socket = (which: 'pub' | 'rpc') =>
    here.platform === 'win32' ? `\\\\.\\pipe\\${FILES[which][1]}` : (files[which].find(existsSync) ?? files[which][0]!);
  return {
    process: processName(id, since),
    name,
    namespace,
    pubSocket: socket('pub'),
    rpcSocket: socket('rpc'),
    channel: channelOf(namespace, name),
  };
}

/** Where the pid of the parent would have to stand, for a process that may be a worker of PM2 and wasn't taken for one. */
export function missingPm2Pid(here: Pm2Surroundings): string | undefined {
  return looksLikePm2(here) && !findPm2Place(here) ? (daemonFiles(here).pid[0] ?? 'PM2_HOME/pm2.pid') : undefined;
}

const looksLikePm2 = ({ env, isWorker }: Pm2Surroundings): boolean =>
  isWorker && env.pm_id !== undefined && env.exec_mode === 'cluster_mode';

/** By what the daemon was started with, by what this process was told, and as they are by default. */
function daemonFiles({ env, ppid, parent = readParent(ppid) }: Pm2Surroundings): Record<keyof typeof FILES, string[]> {
  const homes = [parent.env.PM2_HOME, env.PM2_HOME].filter(home => !!home) as string[];
  const paths = ([variable, file]: readonly [string, string]) =>
    [parent.env[variable], env[variable], ...homes.map(home => join(home, file))]
      .filter(path => !!path)
      .map(path => resolve(parent.cwd, path!));
  return { pid: paths(FILES.pid), pub: paths(FILES.pub), rpc: paths(FILES.rpc) };
}

/** Linux tells it of each process of the same user; elsewhere what this process was told has to do. */
function readParent(pid: number): Parent {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const env = Object.fromEntries(entries.map(entry => entry.split(/=(.*)/s).slice(0, 2)));
    return { env, cwd: readlinkSync(`/proc/${pid}/cwd`) };
  } catch {
    return { env: {}, cwd: '' };
  }
}

/** The daemon gives a worker that is being replaced another id, `_old_` before its own; since when it lives stays. */
export function processName(id: unknown, since: unknown): string {
  return `${String(id).replace('_old_', '')}:${String(since)}`;
}

/** A hash, because the daemon's bus gives a meaning to some characters of an event's name. */
function channelOf(namespace: string, name: string): string {
  const hash = createHash('sha256').update(`${namespace}\0${name}`).digest('hex').slice(0, 16);
  return `csc${CHANNEL_VERSION}-${hash}`;
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
