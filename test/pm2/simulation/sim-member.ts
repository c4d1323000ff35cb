// A member without a real client: plays the real role over the real link, and opens, drains and closes by the clock.

import type { Link, LinkMember } from '../../../lib/member/link.js';
import {
  heldTerm,
  isLeading,
  isPreparing,
  newRole,
  play,
  type RoleEvent,
  type RoleOrder,
  type RoleState,
} from '../../../lib/member/role.js';
import type { Join, StateUpdate } from '../../../lib/protocol/messages.js';
import type { Clock, Timer } from '../../../lib/utils/clock.js';

export interface SimMemberOptions {
  readonly clock: Clock;
  readonly link: Link;
  readonly name: string;
  readonly handover: 'exclusive' | 'overlap';
  /** How long opening, draining or closing takes now, in ms. */
  takes(): number;
  /** Whether opening fails now. */
  fails(): boolean;
}

export class SimMember implements LinkMember {
  readonly name: string;
  role: RoleState;
  latest: StateUpdate | undefined;
  eligible = true;
  #firstBeat = 0;
  #yieldTimer: Timer | undefined;

  constructor(private readonly options: SimMemberOptions) {
    this.name = options.name;
    this.role = newRole(options.link.self.workerId);
  }

  get term(): number | undefined {
    return isLeading(this.role) && 'term' in this.role.now ? this.role.now.term : undefined;
  }

  /** It may act now, if it has a real client. */
  get hasLease(): boolean {
    const { link, clock } = this.options;
    const { at } = this.role.now;
    return (at === 'leading' || at === 'draining') && link.lease.isValid(this.#firstBeat, clock.now());
  }

  get isServing(): boolean {
    return this.role.now.at === 'leading';
  }

  get isGone(): boolean {
    return this.role.now.at === 'gone';
  }

  setEligible(eligible: boolean): void {
    this.eligible = eligible;
    if (!this.isGone) this.options.link.update(this);
  }

  resign(): void {
    if ('term' in this.role.now) this.play({ type: 'resign' });
  }

  join(): Join {
    const { name, handover } = this.options;
    return { k: 'join', group: name, eligible: this.eligible, priority: 0, handover, digest: '{}' };
  }

  linked(): void {}

  stateChanged(update: StateUpdate): void {
    this.latest = update;
    this.play({ type: 'update', term: update.term, phase: update.phase, leader: update.leader?.workerId });
  }

  handover(term: number): void {
    this.play({ type: 'handover', term });
  }

  prepare(term: number): void {
    this.play({ type: 'prepare', term });
  }

  offer(): void {}
  warning(): void {}
  data(): void {}

  leased(): void {
    const { link, clock } = this.options;
    if (link.lease.isValid(this.#firstBeat, clock.now())) this.play({ type: 'leased' });
  }

  lost(): undefined {
    this.play({ type: 'lost' });
  }

  play(event: RoleEvent): void {
    const before = this.role;
    const { state, orders } = play(before, event);
    this.role = state;
    this.#beatFor(heldTerm(before), heldTerm(state));
    const [prepared, prepares] = [isPreparing(before), isPreparing(state)];
    this.#beatFor(prepared ? 0 : undefined, prepares ? 0 : undefined);
    for (const order of orders) this.#carryOut(order);
    const { now } = this.role;
    if (now.at === 'opening' && now.client === 'awaits lease') this.leased();
  }

  #beatFor(before: number | undefined, after: number | undefined): void {
    const { link } = this.options;
    if (before === after) return;
    if (before !== undefined) link.lease.stopBeating();
    if (after !== undefined) this.#firstBeat = link.lease.startBeating();
  }

  #carryOut(order: RoleOrder): void {
    const { link, name, fails } = this.options;
    const group = name;
    const methods: string[] = [];
    switch (order.do) {
      case 'open':
        if (fails())
          return this.#later({
            type: 'open failed',
            term: order.term,
            error: { text: '0', ext: false, parts: undefined },
          });
        return this.#later({ type: 'opened', term: order.term });
      case 'send prepared':
        return link.sendControl({ k: 'prepared', group, term: order.term, methods });
      case 'serve':
        return link.sendControl({ k: 'ready', group, term: order.term, methods });
      case 'drain':
        this.#yieldTimer?.clear();
        return this.#later({ type: 'drained', term: order.term });
      case 'stop':
        return;
      case 'close':
        this.#yieldTimer?.clear();
        return this.#later({ type: 'closed', term: order.term });
      case 'yield':
        link.sendControl({ k: 'yield', group, term: order.term, now: order.now });
        this.#yieldTimer?.clear();
        this.#yieldTimer = this.options.clock.setTimer(() => this.play({ type: 'waited enough' }), 500);
        return;
      case 'resign':
        return link.sendControlInOrder({ k: 'resign', group, term: order.term, cause: order.cause });
      case 'leave':
        return void link.remove(this);
    }
  }

  #later(event: RoleEvent, ms = this.options.takes()): void {
    this.options.clock.setTimer(() => this.play(event), ms);
  }
}
