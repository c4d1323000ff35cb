// Defines a bus: a daemon that forwards each worker's messages to all workers, in one order. Messages are opaque.

import type { Peer } from './transport.js';

/** A worker as known to the daemon. */
export interface BusSelf extends Peer {
  /** Identifies this process, as distinct from earlier and later ones in the same slot. */
  readonly process: string;
}

/** A running process. */
export interface BusProcess {
  readonly process: string;
  /** When it was started, in ms on the daemon's clock. */
  readonly since: number;
}

export interface BusHandlers {
  /** Messages sent from now on will arrive. */
  opened(): void;
  /**
   * A message of a worker of the same app, including this one. All subscribers receive messages in the same order. `at` is
   * the daemon's clock in ms. Must not throw.
   */
  message(message: unknown, at: number): void;
  /** The daemon noticed that a process of the same app exited. In order with the messages. */
  exited(process: string, at: number): void;
  /** Messages are missed from now on, until `opened` is called again. `error`: why the bus could not be opened at all. */
  broken(error?: Error): void;
  /** The daemon wants this process to stop. */
  stopping(): void;
  /** See `WorkerEndHandlers.closed`. */
  closed(event: { readonly intended: boolean; holdExit(until: Promise<unknown>): void }): void;
}

/** One worker's access to the bus. */
export interface Bus {
  readonly self: BusSelf;
  /** Starts reporting events. Called once. */
  listen(handlers: BusHandlers): void;
  /**
   * Sends a message to all workers, or only to the process `to`; it arrives in the common order. Never throws. `written` is
   * called exactly once, never synchronously: when the message was passed to the daemon, or is known to be lost.
   */
  send(message: object, written: () => void, to?: string): void;
  /** The running processes of this app as listed by the daemon; `undefined` if it does not answer. */
  listProcesses(): Promise<readonly BusProcess[] | undefined>;
  /** Stops reporting and releases all handles and listeners. Idempotent. */
  close(): void;
}
