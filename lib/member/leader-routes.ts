// A leader's routes to its members in one term: the relay, and direct connections to the members that have connected.

import { memberRefused } from '../errors/warnings.js';
import { Sender } from '../leader/sender.js';
import type { Bundle } from '../protocol/bundle.js';
import { DirectLeader } from '../route/direct/direct-leader.js';
import type { Timer } from '../utils/clock.js';
import type { MemberContext } from './member-context.js';

/**
 * After a failover the first calls go by the relay. The leader accepts connections only when most of them are answered, so
 * that connecting does not slow them down.
 */
export const INVITE_AFTER_MS = 20;

export class LeaderRoutes {
  readonly sender: Sender;
  readonly direct: DirectLeader | undefined;
  #inviting: Timer | undefined;

  constructor(
    readonly term: number,
    private readonly member: MemberContext,
    /** Reads the frames that the leader sends to its own member. */
    read: (bundle: Bundle) => void,
    /** Receives the frames that members send over direct connections. */
    deliver: (bundle: Bundle) => void,
  ) {
    const { direct } = member.link;
    const { name: group, clock } = member;
    this.direct =
      direct &&
      new DirectLeader({
        group,
        term,
        clock,
        maxQueuedBytes: direct.maxQueuedBytes,
        maxQueuedTotalBytes: direct.maxQueuedTotalBytes,
        deliver,
        sendByRelay: (workerId, kind, id, text) => this.sender.toByRelay(workerId, kind, id, text),
        putOnRelay: bundle => this.sender.putOnRelay(bundle),
      });
    this.sender = createSender(term, member, read, this.direct);
    if (direct?.hasNoRelay) this.#invite();
    else if (direct) this.#inviting = clock.setTimer(() => this.#invite(), INVITE_AFTER_MS);
  }

  /** Resolves when everything that the leader sent has left this process, or the time limit for that has passed. */
  async finish(): Promise<void> {
    this.#stopInviting();
    await this.direct?.finish();
  }

  /** There is no primary any more. */
  destroy(): void {
    this.#stopInviting();
    this.direct?.destroy();
  }

  /** Announces to the members where to connect. */
  #invite(): void {
    const { term, direct } = this;
    const { name: group, link, problem } = this.member;
    link.direct!.server.open({
      group,
      term,
      leader: direct!,
      offer: ({ address, secret }) => link.sendControl({ k: 'offer', group, term, address, secret }),
      failed: text => problem.report(term, 'relay', text),
      refused: workerId => this.member.warning(memberRefused(group, workerId)),
    });
  }

  #stopInviting(): void {
    this.#inviting?.clear();
    this.member.link.direct?.server.close(this.member.name, this.term);
  }
}

/** @param lanes the members with a direct connection; without it, there are none */
export function createSender(
  term: number,
  { name: group, link }: MemberContext,
  read: (bundle: Bundle) => void,
  lanes?: DirectLeader,
): Sender {
  return new Sender({
    group,
    term,
    self: link.self.workerId,
    clock: link.clock,
    outbox: link.outbox,
    maxQueuedBytes: link.maxQueuedBytes,
    whenRoom: callback => link.whenRoom(callback),
    deliverHere: read,
    lanes,
  });
}
