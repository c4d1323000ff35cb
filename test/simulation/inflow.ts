// What the primary of a simulation reads: when it last read something of each worker, and what of the app's own messages it
// still has to read, which costs it time.

import type { PrimarySide } from '../../lib/transport/memory-worker.js';

/** A message of the app's; `readMs`: what it costs who reads it. */
export interface Chatter {
  readonly chatter: number;
  readonly readMs: number;
}

export const isChatter = (message: unknown): message is Chatter =>
  typeof message === 'object' && message !== null && 'chatter' in message;

interface Channel {
  readAt: number;
  /** Messages of the app's that are on their way. */
  unread: number;
  isClosed: boolean;
}

export class Inflow {
  readonly #channels = new Map<number, Channel>();

  /** @param chatters called when a worker sends what its app says, and when the primary reads it */
  constructor(
    private readonly now: () => number,
    private readonly chatters: (workerId: number) => void,
  ) {}

  watch(primary: PrimarySide): void {
    const received = primary.received.bind(primary);
    const closed = primary.closed.bind(primary);
    primary.received = (peer, message) => {
      this.#read(peer.workerId, message);
      received(peer, message);
    };
    // Nothing of it follows.
    primary.closed = workerId => {
      Object.assign(this.#of(workerId), { isClosed: true, unread: 0 });
      closed(workerId);
    };
  }

  /** When the primary last read a message of this worker's, whatever it says. */
  readAt(workerId: number): number {
    return this.#of(workerId).readAt;
  }

  /** Nothing of the app's is on its way. */
  get isQuiet(): boolean {
    return [...this.#channels.values()].every(({ unread }) => unread === 0);
  }

  /** A worker sends a message of the app's. */
  sent(workerId: number): void {
    const channel = this.#of(workerId);
    if (channel.isClosed) return;
    channel.unread++;
    this.chatters(workerId);
  }

  #read(workerId: number, message: unknown): void {
    const channel = this.#of(workerId);
    channel.readAt = this.now();
    if (!isChatter(message)) return;
    channel.unread--;
    this.chatters(workerId);
  }

  #of(workerId: number): Channel {
    let channel = this.#channels.get(workerId);
    if (!channel) {
      channel = { readAt: 0, unread: 0, isClosed: false };
      this.#channels.set(workerId, channel);
    }
    return channel;
  }
}
