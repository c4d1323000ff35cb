// A fleet, as users have it. Only types.

/** All hosts that use one name on one engine. One of them leads each group. Made by `natsFleet()` or `postgresFleet()`. */
export interface Fleet extends AsyncDisposable {
  readonly name: string;
  /** What this process knows of the fleet: a plain object, for logs and health checks. */
  status(): FleetStatus;
  /**
   * Hands the leadership of a group over to another host; resolves when that one leads and is ready.
   * @param name the name that was passed to `whileLeader()` in this process
   * @param hostName the host that should lead, as `status()` shows it; any other one by default
   * @throws {SharedClientError} `ERR_INVALID_OPTION`: this process has no such group, or there is no other host that may
   * lead; `ERR_TIMEOUT`: nobody was ready after 30 s
   */
  transfer(name: string, hostName?: string): Promise<void>;
  on<E extends keyof FleetEvents>(event: E, listener: (...args: FleetEvents[E]) => void): this;
  once<E extends keyof FleetEvents>(event: E, listener: (...args: FleetEvents[E]) => void): this;
  off<E extends keyof FleetEvents>(event: E, listener: (...args: FleetEvents[E]) => void): this;
  /** Gives up what this process leads, and closes its connection. Tasks of this fleet do not run here any more. Idempotent. */
  close(): Promise<void>;
}

/** The return type of `status()` of a {@link Fleet}. */
export interface FleetStatus {
  readonly name: string;
  /**
   * Whether the connection of this host to the engine works, as far as this process knows. Only the worker that leads a
   * group of its host has one.
   */
  readonly connected: boolean;
  /** The groups that this process takes part in. */
  readonly groups: readonly FleetGroupStatus[];
}

/** A group of a fleet, as one host knows it. */
export interface FleetGroupStatus {
  /** The name that was passed to `whileLeader()`. */
  readonly name: string;
  /** The last fleet term; 0 before the first. */
  readonly term: number;
  /** The name of the host that leads; `undefined` if none does. */
  readonly host: string | undefined;
  /** Whether that is this host. */
  readonly isHere: boolean;
  /** `unknown`: the store has not been read yet. `opening`: a host leads and is not ready yet. */
  readonly state: 'unknown' | 'vacant' | 'opening' | 'ready';
  readonly leaseMs: number;
}

/** The events of a {@link Fleet}, each with the arguments of its listeners. */
export interface FleetEvents {
  /** A host leads and is ready. */
  leader: [event: FleetTermEvent];
  /** A host leads no longer. */
  lost: [event: FleetTermEvent & { readonly cause: string | undefined }];
  /** Something needs attention. `cause`: the error, if there is one. */
  warning: [warning: { readonly message: string; readonly cause?: unknown }];
}

/** A fleet term of a group. */
export interface FleetTermEvent {
  readonly name: string;
  readonly term: number;
  /** The name of the host. */
  readonly host: string;
}
