// What `whileLeader()` returns. Only types.

import type { ClientWarning } from './types-events.js';
import type { Leader } from './types-status.js';

/** Work that one worker of the group does, the leader. */
export interface LeaderTask extends AsyncDisposable {
  /** As it was given. Its group is named `whileLeader:` and this. */
  readonly name: string;
  /** Whether this worker leads, so that the task runs here, is about to, or has ended here. */
  readonly isLeader: boolean;
  /** Where the task stands: a plain object, for logs and health checks. */
  status(): LeaderTaskStatus;
  /** Steps down, if this worker leads; resolves when the task has ended, or `drainTimeoutMs` is over. It may lead again. */
  resign(): Promise<void>;
  /** Ends this worker's part, as `resign()` does, for good. Idempotent. */
  close(): Promise<void>;
  on<E extends keyof LeaderTaskEvents>(event: E, listener: (...args: LeaderTaskEvents[E]) => void): this;
  once<E extends keyof LeaderTaskEvents>(event: E, listener: (...args: LeaderTaskEvents[E]) => void): this;
  off<E extends keyof LeaderTaskEvents>(event: E, listener: (...args: LeaderTaskEvents[E]) => void): this;
}

/** What `status()` of a {@link LeaderTask} returns. */
export interface LeaderTaskStatus {
  readonly name: string;
  readonly role: 'leader' | 'follower';
  /**
   * Of the task in this worker. `'idle'`: another one leads, or nobody. `'starting'`: this one leads, and the task waits
   * for its lease, or for the pause after an error. `'stopping'`: its signal has aborted, but it still runs.
   * `'done'`: it ended normally in this term, or with `once` in an earlier one.
   */
  readonly task: 'idle' | 'starting' | 'running' | 'stopping' | 'done';
  /** The last term that this worker knows of; 0 before the first. */
  readonly term: number;
  readonly leader: Leader | undefined;
  /** How often it was begun in this worker. */
  readonly runs: number;
  /** How often it threw, or rejected, in this worker. */
  readonly failures: number;
}

/** The events of a {@link LeaderTask}, each with the arguments of its listeners. */
export interface LeaderTaskEvents {
  /** This worker leads: the task begins once it has its lease. */
  leader: [event: { readonly term: number }];
  /** It leads no longer. */
  follower: [event: { readonly term: number }];
  /** The task ended normally in this worker. */
  done: [event: { readonly term: number }];
  /** What the task threw in this worker; it is run again. Never kills the process. */
  error: [error: unknown];
  warning: [warning: ClientWarning];
  /** It is closed; the last event. */
  close: [];
}
