// What one worker counts: calls, the gaps between them, and the holes in what it was told.

import type { Update } from '../../helpers/upstream/protocol.js';
import type { Counts } from './messages.js';

export class Counter {
  #made = 0;
  #succeeded = 0;
  #retried = 0;
  #published = 0;
  #publishFailed = 0;
  #received = 0;
  #missed = 0;
  #longestGapMs = 0;
  #lastSuccess: number | undefined;
  #lastSequence: number | undefined;
  readonly #errors = new Map<string, number>();

  made(): void {
    this.#made++;
  }

  succeeded(wasRetried: boolean): void {
    this.#succeeded++;
    if (wasRetried) this.#retried++;
    this.gapEnds();
    this.#lastSuccess = performance.now();
  }

  /** Also at the end: the last gap may have no success after it. */
  gapEnds(): void {
    if (this.#lastSuccess === undefined) return;
    this.#longestGapMs = Math.max(this.#longestGapMs, performance.now() - this.#lastSuccess);
  }

  failed(error: unknown): void {
    const { code, name } = error as { code?: string; name?: string };
    const key = code ?? name ?? String(error);
    this.#errors.set(key, (this.#errors.get(key) ?? 0) + 1);
  }

  published(): void {
    this.#published++;
  }

  publishFailed(): void {
    this.#publishFailed++;
  }

  received({ sequence }: Update): void {
    const last = this.#lastSequence ?? sequence - 1;
    // A last value said again, by whoever leads now.
    if (sequence <= last) return;
    this.#received++;
    this.#missed += sequence - last - 1;
    this.#lastSequence = sequence;
  }

  counts(): Counts {
    return {
      made: this.#made,
      succeeded: this.#succeeded,
      failed: [...this.#errors.values()].reduce((sum, n) => sum + n, 0),
      retried: this.#retried,
      errors: Object.fromEntries(this.#errors),
      longestGapMs: this.#longestGapMs,
      published: this.#published,
      publishFailed: this.#publishFailed,
      received: this.#received,
      missed: this.#missed,
    };
  }
}
