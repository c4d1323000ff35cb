// The only file that imports `node:cluster`: passes its objects to the two ends, which use small interfaces.

import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import { type Clock, systemClock } from '../utils/clock.js';
import { type ClusterPrimary, ClusterPrimaryEnd } from './cluster-primary-end.js';
import { type ClusterWorker, ClusterWorkerEnd } from './cluster-worker-end.js';
import type { PrimaryEnd, WorkerEnd } from './transport.js';

/** Dependencies of {@link createClusterPrimaryEnd}, replaceable in tests. */
export interface ClusterPrimaryParts {
  readonly cluster?: ClusterPrimary;
  readonly clock?: Clock;
}

/** The primary's end of the channels between `node:cluster` and its workers. */
export function createClusterPrimaryEnd(parts: ClusterPrimaryParts = {}): PrimaryEnd {
  return new ClusterPrimaryEnd(parts.cluster ?? cluster, parts.clock ?? systemClock);
}

/** Dependencies of {@link createClusterWorkerEnd}, replaceable in tests. */
export interface ClusterWorkerParts {
  /** `cluster.worker` */
  readonly worker?: ClusterWorker;
  /** `process.exit` */
  readonly exit?: (code: number) => void;
  readonly clock?: Clock;
}

/** The end of a cluster worker. Only for a cluster worker, see {@link whereAmI}. */
export function createClusterWorkerEnd(parts: ClusterWorkerParts = {}): WorkerEnd {
  const exit = parts.exit ?? process.exit;
  return new ClusterWorkerEnd(parts.worker ?? cluster.worker!, exit, parts.clock ?? systemClock);
}

/** Sets the serialization for workers forked from now on. Other settings stay unchanged. */
export function setClusterSerialization(
  kind: 'advanced' | 'json',
  to: Pick<typeof cluster, 'settings' | 'setupPrimary'> = cluster,
) {
  to.setupPrimary({ ...to.settings, serialization: kind });
}

/**
 * The role of this process in `node:cluster`. A plain process and a `child_process.fork` child are `'primary'` too. Worker
 * threads are checked first, because `cluster.isPrimary` is also true in them.
 */
export function whereAmI(here = { isMainThread, isWorker: cluster.isWorker }): 'worker' | 'primary' | 'thread' {
  if (!here.isMainThread) return 'thread';
  return here.isWorker ? 'worker' : 'primary';
}
