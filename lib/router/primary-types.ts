// What `setupPrimary()` returns: the primary as its user sees it. Only types.

import type { FailoverStatus, TermEndStatus } from '../metrics/failovers.js';
import type { DeposedCause } from '../protocol/messages.js';

export type { DeposedCause } from '../protocol/messages.js';

/** The primary's half of all groups. */
export interface Primary extends AsyncDisposable {
  /** Where everything stands: a plain object, for logs and health checks. */
  status(): PrimaryStatus;
  /**
   * A planned hand-over: the leader lets its calls end, and the successor takes over. Resolves when the successor is
   * ready; rejects if it fails, and the old leader opens again.
   * @param workerId the successor; without it the usual choice, the leader left out
   * @throws {SharedClientError} `ERR_INVALID_OPTION` for an unknown group, or a worker that may not lead it
   */
  transfer(name: string, workerId?: number): Promise<void>;
  on<E extends keyof PrimaryEvents>(event: E, listener: (...args: PrimaryEvents[E]) => void): this;
  once<E extends keyof PrimaryEvents>(event: E, listener: (...args: PrimaryEvents[E]) => void): this;
  off<E extends keyof PrimaryEvents>(event: E, listener: (...args: PrimaryEvents[E]) => void): this;
  /**
   * Ends the primary's half. The workers live on without it. Idempotent. Resolves once none of them leads any more: when
   * it has read of it, or its lease is over.
   */
  close(): Promise<void>;
}

/** What `status()` of the primary returns. */
export interface PrimaryStatus {
  /** In the order in which they came to be. A list, because a group may be named `__proto__`. */
  readonly groups: readonly GroupStatus[];
  /** Data frames passed on so far. */
  readonly messages: number;
  /** Bytes of data passed on so far. */
  readonly bytes: number;
  /** Bytes that wait now for workers that don't read. */
  readonly queuedBytes: number;
  /** Every worker that shares something, in the order in which they came. */
  readonly workers: readonly WorkerStatus[];
}

/** One worker in {@link PrimaryStatus}. */
export interface WorkerStatus {
  /** `cluster.worker.id`; 0 is the primary itself. */
  readonly workerId: number;
  readonly pid: number;
  /** How many groups it leads. */
  readonly leads: number;
  /** Bytes that wait now for it, because it doesn't read. */
  readonly queuedBytes: number;
}

/** One group in {@link PrimaryStatus}. */
export interface GroupStatus {
  readonly name: string;
  /** The term in force, or the last one. */
  readonly term: number;
  /**
   * `'opening'`: a leader is appointed and opens the real client. `'preparing'`: the leader leads and its successor opens
   * one too. `'handing-over'`: the leader lets its calls end. `'fenced'`: the leader can't be reached, and its lease or
   * its process must end first.
   */
  readonly state: 'vacant' | 'opening' | 'leading' | 'preparing' | 'handing-over' | 'fenced';
  readonly leader: { readonly workerId: number; readonly pid: number } | undefined;
  readonly members: readonly MemberStatus[];
  /** How the last term ended; `undefined` where none has. */
  readonly ended: TermEndStatus | undefined;
  /** Since the start of the primary, whoever was in the group meanwhile. */
  readonly failovers: FailoverStatus;
}

/** One member in {@link GroupStatus}. */
export interface MemberStatus {
  /** `cluster.worker.id`; 0 is the primary itself. */
  readonly workerId: number;
  readonly pid: number;
  /** In ms since 1970. */
  readonly joinedAt: number;
  readonly eligible: boolean;
  readonly priority: number;
  /** How its data travels to the leader; `'local'`: it leads; `undefined`: no leader is ready. */
  readonly route: 'local' | 'relay' | 'direct' | undefined;
}

/** A member of a group, in an event. */
export interface MemberEvent {
  /** The group. */
  readonly name: string;
  readonly workerId: number;
  readonly pid: number;
}

/** A leader of a group, in an event. */
export interface LeaderEvent extends MemberEvent {
  readonly term: number;
}

/** The events of the primary, each with the arguments of its listeners. */
export interface PrimaryEvents {
  /** A member joined a group. */
  join: [event: MemberEvent];
  /** A member left a group, or died. */
  leave: [event: MemberEvent];
  /** A leader was appointed; its real client is not open yet. */
  appointed: [event: LeaderEvent];
  /** The real client of the leader is open. */
  ready: [event: LeaderEvent];
  /** A term is over. `error`: that of the real client that ended it, or could not be opened. */
  deposed: [event: LeaderEvent & { readonly cause: DeposedCause; readonly error?: Error }];
  /** A group has members but nobody who may lead it. */
  vacant: [event: { readonly name: string }];
  /** Something that works all the same, but that somebody should look at. `name` is the group, if it is about one. */
  warning: [warning: { readonly message: string; readonly name?: string; readonly cause?: unknown }];
}
