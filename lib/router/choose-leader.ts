// Who leads next, where the app doesn't say.

import type { Candidate } from '../options/options.js';

/**
 * The highest priority, then who leads the fewest groups, then the youngest: in a rolling restart it outlives the others.
 */
export function chooseLeader(candidates: readonly Candidate[]): Candidate {
  return candidates.reduce((best, candidate) => (isBetter(candidate, best) ? candidate : best));
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.leads !== b.leads) return a.leads < b.leads;
  return a.joinedAt === b.joinedAt ? a.workerId > b.workerId : a.joinedAt > b.joinedAt;
}
