// What a transport is. It carries opaque objects, in order, between each worker and its primary, and never looks inside.

/** A worker as its transport knows it. */
export interface Peer {
  /** `cluster.worker.id`; 0 is the primary's own process. */
  readonly workerId: number;
  readonly pid: number;
}

/**
 * How a message crosses a channel that has two ways: `internal`, where only Node and we listen, or `public`, where the
 * app's own `'message'` listeners receive it too. The order is kept over both. A transport with one way ignores what it is
 * asked for, and reports `public`.
 */
export type Via = 'internal' | 'public';

/** What a worker's end reports. */
export interface WorkerEndHandlers {
  /** A message of anybody's, ours or not; in the order sent. Must not throw. */
  message(message: unknown, via: Via): void;
  /**
   * The channel closed; nothing comes after it. Called at most once, synchronously with the news.
   * `intended` is true where the app closed it. `holdExit` delays the exit that Node would now do until the promise settles.
   */
  closed(event: { readonly intended: boolean; holdExit(until: Promise<unknown>): void }): void;
}

/** A worker's end of its channel to the primary. */
export interface WorkerEnd {
  readonly kind: 'cluster' | 'memory' | 'local' | 'pm2';
  /** Who we are. */
  readonly self: Peer;
  /** Messages arrive as they are, not as copies. */
  readonly isByReference?: true;
  /** Why nobody answers, and what to do about it, where that is known. */
  readonly advice?: string | undefined;
  /** Starts to report. At most one listener; called once. */
  listen(handlers: WorkerEndHandlers): void;
  /**
   * Hands a message to the channel. Keeps order. Never throws, whatever the state of the peer: a message to a closed
   * channel is dropped. `written` is called exactly once, never synchronously: when the message was written, or is known lost.
   */
  send(message: object, written: () => void, via?: Via): void;
  /** Stops to report and lets go of all listeners; the channel itself stays open. Idempotent. */
  close(): void;
}

/** What the primary's end reports. */
export interface PrimaryEndHandlers {
  /** A message from a worker; in the order that worker sent it. Must not throw. */
  message(peer: Peer, message: unknown, via: Via): void;
  /** The worker's channel closed and was read to its end; no message of it comes after. At most once a worker. */
  closed(workerId: number): void;
  /** The worker's process is known dead. Comes once, after `closed`, in the same turn where both are known. */
  exited(workerId: number): void;
}

/** The primary's end of the channels to all its workers. */
export interface PrimaryEnd {
  /** As {@link WorkerEnd.isByReference}. */
  readonly isByReference?: true;
  /** How many workers there are, whether they have said something or not. */
  readonly count: number;
  /** Starts to report, for workers that exist and for those that come. Called once. */
  listen(handlers: PrimaryEndHandlers): void;
  /** As {@link WorkerEnd.send}, to one worker. An unknown or dead worker: dropped, `written` is called all the same. */
  send(workerId: number, message: object, written: () => void, via?: Via): void;
  /** SIGKILL, whatever state the worker is in; `closed` and `exited` follow. Never throws. */
  kill(workerId: number): void;
  /** Stops to report and lets go of all listeners. Idempotent. */
  close(): void;
}
