// A schedule that once broke a promise, in its shortest form.

import type { Action, Plan } from './plan.js';

export interface Regression {
  /** The seed that found it, when it was found. */
  readonly seed: number;
  readonly text: string;
  readonly plan: Plan;
}

export const plan = (
  seed: number,
  workers: number,
  durationMs: number,
  actions: readonly Action[],
  more: Partial<Plan> = {},
): Plan => ({
  seed,
  jitterMs: 0,
  hungLeader: 'depose',
  ending: 'closes',
  groups: [{ name: 'g0', form: 'open', handover: 'exclusive', replay: 'last', greets: false }],
  workers: Array.from({ length: workers }, () => ({ serialization: 'json', eligible: true, priority: 0 })),
  durationMs,
  actions,
  ...more,
});

export const LOAD = { padding: 600 * 1024, maxQueuedBytes: 64 * 1024, maxQueuedTotalBytes: 2000 * 1024 };

export const CALL = { timeoutMs: 8000, idempotent: false, count: 1 } as const;
