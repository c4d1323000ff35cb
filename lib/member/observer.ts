// What a member tells those who use it.

import type { DeposedCause } from '../protocol/messages.js';

/** This member leads from now on, or no longer. */
export interface RoleChange {
  readonly term: number;
  /** Why the last term ended: the one before its own, or its own; absent where that isn't known, or there was none. */
  readonly cause?: DeposedCause;
  /** The error of the real client that ended it, or that it could not be opened with. */
  readonly error?: Error;
}

/** What a handle hears of its member. None of it may throw. */
export interface MemberObserver {
  /** It asks for nothing any more, and waits for what it asked for to end. */
  readonly isClosed: boolean;
  leader(event: RoleChange): void;
  follower(event: RoleChange): void;
  error(error: unknown): void;
  warning(message: string): void;
  /** An event of the real client; `copy` makes arguments for each listener. */
  upstream(event: string, copy: () => unknown[]): void;
  methods(names: readonly string[]): void;
}
