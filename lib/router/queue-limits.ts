// How much may wait in the primary: for one worker, and for all of them.

import type { ResolvedPrimaryOptions } from '../options/options.js';
import type { Bundle } from '../protocol/bundle.js';
import type { RoutedWorker } from './routed-worker.js';

/** Bytes that may always wait for a worker, regardless of the total. */
const ALWAYS_FREE_BYTES = 1024 * 1024;

export class QueueLimits {
  constructor(
    private readonly workers: ReadonlyMap<number, RoutedWorker>,
    public options: ResolvedPrimaryOptions,
  ) {}

  /** Whether `bytes` more would exceed the limits for this worker. */
  isOverloaded({ outbox, backlog }: RoutedWorker, bytes: number): boolean {
    // Kept values do not count, because they can be dropped.
    const waiting = outbox.queuedBytes;
    // A single item may have any size, or it would never be sent.
    if (waiting === 0 || waiting + bytes <= ALWAYS_FREE_BYTES) return false;
    const { maxQueuedBytes, maxQueuedTotalBytes } = this.options;
    return waiting + bytes > maxQueuedBytes || this.#queuedBytes - backlog.bytes + bytes > maxQueuedTotalBytes;
  }

  /** Bytes of values that may be kept for this worker. */
  roomOf({ outbox, backlog }: RoutedWorker): number {
    const { maxQueuedBytes, maxQueuedTotalBytes } = this.options;
    const free = Math.min(maxQueuedBytes - outbox.queuedBytes, maxQueuedTotalBytes - this.#queuedBytes + backlog.bytes);
    return Math.max(free, ALWAYS_FREE_BYTES);
  }

  /** The worker has read: sends what was kept for it, as far as there is room. */
  release({ outbox, withdrawals, backlog }: RoutedWorker): void {
    const hasRoom = () => outbox.queuedBytes <= ALWAYS_FREE_BYTES;
    const take = (bundle: Bundle) => outbox.data(bundle);
    if (hasRoom() && withdrawals.bytes > 0) withdrawals.release(take);
    backlog.release(take, hasRoom);
  }

  get #queuedBytes(): number {
    let bytes = 0;
    for (const worker of this.workers.values()) bytes += worker.queuedBytes;
    return bytes;
  }
}
