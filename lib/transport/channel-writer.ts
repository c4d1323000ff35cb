// Writes to a Node IPC channel such that nothing throws and every `written` is called. Does not listen to the channel.

import type { Clock } from '../utils/clock.js';
import { type Numbered, NumberedTable } from '../utils/numbered-table.js';
import { toInternal } from './internal-message.js';
import type { Via } from './transport.js';

/** The used part of `cluster.Worker`, the same in the primary and in the worker. */
export interface IpcChannel {
  isConnected(): boolean;
  send(message: object, callback: () => void): unknown;
}

/** A message that was passed to the channel and is not yet written. */
interface Unwritten extends Numbered<Unwritten> {
  done(): void;
}

/** The sending side of one channel. */
export class ChannelWriter {
  readonly #channel: IpcChannel;
  readonly #clock: Clock;
  readonly #unwritten = new NumberedTable<Unwritten>();
  #count = 0;

  constructor(channel: IpcChannel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  /** See `WorkerEnd.send`. */
  send(message: object, written: () => void, via: Via): void {
    const done = () => {
      if (this.#unwritten.delete(unwritten)) written();
    };
    const unwritten: Unwritten = { id: ++this.#count, behind: undefined, done };
    this.#unwritten.add(unwritten);
    if (!this.#trySend(via === 'internal' ? toInternal(message) : message, done)) this.#clock.defer(done);
  }

  // The callback is required: without one Node emits 'error' if the channel closes, which is uncaught in a primary.
  #trySend(message: object, done: () => void): boolean {
    // PM2's `process.send` never calls back on a closed channel.
    if (!this.#channel.isConnected()) return false;
    try {
      this.#channel.send(message, done);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * The channel closed: everything unwritten is lost. Node drops the callbacks of all messages that wait behind a handle
   * that the peer has not acknowledged (`_handleQueue` in its lib/internal/child_process.js), and a cluster primary sends a
   * handle for every connection.
   */
  release(): void {
    for (const { done } of this.#unwritten.inOrder()) this.#clock.defer(done);
  }
}
