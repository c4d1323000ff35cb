// What `status()` of a handle returns. Only types.

/** Where a client stands: a plain object, for logs and health checks. */
export interface ClientStatus {
  /** The group. */
  readonly name: string;
  /** How this process reaches the primary; `'local'`: it is the primary itself, or alone. */
  readonly transport: 'cluster' | 'local' | 'memory';
  /** How calls travel now; `'local'`: this member leads; `undefined`: no leader is ready. */
  readonly road: 'local' | 'relay' | undefined;
  readonly role: 'leader' | 'follower';
  /** The last term that this member knows of; 0 before the first. */
  readonly term: number;
  readonly leader: Leader | undefined;
  /** The calls of this process. */
  readonly calls: CallCounts;
  /** The subscriptions of this process. */
  readonly subscriptions: number;
  /** The sticky publications of this process. */
  readonly sticky: number;
}

/** Counts of calls since the start. */
export interface CallCounts {
  /** Wait for a leader now. */
  readonly waiting: number;
  /** Are on their way, or run, now. */
  readonly inFlight: number;
  /** Ended so far. */
  readonly ended: { readonly ok: number; readonly failed: number };
  /** Idempotent calls that were sent again to the next leader, so far. */
  readonly resent: number;
}

/** Who leads. */
export interface Leader {
  /** `cluster.worker.id`; 0 is the primary itself. */
  readonly workerId: number;
  readonly pid: number;
}
