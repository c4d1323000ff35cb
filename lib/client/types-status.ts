// What `status()` of a handle returns. Only types.

import type { FailureReason } from '../metrics/call-counts.js';
import type { FailoverStatus, TermEndStatus } from '../metrics/failovers.js';
import type { Histogram } from '../metrics/histogram.js';
import type { ServedStatus } from '../metrics/served.js';

/** Where a client stands: a plain object, for logs and health checks. */
export interface ClientStatus {
  /** The group. */
  readonly name: string;
  /** How this process reaches the primary; `'local'`: it is the primary itself, or alone. */
  readonly transport: 'cluster' | 'local' | 'memory' | 'pm2';
  /** How calls travel now; `'local'`: this member leads; `undefined`: no leader is ready. */
  readonly route: 'local' | 'relay' | 'direct' | undefined;
  /** Why calls don't travel by the direct route, where the primary asked for it. */
  readonly routeProblem: string | undefined;
  readonly role: 'leader' | 'follower';
  /** The last term that this member knows of; 0 before the first. */
  readonly term: number;
  readonly leader: Leader | undefined;
  /** The calls of this process. */
  readonly calls: CallCounts;
  /** The calls that this process ran as a leader, whoever made them, over all its terms. */
  readonly served: ServedStatus;
  /** The subscriptions of this process. */
  readonly subscriptions: number;
  /** The sticky publications of this process. */
  readonly sticky: number;
  /** Bytes that wait in this process: of calls for a leader, and of the data of all its clients for their channel. */
  readonly queuedBytes: number;
  /** How the last term ended; `undefined` where none has, or this process wasn't told. */
  readonly ended: TermEndStatus | undefined;
  /** Since the start of this process, as it saw them. */
  readonly failovers: FailoverStatus;
}

/** Counts of calls since the start. */
export interface CallCounts {
  /** Wait for a leader now. */
  readonly waiting: number;
  /** Are on their way, or run, now. */
  readonly inFlight: number;
  /** Ended so far. */
  readonly ended: { readonly ok: number; readonly failed: number };
  /**
   * How many failed for each reason that there was: a code of the library's, `'rejected'` for the real client's own error,
   * `'cancelled'` by their `signal`.
   */
  readonly failures: { readonly [reason in FailureReason]?: number };
  /** Idempotent calls that were sent again to the next leader, so far. */
  readonly resent: number;
  /** Of those that were sent: how long they waited in this process for a leader. */
  readonly queued: Histogram;
  /** Of those that have ended: how long they took, from when they were made. */
  readonly total: Histogram;
}

/** Who leads. */
export interface Leader {
  /** `cluster.worker.id`; 0 is the primary itself. */
  readonly workerId: number;
  readonly pid: number;
}
