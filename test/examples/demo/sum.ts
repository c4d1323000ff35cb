// What all workers counted, in one. Pure.

import type { Counts } from './messages.js';

export type Sum = Counts;

export function sum(counts: readonly Counts[]): Sum {
  return counts.reduce(add, NOTHING);
}

const NOTHING: Sum = {
  made: 0,
  succeeded: 0,
  failed: 0,
  retried: 0,
  errors: {},
  longestGapMs: 0,
  published: 0,
  publishFailed: 0,
  received: 0,
  missed: 0,
};

function add(a: Sum, b: Counts): Sum {
  return {
    made: a.made + b.made,
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    retried: a.retried + b.retried,
    errors: addErrors(a.errors, b.errors),
    longestGapMs: Math.max(a.longestGapMs, b.longestGapMs),
    published: a.published + b.published,
    publishFailed: a.publishFailed + b.publishFailed,
    received: a.received + b.received,
    missed: a.missed + b.missed,
  };
}

function addErrors(a: Counts['errors'], b: Counts['errors']): Record<string, number> {
  const codes = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...codes].map(code => [code, (a[code] ?? 0) + (b[code] ?? 0)]));
}
