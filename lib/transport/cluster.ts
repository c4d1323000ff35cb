// The only door to `node:cluster`: hands its objects to the two ends, which know them by small interfaces only.

import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import { type Clock, systemClock } from '../utils/clock.js';
import { type ClusterPrimary, ClusterPrimaryEnd } from './cluster-primary-end.js';
import { type ClusterWorker, ClusterWorkerEnd } from './cluster-worker-end.js';
import type { PrimaryEnd, WorkerEnd } from './transport.js';

/** What {@link createClusterPrimaryEnd} works on; a test brings its own. */
export interface ClusterPrimaryParts {
  readonly cluster?: ClusterPrimary;
  readonly clock?: Clock;
}

/** The primary's end of the channels that `node:cluster` opens to its workers. */
export function createClusterPrimaryEnd(parts: ClusterPrimaryParts = {}): PrimaryEnd {
  return new ClusterPrimaryEnd(parts.cluster ?? cluster, parts.clock ?? systemClock);
}

/** What {@link createClusterWorkerEnd} works on; a test brings its own. */
export interface ClusterWorkerParts {
  /** `cluster.worker` */
  readonly worker?: ClusterWorker;
  /** `process.exit` */
  readonly exit?: (code: number) => void;
  readonly clock?: Clock;
}

/** The end of a cluster worker; there is none elsewhere, see {@link whereAmI}. */
export function createClusterWorkerEnd(parts: ClusterWorkerParts = {}): WorkerEnd {
  const exit = parts.exit ?? process.exit;
  return new ClusterWorkerEnd(parts.worker ?? cluster.worker!, exit, parts.clock ?? systemClock);
}

/** Sets how messages travel to and from the workers forked from now on; their other settings stay. */
export function setClusterSerialization(
  kind: 'advanced' | 'json',
  to: Pick<typeof cluster, 'settings' | 'setupPrimary'> = cluster,
) {
  to.setupPrimary({ ...to.settings, serialization: kind });
}

/**
 * What this process is to `node:cluster`. `'primary'` is also a plain process and a `child_process.fork` child;
 * a worker thread is asked for first, as `cluster.isPrimary` is true there too.
 */
export function whereAmI(here = { isMainThread, isWorker: cluster.isWorker }): 'worker' | 'primary' | 'thread' {
  if (!here.isMainThread) return 'thread';
  return here.isWorker ? 'worker' : 'primary';
}
