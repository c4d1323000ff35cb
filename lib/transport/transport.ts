// Defines a transport: it carries opaque messages, in order, between each worker and its primary.

/** A worker as known to its transport. */
export interface Peer {
  /** `cluster.worker.id`; 0 is the primary's own process. */
  readonly workerId: number;
  readonly pid: number;
}

/**
 * How a message crosses a channel that has two ways: `internal` reaches only Node and this library; `public` also reaches
 * the app's own `'message'` listeners. The order is kept across both. A transport with one way ignores the requested one and
 * reports `public`.
 */
export type Via = 'internal' | 'public';

/** The events of a worker's end. */
export interface WorkerEndHandlers {
  /** Any message, including foreign ones, in the order sent. Must not throw. */
  message(message: unknown, via: Via): void;
  /**
   * The channel closed; no messages follow. Called at most once, synchronously with the event. `intended`: the app closed
   * the channel. `holdExit` delays the exit that Node would now perform until the promise settles.
   */
  closed(event: { readonly intended: boolean; holdExit(until: Promise<unknown>): void }): void;
}

/** A worker's end of its channel to the primary. */
export interface WorkerEnd {
  readonly kind: 'cluster' | 'memory' | 'local' | 'pm2' | 'fleet';
  /** This worker. */
  readonly self: Peer;
  /** Messages are passed by reference instead of copied. */
  readonly isByReference?: true;
  /** If known, why the primary does not answer, and what to do about it. */
  readonly advice?: string | undefined;
  /** Starts reporting events. At most one listener; called once. */
  listen(handlers: WorkerEndHandlers): void;
  /**
   * Sends a message. Order is kept. Never throws, in any state of the peer: on a closed channel the message is dropped.
   * `written` is called exactly once, never synchronously: when the message was written, or is known to be lost.
   */
  send(message: object, written: () => void, via?: Via): void;
  /** Stops reporting and releases all listeners; the channel itself stays open. Idempotent. */
  close(): void;
}

/** The events of the primary's end. */
export interface PrimaryEndHandlers {
  /** A message from a worker, in the order in which that worker sent it. Must not throw. */
  message(peer: Peer, message: unknown, via: Via): void;
  /** The worker's channel closed and was read to the end; no messages of it follow. At most once per worker. */
  closed(workerId: number): void;
  /** The worker's process is known to be dead. Called once, after `closed`, in the same turn if both are known. */
  exited(workerId: number): void;
}

/** The primary's end of the channels to all its workers. */
export interface PrimaryEnd {
  /** See {@link WorkerEnd.isByReference}. */
  readonly isByReference?: true;
  /** Number of workers, whether they have sent something or not. */
  readonly count: number;
  /** Starts reporting events of existing and future workers. Called once. */
  listen(handlers: PrimaryEndHandlers): void;
  /**
   * Like {@link WorkerEnd.send}, to one worker. For an unknown or dead worker the message is dropped and `written` is
   * called.
   */
  send(workerId: number, message: object, written: () => void, via?: Via): void;
  /** SIGKILL, in any state of the worker; `closed` and `exited` follow. Never throws. */
  kill(workerId: number): void;
  /** Stops reporting and releases all listeners. Idempotent. */
  close(): void;
}
