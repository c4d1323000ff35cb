// What the library passes to functions of the user: when it opens a real client, runs a call, or chooses a leader.

/** The parameter of `open`. */
export interface OpenContext {
  /** The group. */
  readonly name: string;
  /** The term of this real client: a fencing token that only increases. */
  readonly term: number;
  /** Aborts when this member no longer leads. */
  readonly signal: AbortSignal;
  /**
   * Reports that the real client is lost: the term ends and a new one is opened, with backoff. Later calls have no effect.
   */
  fail(error: unknown): void;
  /**
   * Reports that the real client reconnected by itself and may have missed values: subscribers get `resync` with the
   * reason `'reconnected'`, and last values are discarded. The term continues.
   */
  resync(): void;
}

/** What `callContext()` returns inside a method that runs in the leader. */
export interface CallContext {
  /** The term in which the call runs: a fencing token to pass to a server that checks it. */
  readonly term: number;
  /** The group. */
  readonly name: string;
  /** Aborts when the caller cancelled the call, its deadline passed, or the term ended. */
  readonly signal: AbortSignal;
  /** When the call times out, in ms of the machine's monotonic clock (`process.hrtime`); `Infinity` if never. */
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

/** Chooses one of `candidates` (there is at least one) to lead the group `name`. Runs in the primary; must be fast. */
export type ChooseLeader = (candidates: readonly Candidate[], name: string) => Candidate;
