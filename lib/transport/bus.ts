// What a bus is: a daemon that passes on what each worker says to all of them, in one order. It carries opaque objects.

import type { Peer } from './transport.js';

/** A worker as the daemon knows it. */
export interface BusSelf extends Peer {
  /** Names this process apart from those before and after it in the same place. */
  readonly process: string;
}

/** A process that lives. */
export interface BusProcess {
  readonly process: string;
  /** The daemon's clock when it was started, in ms. */
  readonly since: number;
}

export interface BusHandlers {
  /** What is said from now on will come. */
  opened(): void;
  /**
   * A message of a worker of the same app, in the one order that all subscribers see, our own included.
   * `at` is the daemon's clock in ms. Must not throw.
   */
  message(message: unknown, at: number): void;
  /** The daemon saw a process of the same app die; in the same order. */
  exited(process: string, at: number): void;
  /** What is said now is missed, until `opened` comes again. `error`: why it could not be opened at all. */
  broken(error?: Error): void;
  /** The daemon wants this process to stop. */
  stopping(): void;
  /** As a worker's end. */
  closed(event: { readonly intended: boolean; holdExit(until: Promise<unknown>): void }): void;
}

/** One worker's place on the bus. */
export interface Bus {
  readonly self: BusSelf;
  /** Starts to report. Called once. */
  listen(handlers: BusHandlers): void;
  /**
   * Says something to all, or to the one process `to` alone, which sees it in the same order. Never throws.
   * `written` is called exactly once, never synchronously: when it was handed to the daemon, or is known lost.
   */
  send(message: object, written: () => void, to?: string): void;
  /** The processes of this app that live, as the daemon lists them; `undefined` where it doesn't answer. */
  listProcesses(): Promise<readonly BusProcess[] | undefined>;
  /** Stops to report and lets go of all handles and listeners. Idempotent. */
  close(): void;
}
