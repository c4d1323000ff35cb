// The app's `chooseLeader` where no primary runs it: each worker asks its own, and whom it names comes first.

import { chooseLeaderThrew, choseNonCandidate } from '../errors/warnings.js';
import { leaderOf } from '../group/queries.js';
import type { Candidate, ChooseLeader } from '../options/options.js';
import type { LogState } from '../protocol/messages.js';
import type { Choose } from './preference.js';

export function appChoice(chooseLeader: ChooseLeader, warn: (message: string) => void): Choose {
  return (log, name, ids) => {
    const candidates = ids.map(id => toCandidate(log, name, id));
    try {
      const choice = chooseLeader(candidates, name);
      const chosen = candidates.findIndex(({ workerId }) => workerId === choice?.workerId);
      if (chosen < 0) warn(choseNonCandidate(name));
      return ids[chosen];
    } catch {
      warn(chooseLeaderThrew(name));
      return undefined;
    }
  };
}

function toCandidate({ groups, peers }: LogState, name: string, id: string): Candidate {
  const { joinedAt, priority } = groups[name]!.members[id]!;
  const { workerId, pid } = peers[id]!;
  const leads = Object.values(groups).filter(group => leaderOf(group) === id).length;
  return { workerId, pid, joinedAt, leads, priority };
}
