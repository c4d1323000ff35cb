// What workers under PM2 agree on: the state that the log on the bus leads to.

import type { GroupMember, GroupState } from './group-state.js';

/** What all who have read the log to the same place agree on: plain data, so that it travels to new workers as it is. */
export interface LogState {
  /** By incarnation. */
  readonly peers: Readonly<Record<string, BusPeer>>;
  readonly groups: Readonly<Record<string, BusGroup>>;
  /** The highest term of groups that are gone: a group that comes again goes on from there. */
  readonly lastTerm: number;
}

/** A worker that takes part. */
export interface BusPeer {
  readonly process: string;
  readonly workerId: number;
  readonly pid: number;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  /** The number of its last packet. */
  readonly seen: number;
  /** What it last listened on, or was about to: removed by the others when it dies. */
  readonly address?: string;
}

export interface BusMember extends GroupMember {
  readonly digest: string;
}

/** Its times are those of the daemon's clock. */
export interface BusGroup extends GroupState {
  /** By incarnation. */
  readonly members: Readonly<Record<string, BusMember>>;
  /** Where the leader of this term can be reached past the bus, or why it can't. */
  readonly offer?: { readonly term: number; readonly address?: string; readonly problem?: string };
}
