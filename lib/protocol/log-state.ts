// The state that workers under PM2 share, derived from the log on the bus.

import type { GroupMember, GroupState } from './group-state.js';

/** The same in all workers that have read the log up to the same position. Plain data, to be sent to new workers. */
export interface LogState {
  /** Keyed by incarnation. */
  readonly peers: Readonly<Record<string, BusPeer>>;
  readonly groups: Readonly<Record<string, BusGroup>>;
  /** The highest term of removed groups. A group that is created again continues from it. */
  readonly lastTerm: number;
  /** Identifies this log among those of all hosts. Absent if a worker of an older release has begun it. */
  readonly life?: string;
}

/** A participating worker. */
export interface BusPeer {
  readonly process: string;
  readonly workerId: number;
  readonly pid: number;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  /** The number of its last packet. */
  readonly seen: number;
  /** Address it last listened on or announced. The others remove it when the worker dies. */
  readonly address?: string;
}

export interface BusMember extends GroupMember {
  readonly digest: string;
}

/** Times are those of the daemon's clock. */
export interface BusGroup extends GroupState {
  /** Keyed by incarnation. */
  readonly members: Readonly<Record<string, BusMember>>;
  /** Address of the leader of this term for the direct route, or why there is none. */
  readonly offer?: { readonly term: number; readonly address?: string; readonly problem?: string };
}
