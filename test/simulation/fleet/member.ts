// The member of the fleet group on a simulated host: the library's own role and lease, around a real client that only takes
// time.

import type { ElectionEvent } from '../../../lib/fleet/election-state.js';
import { Lease } from '../../../lib/member/lease.js';
import {
  heldTerm,
  isLeading,
  newRole,
  play,
  type RoleEvent,
  type RoleOrder,
  type RoleState,
} from '../../../lib/member/role.js';
import type { StateUpdate } from '../../../lib/protocol/messages.js';
import type { Timer } from '../../../lib/utils/clock.js';
import type { SimProcess } from './process.js';

export interface ClientPlan {
  readonly openMs: number;
  readonly drainMs: number;
  readonly closeMs: number;
}

export interface MemberOptions {
  readonly process: SimProcess;
  readonly workerId: number;
  readonly actMs: number;
  readonly renewMs: number;
  readonly client: ClientPlan;
  /** The real client can't be opened now. */
  failsToOpen(): boolean;
  hasHostLease(now: number): boolean;
  /** What the election says of the lease. */
  mayAct(now: number): boolean;
  /** In the order of the calls, in the turn in which they are made. */
  send(event: ElectionEvent): void;
  /** Its role has changed. */
  played(): void;
  /** It has left the group. */
  left(): void;
  trace(text: string): void;
}

/** Longer than any real client takes to drain. */
const DRAIN_TIMEOUT_MS = 10_000;

export class SimMember {
  readonly lease: Lease;
  readonly #options: MemberOptions;
  #role: RoleState;
  #firstBeat = 0;
  #isAlone = false;
  #yieldTimer: Timer | undefined;
  /** The term that a real client is opened for, open in, or not closed in yet. */
  clientTerm: number | undefined;
  isOpen = false;

  constructor(options: MemberOptions) {
    const { process, actMs, renewMs, hasHostLease, mayAct, workerId } = options;
    this.#options = options;
    this.#role = newRole(workerId);
    this.lease = new Lease(
      process,
      n => this.#send({ type: 'beat', n }),
      () => this.#openOnceLeased(),
      now => hasHostLease(now) && (this.#isAlone || mayAct(now)),
    );
    this.lease.configure({ heartbeatMs: renewMs, leaderTimeoutMs: actMs });
  }

  get role(): RoleState {
    return this.#role;
  }

  /** It leads, and its lease is not over. */
  get hasLease(): boolean {
    return isLeading(this.#role) && this.#isLeased;
  }

  /** The same, by the heartbeats alone, whatever the election says. */
  get hasLeaseByBeats(): boolean {
    this.#isAlone = true;
    const { hasLease } = this;
    this.#isAlone = false;
    return hasLease;
  }

  /** It may start calls. */
  get acts(): boolean {
    const { at } = this.#role.now;
    return this.isOpen && (at === 'leading' || at === 'draining') && this.#isLeased;
  }

  // ------------------------------------------------------------------------------------------- from the election

  stateChanged({ term, phase, leader, leasedAt }: StateUpdate): void {
    this.play({ type: 'update', term, phase, ...(leader && { leader: leader.workerId }) });
    if (leasedAt !== undefined) this.lease.renew(leasedAt, this.lease.lastNumber);
  }

  handOver(term: number): void {
    this.play({ type: 'handover', term });
  }

  // ---------------------------------------------------------------------------------------------- from the user

  resign(): void {
    if ('term' in this.#role.now) this.play({ type: 'resign' });
  }

  leave(): void {
    this.play({ type: 'leave' });
  }

  break(): void {
    const { now } = this.#role;
    if (this.isOpen && 'term' in now) this.play({ type: 'broken', term: now.term, error: [] as never });
  }

  close(): void {
    this.lease.close();
    this.#yieldTimer?.clear();
  }

  play(event: RoleEvent): void {
    const before = this.#role;
    const { state, orders } = play(before, event);
    this.#role = state;
    this.#beatFor(heldTerm(before), heldTerm(state));
    for (const order of orders) this.#carryOut(order);
    this.#openOnceLeased();
    if (state !== before) this.#options.played();
  }

  get #isLeased(): boolean {
    return this.lease.isValid(this.#firstBeat, this.#options.process.now());
  }

  #openOnceLeased(): void {
    const { now } = this.#role;
    if (now.at === 'opening' && now.client === 'awaits lease' && this.#isLeased) this.play({ type: 'leased' });
  }

  #beatFor(before: number | undefined, after: number | undefined): void {
    if (before === after) return;
    if (before !== undefined) this.lease.stopBeating();
    if (after !== undefined) this.#firstBeat = this.lease.startBeating();
  }

  #carryOut(order: RoleOrder): void {
    const { process, client, trace } = this.#options;
    if (order.do !== 'stop') trace(order.do === 'leave' ? 'leaves' : `${order.do} ${order.term}`);
    switch (order.do) {
      case 'open':
        return this.#open(order.term);
      case 'serve':
        return this.#send({ type: 'ready', term: order.term, methods: ['get'] });
      case 'yield':
        this.#send({ type: 'yield', term: order.term });
        this.#yieldTimer?.clear();
        this.#yieldTimer = process.setTimer(
          () => this.play({ type: 'waited enough' }),
          order.now ? 1000 : DRAIN_TIMEOUT_MS,
        );
        return;
      case 'drain':
        this.#yieldTimer?.clear();
        return this.#after(client.drainMs, () => this.play({ type: 'drained', term: order.term }));
      case 'close':
        this.#yieldTimer?.clear();
        return this.#after(client.closeMs, () => this.#closed(order.term));
      case 'resign':
        return this.#send({ type: 'resign', term: order.term, cause: order.cause });
      case 'leave':
        this.#send({ type: 'leave' });
        return this.#options.process.defer(() => this.#options.left());
    }
  }

  #open(term: number): void {
    this.clientTerm = term;
    const fails = this.#options.failsToOpen();
    this.#after(this.#options.client.openMs, () => {
      if (this.clientTerm !== term || this.#role.now.at !== 'opening') return;
      if (fails) return this.play({ type: 'open failed', term, error: [] as never });
      this.isOpen = true;
      this.play({ type: 'opened', term });
    });
  }

  #closed(term: number): void {
    this.clientTerm = undefined;
    this.isOpen = false;
    this.play({ type: 'closed', term });
  }

  #after(ms: number, run: () => void): void {
    this.#options.process.setTimer(run, ms);
  }

  /** As the outbox does: after the current turn's code. */
  #send(event: ElectionEvent): void {
    this.#options.process.defer(() => this.#options.send(event));
  }
}
