// Ends that were detached, until none of their workers can lead any more.

import type { PrimaryEnd } from '../transport/transport.js';
import type { RoutedWorker } from './routed-worker.js';

export class Departures {
  readonly #resolves = new Map<PrimaryEnd, () => void>();

  constructor(private readonly workers: ReadonlyMap<number, RoutedWorker>) {}

  has(end: PrimaryEnd): boolean {
    return this.#resolves.has(end);
  }

  /** Resolves once the end has no workers left, or is attached again. */
  begin(end: PrimaryEnd): Promise<void> {
    return new Promise(resolve => {
      this.#resolves.set(end, resolve);
      this.check();
    });
  }

  /** The end is attached again. */
  cancel(end: PrimaryEnd): void {
    this.#resolves.get(end)?.();
    this.#resolves.delete(end);
  }

  /** A worker may have been removed. */
  check(): void {
    for (const [end, resolve] of this.#resolves) {
      if ([...this.workers.values()].some(worker => worker.end === end)) continue;
      this.#resolves.delete(end);
      end.close();
      resolve();
    }
  }
}
