// The public types of what `setupPrimary()` returns.

import type { FailoverStatus, TermEndStatus } from '../metrics/failovers.js';
import type { DeposedCause } from '../protocol/messages.js';

export type { DeposedCause } from '../protocol/messages.js';

/** The primary's side of all groups. */
export interface Primary extends AsyncDisposable {
  /** The current status as a plain object, for logs and health checks. */
  status(): PrimaryStatus;
  /**
   * Hands over a group: the leader finishes its calls, and the successor takes over. Resolves when the successor is ready.
   * Rejects if that fails; the old leader then opens again.
   * @param workerId the successor; default: the usual choice, without the leader
   * @throws {SharedClientError} `ERR_INVALID_OPTION` for an unknown group, or a worker that may not lead it
   */
  transfer(name: string, workerId?: number): Promise<void>;
  on<E extends keyof PrimaryEvents>(event: E, listener: (...args: PrimaryEvents[E]) => void): this;
  once<E extends keyof PrimaryEvents>(event: E, listener: (...args: PrimaryEvents[E]) => void): this;
  off<E extends keyof PrimaryEvents>(event: E, listener: (...args: PrimaryEvents[E]) => void): this;
  /**
   * Shuts down the primary's side. The workers keep running without it. Idempotent. Resolves once none of them leads any
   * more: each has received the shutdown, or its lease has expired.
   */
  close(): Promise<void>;
}

/** The result of the primary's `status()`. */
export interface PrimaryStatus {
  /** In order of creation. A list, because a group may be named `__proto__`. */
  readonly groups: readonly GroupStatus[];
  /** Data frames relayed so far. */
  readonly messages: number;
  /** Bytes of data relayed so far. */
  readonly bytes: number;
  /** Bytes that currently wait for workers that do not read. */
  readonly queuedBytes: number;
  /** Every worker that uses the library, in order of arrival. */
  readonly workers: readonly WorkerStatus[];
}

/** One worker in {@link PrimaryStatus}. */
export interface WorkerStatus {
  /** `cluster.worker.id`; 0 is the primary itself. */
  readonly workerId: number;
  readonly pid: number;
  /** Number of groups that it leads. */
  readonly leads: number;
  /** Bytes that currently wait for it because it does not read. */
  readonly queuedBytes: number;
}

/** One group in {@link PrimaryStatus}. */
export interface GroupStatus {
  readonly name: string;
  /** The current term, or the last one. */
  readonly term: number;
  /**
   * `'opening'`: a leader is appointed and opens the real client. `'preparing'`: the leader leads while its successor opens
   * one too. `'handing-over'`: the leader finishes its calls. `'fenced'`: the leader cannot be reached, and its lease or its
   * process must end first.
   */
  readonly state: 'vacant' | 'opening' | 'leading' | 'preparing' | 'handing-over' | 'fenced';
  readonly leader: { readonly workerId: number; readonly pid: number } | undefined;
  readonly members: readonly MemberStatus[];
  /** How the last term ended; `undefined` if none has. */
  readonly ended: TermEndStatus | undefined;
  /** Since the start of the primary, over all members that the group has had. */
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
  /** The route of its data to the leader; `'local'`: it is the leader; `undefined`: no leader is ready. */
  readonly route: 'local' | 'relay' | 'direct' | undefined;
}

/** A group member, in an event. */
export interface MemberEvent {
  /** The group. */
  readonly name: string;
  readonly workerId: number;
  readonly pid: number;
}

/** A group leader, in an event. */
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
  /** A term has ended. `error`: the error that ended it, or with which the real client failed to open. */
  deposed: [event: LeaderEvent & { readonly cause: DeposedCause; readonly error?: Error }];
  /** A group has members, but none that may lead it. */
  vacant: [event: { readonly name: string }];
  /** A non-fatal problem that needs attention. `name` is the group, if it concerns one. */
  warning: [warning: { readonly message: string; readonly name?: string; readonly cause?: unknown }];
}
