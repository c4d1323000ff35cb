// Where a process stands under PM2, and whether it does: read from its environment, which alone can't be trusted.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

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
}

/** The version of what is said on the bus; another is another channel. */
const CHANNEL_VERSION = 1;

/**
 * The place of a cluster worker of PM2's daemon; `undefined` elsewhere. Forked children, and workers of a cluster under
 * an app in fork mode, inherit the environment of one, but their parent isn't the daemon.
 */
export function findPm2Place(here: Pm2Surroundings): Pm2Place | undefined {
  const { env } = here;
  const { pm_id: id, pm_uptime: since, PM2_HOME: home, name = '', namespace = 'default' } = env;
  if (!here.isWorker || id === undefined || env.exec_mode !== 'cluster_mode' || !home) return undefined;
  if (readPid(join(home, 'pm2.pid')) !== here.ppid) return undefined;
  const socket = (file: string) => (here.platform === 'win32' ? `\\\\.\\pipe\\${file}` : join(home, file));
  return {
    process: processName(id, since),
    name,
    namespace,
    pubSocket: socket('pub.sock'),
    rpcSocket: socket('rpc.sock'),
    channel: channelOf(namespace, name),
  };
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
