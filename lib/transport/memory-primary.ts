// The primary of an in-memory network: its process, and its end of the channels to all workers.

import type { PipeParts } from './memory-pipe.js';
import { MemoryProcess } from './memory-process.js';
import type { MemoryWorker, PrimarySide } from './memory-worker.js';
import type { Peer, PrimaryEnd, PrimaryEndHandlers } from './transport.js';

/** See `MemoryNetwork.primaryEnd`. */
export class MemoryPrimary implements PrimaryEnd, PrimarySide {
  readonly process: MemoryProcess;
  readonly #workers = new Map<number, MemoryWorker>();
  /** Workers whose channel is open, as far as the primary has read. */
  readonly #open = new Set<number>();
  /** Workers for which `closed` was reported, but not yet `exited`. */
  readonly #halfGone = new Set<number>();
  #handlers: PrimaryEndHandlers | undefined;
  #isClosed = false;

  constructor(parts: PipeParts) {
    this.process = new MemoryProcess(parts.clock, parts.schedule);
  }

  get workers(): Iterable<MemoryWorker> {
    return this.#workers.values();
  }

  get count(): number {
    return this.#workers.size;
  }

  add(worker: MemoryWorker): void {
    this.#workers.set(worker.workerId, worker);
    this.#open.add(worker.workerId);
  }

  /** May be called again after `close()`, as a new end of the same process. */
  listen(handlers: PrimaryEndHandlers): void {
    this.#handlers = handlers;
    this.#isClosed = false;
  }

  send(workerId: number, message: object, written: () => void): void {
    const worker = this.#isClosed ? undefined : this.#workers.get(workerId);
    if (worker) worker.receive(message, written);
    else this.process.clock.defer(written);
  }

  kill(workerId: number): void {
    this.#workers.get(workerId)?.kill();
  }

  close(): void {
    this.#isClosed = true;
    this.#handlers = undefined;
    this.#halfGone.clear();
  }

  received(peer: Peer, message: unknown): void {
    this.#handlers?.message(peer, message, 'public');
  }

  closed(workerId: number): void {
    if (!this.#open.delete(workerId) || !this.#handlers) return;
    this.#halfGone.add(workerId);
    this.#handlers.closed(workerId);
  }

  exited(workerId: number): void {
    this.closed(workerId);
    this.#workers.delete(workerId);
    if (this.#halfGone.delete(workerId)) this.#handlers?.exited(workerId);
  }
}
