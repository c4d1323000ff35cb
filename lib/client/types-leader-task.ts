// The return type of `whileLeader()`. Only types.

import type { ClientWarning } from './types-events.js';
import type { FleetPosition, Leader } from './types-status.js';

/** A task that runs in one worker of the group, the leader. */
export interface LeaderTask extends AsyncDisposable {
  /** The name that was passed. The group is named `whileLeader:` followed by it. */
  readonly name: string;
  /** Whether this worker leads: the task runs here, is about to, or has ended here. */
  readonly isLeader: boolean;
  /** The state of the task: a plain object, for logs and health checks. */
  status(): LeaderTaskStatus;
  /**
   * Steps down, if this worker leads. Resolves when the task has ended, or after `drainTimeoutMs`. This worker may lead
   * again.
   */
  resign(): Promise<void>;
  /** Like `resign()`, but leaves the group for good. Idempotent. */
  close(): Promise<void>;
  on<E extends keyof LeaderTaskEvents>(event: E, listener: (...args: LeaderTaskEvents[E]) => void): this;
  once<E extends keyof LeaderTaskEvents>(event: E, listener: (...args: LeaderTaskEvents[E]) => void): this;
  off<E extends keyof LeaderTaskEvents>(event: E, listener: (...args: LeaderTaskEvents[E]) => void): this;
}

/** The return type of `status()` of a {@link LeaderTask}. */
export interface LeaderTaskStatus {
  readonly name: string;
  readonly role: 'leader' | 'follower';
  /**
   * The state of the task in this worker. `'idle'`: another worker leads, or none. `'starting'`: this one leads, and the
   * task waits for its lease, or for the pause after an error. `'stopping'`: its signal has aborted, but it still runs.
   * `'done'`: it ended normally in this term, or with `once` in an earlier one.
   */
  readonly task: 'idle' | 'starting' | 'running' | 'stopping' | 'done';
  /** The last term that this worker knows of; 0 before the first. */
  readonly term: number;
  readonly leader: Leader | undefined;
  /** How often it was started in this worker. */
  readonly runs: number;
  /** How often it threw or rejected in this worker. */
  readonly failures: number;
  /**
   * With `across`: which host of the fleet leads, as far as this worker knows. `term` is then the fleet term, and `leader` is
   * set on the host that leads.
   */
  readonly fleet?: FleetPosition;
}

/** The events of a {@link LeaderTask}, each with the arguments of its listeners. */
export interface LeaderTaskEvents {
  /** This worker leads. The task starts once the worker has its lease. */
  leader: [event: { readonly term: number }];
  /** It leads no longer. */
  follower: [event: { readonly term: number }];
  /** The task ended normally in this worker. */
  done: [event: { readonly term: number }];
  /** The error that the task threw in this worker. The task is run again. Never ends the process. */
  error: [error: unknown];
  warning: [warning: ClientWarning];
  /** It is closed. The last event. */
  close: [];
}
