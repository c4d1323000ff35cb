// Finds the names that a misspelled name may stand for.

/** At most three names from `known` with a small distance from `name`, the nearest first. */
export function nearest(name: string, known: readonly string[]): string[] {
  if (name.length > 64) return [];
  const most = Math.max(2, Math.floor(name.length / 3));
  return known
    .map(candidate => ({ candidate, slips: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ slips }) => slips <= most)
    .sort((a, b) => a.slips - b.slips)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** The Levenshtein distance: letters to insert, delete or replace. Computes one row of the table at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
