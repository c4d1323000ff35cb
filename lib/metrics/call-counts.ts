// How the calls of a process ended.

import type { ErrorCode } from '../errors/shared-client-error.js';
import { Durations } from './histogram.js';

/** Why a call failed: a code of this library, an error of the real client, or a cancellation by the caller. */
export type FailureReason = ErrorCode | 'rejected' | 'cancelled';

export class CallCounts {
  ok = 0;
  failed = 0;
  resent = 0;
  readonly failures = new Map<FailureReason, number>();
  /** The time until the call was first sent. */
  readonly queued = new Durations();
  /** The time until the call ended. */
  readonly total = new Durations();

  succeeded(ms: number): void {
    this.ok++;
    this.total.add(ms);
  }

  failedWith(reason: FailureReason, ms: number): void {
    this.failed++;
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
    this.total.add(ms);
  }
}
