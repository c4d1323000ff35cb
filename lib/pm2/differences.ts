// Finds different options of members of one group in two workers. The leader's options apply, and both workers get a
// warning.

import { otherOptions } from '../errors/warnings.js';
import { leaderOf } from '../group/queries.js';
import { digestDifference } from '../options/options.js';
import type { BusGroup, LogState } from '../protocol/log-state.js';
import type { FromPrimary } from '../protocol/messages.js';
import { own } from '../utils/own.js';

/** The warnings for `me` about members that joined between two states. */
export function warningsOf(before: LogState | undefined, after: LogState, me: string): FromPrimary[] {
  const warnings: FromPrimary[] = [];
  for (const [name, group] of Object.entries(after.groups)) {
    const known = (before && own(before.groups, name))?.members ?? {};
    for (const id of Object.keys(group.members)) {
      if (known[id] || (id !== me && leaderOf(group) !== me)) continue;
      const other = id === me ? memberBefore(group, me) : me;
      const option = other && differenceOf(after, group, id, other);
      if (option) {
        const text = otherOptions(after.peers[id]!.workerId, option, name);
        warnings.push({ k: 'warning', group: name, text });
      }
    }
  }
  return warnings;
}

/** The member whose options apply: the leader, or without one the member that joined first. */
function memberBefore(group: BusGroup, me: string): string | undefined {
  return leaderOf(group) ?? Object.keys(group.members).find(id => id !== me);
}

function differenceOf({ peers }: LogState, { members }: BusGroup, id: string, other: string): string | undefined {
  if (id === other) return undefined;
  const option = digestDifference(members[id]!.digest, members[other]!.digest);
  if (option !== undefined) return option;
  return (['heartbeatMs', 'leaderTimeoutMs'] as const).find(key => peers[id]![key] !== peers[other]![key]);
}
