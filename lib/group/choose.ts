// Chooses the best leader: the app's choice or, without a valid one, the default.

import { chooseLeaderThrew, choseNonCandidate } from '../errors/warnings.js';
import type { Candidate, ChooseLeader } from '../options/options.js';

/** The app's choice among the candidates, if it is valid. */
export type Choose = (candidates: readonly Candidate[], name: string) => Candidate | undefined;

export function appChoice(
  chooseLeader: ChooseLeader,
  warn: (message: string, detail: { readonly name: string; readonly cause?: unknown }) => void,
): Choose {
  return (candidates, name) => {
    try {
      const choice = chooseLeader(candidates, name);
      const chosen = candidates.find(({ workerId }) => workerId === choice?.workerId);
      if (!chosen) warn(choseNonCandidate(name), { name });
      return chosen;
    } catch (cause) {
      warn(chooseLeaderThrew(name), { name, cause });
      return undefined;
    }
  };
}

/**
 * Sorts the best candidate first: by highest priority, then by fewest led groups, then the youngest, which outlives the
 * others in a rolling restart.
 */
export const byPreference = (a: Candidate, b: Candidate): number =>
  b.priority - a.priority || a.leads - b.leads || b.joinedAt - a.joinedAt || b.workerId - a.workerId;
