// The return type of a handle's `status()`. Only types.

import type { FailureReason } from '../metrics/call-counts.js';
import type { FailoverStatus, TermEndStatus } from '../metrics/failovers.js';
import type { Histogram } from '../metrics/histogram.js';
import type { ServedStatus, StreamCounts } from '../metrics/served.js';

/** The state of a client: a plain object, for logs and health checks. */
export interface ClientStatus {
  /** The name of the group. */
  readonly name: string;
  /** How this process reaches the primary. `'local'`: it is the primary itself, or `standalone`. */
  readonly transport: 'cluster' | 'local' | 'memory' | 'pm2' | 'fleet';
  /** The route of calls now. `'local'`: this member leads. `undefined`: no leader is ready. */
  readonly route: 'local' | 'relay' | 'direct' | undefined;
  /** Why calls do not take the direct route although the primary enabled it; `undefined` without such a problem. */
  readonly routeProblem: string | undefined;
  readonly role: 'leader' | 'follower';
  /** The last term that this member knows of; 0 before the first. */
  readonly term: number;
  readonly leader: Leader | undefined;
  /** The calls of this process. */
  readonly calls: CallCounts;
  /** The calls that this process ran as a leader, from all callers, over all its terms. */
  readonly served: ServedStatus;
  /** The number of subscriptions of this process. */
  readonly subscriptions: number;
  /** The number of sticky publications of this process. */
  readonly sticky: number;
  /**
   * Bytes that wait in this process: calls that wait for a leader, and data of all its clients that waits for their channel.
   */
  readonly queuedBytes: number;
  /** How the last term ended; `undefined` if none has, or if this process does not know. */
  readonly ended: TermEndStatus | undefined;
  /** The failovers that this process saw since it started. */
  readonly failovers: FailoverStatus;
  /** With `across`: which host of the fleet leads, as far as this worker knows. `undefined` without a fleet. */
  readonly fleet: FleetPosition | undefined;
}

/** Who leads a group of a fleet. */
export interface FleetPosition {
  /** The last fleet term; 0 before the first. */
  readonly term: number;
  /** The name of the host; `undefined` if none leads. */
  readonly host: string | undefined;
  /** Whether that is this host. */
  readonly isHere: boolean;
  /** Whether this host's connection to the fleet's engine works. */
  readonly connected: boolean;
}

/** Counts of calls since the start. */
export interface CallCounts {
  /** Waiting for a leader now. */
  readonly waiting: number;
  /** Sent or running now. */
  readonly inFlight: number;
  /** Ended so far. */
  readonly ended: { readonly ok: number; readonly failed: number };
  /**
   * Failed calls by reason: a code of this library, `'rejected'` for an error of the real client, `'cancelled'` by their
   * `signal`. Contains only the reasons that occurred.
   */
  readonly failures: { readonly [reason in FailureReason]?: number };
  /** Idempotent calls that were sent again to the next leader, so far. */
  readonly resent: number;
  /** Streams that are read in this process; their items are those that came and were not taken. */
  readonly streams: StreamCounts;
  /** For calls that were sent: how long they waited in this process for a leader. */
  readonly queued: Histogram;
  /** For calls that have ended: how long they took, from when they were made. */
  readonly total: Histogram;
}

/** The leader of a group. */
export interface Leader {
  /** `cluster.worker.id`; 0 is the primary itself. */
  readonly workerId: number;
  readonly pid: number;
}
