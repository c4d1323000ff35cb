// What a member reports to its handles.

import type { DeposedCause } from '../protocol/messages.js';

/** This member leads from now on, or leads no longer. */
export interface RoleChange {
  readonly term: number;
  /** Why the last term ended: for `leader` the one before its own, for `follower` its own. Absent if unknown. */
  readonly cause?: DeposedCause;
  /** The error of the real client that ended the term or prevented the client from opening. */
  readonly error?: Error;
}

/** The notifications that a handle receives from its member. None of them may throw. */
export interface MemberObserver {
  /** It starts nothing new, and waits for what is in progress. */
  readonly isClosed: boolean;
  leader(event: RoleChange): void;
  follower(event: RoleChange): void;
  error(error: unknown): void;
  warning(message: string): void;
  /** An event of the real client. `copy` creates new arguments for each listener. */
  upstream(event: string, copy: () => unknown[]): void;
  methods(names: readonly string[]): void;
  /** Data reaches the leader, for the first time or again. */
  reached?(): void;
}
