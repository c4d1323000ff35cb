// What `status()` of a handle shows.

import type { Member } from '../member/member.js';
import { termEndStatus } from '../metrics/failovers.js';
import type { ClientStatus } from './types-status.js';

export function clientStatus(member: Member): ClientStatus {
  const { calls, leader } = member;
  const { ok, failed, failures, resent, queued, total } = calls.counts;
  return {
    name: member.name,
    transport: member.link.kind,
    road: member.road?.kind,
    roadProblem: member.roadProblem,
    role: member.isLeader ? 'leader' : 'follower',
    term: member.term,
    leader: leader && { workerId: leader.workerId, pid: leader.pid },
    calls: {
      waiting: calls.waiting,
      inFlight: calls.inFlight,
      ended: { ok, failed },
      failures: Object.fromEntries(failures),
      resent,
      queued: queued.status(),
      total: total.status(),
    },
    served: member.served.status(),
    subscriptions: member.subscriptions.size,
    sticky: member.stickies.size,
    queuedBytes: member.queuedBytes,
    ended: member.ended && termEndStatus(member.ended),
    failovers: member.failovers.status(),
  };
}
