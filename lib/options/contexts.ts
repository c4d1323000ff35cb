// What the library hands to functions of the user: when it opens a real client, runs a call, or chooses a leader.

/** What `open` is given. */
export interface OpenContext {
  /** The group. */
  readonly name: string;
  /** The term that begins with this real client; a fencing token that only grows. */
  readonly term: number;
  /** Aborts when this member no longer leads. */
  readonly signal: AbortSignal;
  /** Says that the real client is lost: the term ends and a new one is opened, with backoff. Later calls do nothing. */
  fail(error: unknown): void;
  /**
   * Says that the real client came back by itself, so that values may have been missed: subscribers get `resync` with the
   * reason `'reconnected'`, and last values are forgotten. The term goes on.
   */
  resync(): void;
}

/** What `callContext()` returns inside a method that runs in the leader. */
export interface CallContext {
  /** The term in which the call runs: hand it to a server that fences. */
  readonly term: number;
  /** The group. */
  readonly name: string;
  /** Aborts when the caller cancelled the call, its deadline passed, or the term ended. */
  readonly signal: AbortSignal;
  /** When the caller gives up, in ms of the machine's monotonic clock (`process.hrtime`); `Infinity` if never. */
  readonly deadline: number;
}

/** A member that may lead, as {@link ChooseLeader} sees it. */
export interface Candidate {
  /** `cluster.worker.id`; 0 is the primary itself. */
  readonly workerId: number;
  readonly pid: number;
  /** When it joined the group, in ms since 1970. */
  readonly joinedAt: number;
  /** The number of groups that its worker leads now. */
  readonly leads: number;
  /** The member's own `priority`. */
  readonly priority: number;
}

/** Picks one of `candidates` (there is at least one) to lead the group `name`. Runs in the primary; must not take long. */
export type ChooseLeader = (candidates: readonly Candidate[], name: string) => Candidate;
