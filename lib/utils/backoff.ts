// How long to wait before the next attempt.

const FIRST_MS = 100;
const MOST_MS = 30_000;

/** The pause before attempt `n` that follows `n` failures in a row: 100 ms, doubled each time, at most 30 s. */
export function backoffMs(failures: number, firstMs = FIRST_MS, mostMs = MOST_MS): number {
  return failures <= 0 ? 0 : Math.min(firstMs * 2 ** Math.min(failures - 1, 20), mostMs);
}
