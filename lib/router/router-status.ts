// Builds the result of the primary's `status()`.

import { termEndStatus } from '../metrics/failovers.js';
import type { RoutedGroup } from './group.js';
import type { GroupStatus, MemberStatus, PrimaryStatus } from './primary-types.js';
import type { Router } from './router.js';

export function routerStatus(router: Router): PrimaryStatus {
  const workers = [...router.workers.values()].map(({ peer, leads, queuedBytes }) => {
    return { workerId: peer.workerId, pid: peer.pid, leads, queuedBytes };
  });
  return {
    groups: [...router.groups.values()].map(group => groupStatus(router, group)),
    messages: router.traffic.frames,
    bytes: router.traffic.bytes,
    queuedBytes: workers.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0),
    workers,
  };
}

function groupStatus(router: Router, group: RoutedGroup): GroupStatus {
  const { name, term, leader, state, failovers, ended } = group;
  return {
    name,
    term,
    state: state.at.stage,
    leader: leader === undefined ? undefined : { workerId: leader, pid: router.pidOf(leader) },
    members: [...group.members.keys()].map(workerId => {
      const { joinedAt, eligible, priority } = state.members[workerId]!;
      return { workerId, pid: router.pidOf(workerId), joinedAt, eligible, priority, route: routeOf(group, workerId) };
    }),
    ended: ended && termEndStatus(ended),
    failovers: failovers.status(),
  };
}

/** The last known route: a member reports changes. */
function routeOf({ isServing, leader, term, routes }: RoutedGroup, workerId: number): MemberStatus['route'] {
  if (!isServing) return undefined;
  if (workerId === leader) return 'local';
  const known = routes.get(workerId);
  return known?.term === term ? known.route : 'relay';
}
