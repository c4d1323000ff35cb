// What a fleet needs from an engine such as NATS or PostgreSQL: a store of small records with compare-and-swap, and if the
// engine can, announcements of what was written.

import type { Messages } from './messages.js';

/** A record as it was read. */
export interface Reading {
  /** Changes with each write, and grows unless the store loses data. 0: there is no record. */
  readonly revision: number;
  /** Undefined if there is no record, or if an operator deleted it (`revision` may then be above 0). */
  readonly text: string | undefined;
}

export interface Register {
  /** Reads from where writes are decided, never from a replica. Rejects if the answer does not arrive in time. */
  read(key: string): Promise<Reading>;
  /**
   * Writes if the revision still is `expected`. @returns the new revision. Rejects if it is not known whether the record was
   * written: it may even be written later.
   */
  write(key: string, text: string, expected: number): Promise<number | 'conflict'>;
}

/** One connection of a process to the engine, for all groups of a fleet. */
export interface Wire {
  readonly register: Register;
  /** Whether other hosts learn at once what was announced. Otherwise they have to read the register periodically. */
  readonly announces: boolean;
  /** Informs other hosts of a record that was written. May be lost. Does nothing while disconnected. Never throws. */
  announce(key: string, reading: Reading): void;
  /** Receives the announcements about `key` from now on. @returns a function that ends this */
  listen(key: string, announced: (reading: Reading) => void): () => void;
  /** Messages between the processes of the fleet, for calls. Without them, a fleet runs tasks only. */
  readonly messages?: Messages;
  /** Closes the connection. Idempotent. Never rejects, and does not wait longer than a second. */
  close(): Promise<void>;
}

export interface WireHandlers {
  /** The connection is interrupted, or restored by itself. Each is called only when it changes; a new wire is connected. */
  down(): void;
  up(): void;
  /** The connection is lost for good: a new wire is needed. Called at most once, and not after `close()`. */
  lost(): void;
  /** Something that the operator should know of. No text may contain a credential. */
  warn(text: string): void;
}

export interface Engine {
  /** Whether its wires have messages. */
  readonly carriesCalls?: boolean;
  /**
   * Connects. Checks that the engine can be used: versions, rights, the store itself, which it creates unless told not to.
   * Rejects with `ERR_INVALID_OPTION` if somebody has to change something before it can work.
   */
  connect(handlers: WireHandlers): Promise<Wire>;
}
