// Detects whether a process runs under PM2, and where, from its environment, which alone cannot be trusted.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface Pm2Place {
  /** Identifies this incarnation: its id in the daemon's list, and the time since which it has been there. */
  readonly process: string;
  readonly name: string;
  readonly namespace: string;
  /** The socket on which the daemon publishes all messages. */
  readonly pubSocket: string;
  /** The socket on which the daemon answers requests. */
  readonly rpcSocket: string;
  /** The bus channel. Each app in each namespace has its own, so they never receive each other's messages. */
  readonly channel: string;
}

export interface Pm2Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ppid: number;
  readonly platform: string;
  /** `cluster.isWorker` */
  readonly isWorker: boolean;
  /** Environment of the parent, which may be the daemon. @default read from the system */
  readonly parent?: Parent;
}

interface Parent {
  /** The environment it was started with. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Files of the daemon, and the variables that change their paths (`paths.js` of PM2). */
const FILES = {
  pid: ['PM2_PID_FILE_PATH', 'pm2.pid'],
  pub: ['PM2_DAEMON_PUB_PORT', 'pub.sock'],
  rpc: ['PM2_DAEMON_RPC_PORT', 'rpc.sock'],
} as const;

/** The version of the messages on the bus. Each version uses its own channel. */
const CHANNEL_VERSION = 1;

/**
 * The place of a cluster worker of PM2's daemon; `undefined` for other processes. Forked children, and workers of a cluster
 * within an app in fork mode, inherit the environment of such a worker, but their parent is not the daemon.
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

/**
 * The file in which the parent's pid was expected, for a process that looks like a PM2 worker but was not accepted as one.
 */
export function missingPm2Pid(here: Pm2Surroundings): string | undefined {
  return looksLikePm2(here) && !findPm2Place(here) ? (daemonFiles(here).pid[0] ?? 'PM2_HOME/pm2.pid') : undefined;
}

const looksLikePm2 = ({ env, isWorker }: Pm2Surroundings): boolean =>
  isWorker && env.pm_id !== undefined && env.exec_mode === 'cluster_mode';

/** Paths according to the daemon's environment, to that of this process, and to the defaults. */
function daemonFiles({ env, ppid, parent = readParent(ppid) }: Pm2Surroundings): Record<keyof typeof FILES, string[]> {
  const homes = [parent.env.PM2_HOME, env.PM2_HOME].filter(home => !!home) as string[];
  const paths = ([variable, file]: readonly [string, string]) =>
    [parent.env[variable], env[variable], ...homes.map(home => join(home, file))]
      .filter(path => !!path)
      .map(path => resolve(parent.cwd, path!));
  return { pid: paths(FILES.pid), pub: paths(FILES.pub), rpc: paths(FILES.rpc) };
}

/** Linux provides this for each process of the same user. On other systems, the environment of this process must do. */
function readParent(pid: number): Parent {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const env = Object.fromEntries(entries.map(entry => entry.split(/=(.*)/s).slice(0, 2)));
    return { env, cwd: readlinkSync(`/proc/${pid}/cwd`) };
  } catch {
    return { env: {}, cwd: '' };
  }
}

/** The daemon renames a worker that is being replaced: `_old_` precedes its id. Its start time stays. */
export function processName(id: unknown, since: unknown): string {
  return `${String(id).replace('_old_', '')}:${String(since)}`;
}

/** A hash, because some characters in event names have a meaning on the daemon's bus. */
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
