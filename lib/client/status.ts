// Creates the result of a handle's `status()`.

import type { Member } from '../member/member.js';
import { termEndStatus } from '../metrics/failovers.js';
import type { FleetView } from '../options/options.js';
import type { ClientStatus, FleetPosition } from './types-status.js';

/** The leader, as far as a handle knows. */
export interface RoleStatus {
  readonly isLeader: boolean;
  readonly leader: { readonly workerId: number; readonly pid: number } | undefined;
}

/** The role of a handle that has left the group. */
export const LEFT: RoleStatus = Object.freeze({ isLeader: false, leader: undefined });

export function memberRole({ isLeader, view }: Member): RoleStatus {
  const leader = view.update?.leader;
  return { isLeader, leader: leader && { workerId: leader.workerId, pid: leader.pid } };
}

export function clientStatus(member: Member, { isLeader, leader } = memberRole(member)): ClientStatus {
  const { calls, view, problem, fleet } = member;
  const { ok, failed, failures, resent, queued, total } = calls.counts;
  return {
    name: member.name,
    transport: member.link.kind,
    route: member.route?.kind,
    routeProblem: problem.text,
    role: isLeader ? 'leader' : 'follower',
    term: member.term,
    leader,
    calls: {
      waiting: calls.waiting,
      inFlight: calls.inFlight,
      ended: { ok, failed },
      failures: Object.fromEntries(failures),
      resent,
      streams: calls.streams.counts(),
      queued: queued.status(),
      total: total.status(),
    },
    served: member.served.status(),
    subscriptions: member.subscriptions.size,
    sticky: member.stickyPublications.size,
    queuedBytes: member.queuedBytes,
    ended: view.ended && termEndStatus(view.ended),
    failovers: member.failovers.status(),
    fleet: fleet && fleetPosition(fleet.view),
  };
}

const fleetPosition = ({ term, hostName, isHere, connected }: FleetView): FleetPosition => ({
  term,
  host: hostName,
  isHere,
  connected,
});
