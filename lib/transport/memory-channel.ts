// The channel between the primary and one worker of an in-memory network: two pipes that open and close together.

import { MemoryPipe, type PipeParts } from './memory-pipe.js';
import type { MemoryProcess } from './memory-process.js';
import { type Serialization, travel } from './memory-travel.js';

/** Options for a channel of an in-memory network. */
export interface ChannelOptions {
  /** @default 'advanced' */
  readonly serialization?: Serialization;
  /** Latency of each message in ms. @default 0: the next turn */
  readonly latencyMs?: number;
}

/** Both directions of one channel. */
export class MemoryChannel {
  isOpen = true;
  readonly up: MemoryPipe;
  readonly down: MemoryPipe;
  readonly #primary: MemoryProcess;
  readonly #worker: MemoryProcess;
  readonly #serialization: Serialization;

  constructor(parts: PipeParts, primary: MemoryProcess, worker: MemoryProcess, options: ChannelOptions) {
    const { serialization = 'advanced', latencyMs = 0 } = options;
    this.#primary = primary;
    this.#worker = worker;
    this.#serialization = serialization;
    this.up = new MemoryPipe(parts, worker, primary, latencyMs);
    this.down = new MemoryPipe(parts, primary, worker, latencyMs);
  }

  sendUp(message: unknown, deliver: (copy: unknown) => void, written: () => void): void {
    this.#send(this.up, this.#worker, message, deliver, written);
  }

  sendDown(message: unknown, deliver: (copy: unknown) => void, written: () => void): void {
    this.#send(this.down, this.#primary, message, deliver, written);
  }

  // Copied immediately, like on a real channel. A frozen process sends nothing, although a promise may still run its code.
  #send(
    pipe: MemoryPipe,
    from: MemoryProcess,
    message: unknown,
    deliver: (copy: unknown) => void,
    written: () => void,
  ) {
    const sent = travel(message, this.#serialization);
    from.whenAwake(() => {
      if (sent && this.isOpen) pipe.push(() => deliver(sent.copy), written);
      else from.clock.defer(written);
    });
  }
}
