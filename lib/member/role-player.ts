// The shell around a member's role: stores its state, holds its lease, and carries out its orders with the leader session.

import { readError } from '../codec/read-error.js';
import { debug } from '../diagnostics/debug-log.js';
import type { Service } from '../leader/service.js';
import type { TermEnd } from '../metrics/failovers.js';
import type { ReadUpTo, Resign } from '../protocol/messages.js';
import { toPortable } from '../protocol/pack-parts.js';
import { neutralContext } from '../utils/async-context.js';
import { LeaderSession, type LeaderSessionOptions } from './leader-session.js';
import type { MemberContext } from './member-context.js';
import {
  heldTerm,
  isLeading,
  isPreparing,
  newRole,
  play,
  type RoleEvent,
  type RoleOrder,
  type RoleState,
} from './role.js';

/** Orders as lines of NODE_DEBUG. */
const TELLS: { readonly [order in RoleOrder['do']]: string } = {
  open: 'opens the real client',
  'send prepared': 'is prepared to take over',
  serve: 'serves calls',
  drain: 'lets its calls end',
  stop: 'starts no call any more',
  close: 'closes the real client',
  yield: 'asks to step down',
  resign: 'gives its term back',
  leave: 'leaves the group',
};

export interface RolePlayerOptions extends Omit<LeaderSessionOptions, 'play' | 'hasLease'> {
  /** The service has stopped. */
  stopped(service: Service): void;
  /** All orders of an event have been carried out. */
  played(): void;
  /** The member leaves the group. */
  leave(): void;
}

export class RolePlayer {
  readonly session: LeaderSession;
  readonly #member: MemberContext;
  readonly #options: RolePlayerOptions;
  #state: RoleState;
  /** The number of the first heartbeat whose acknowledgement is a lease for the current term. */
  #firstBeat = 0;
  /** How far it read in the last term that was served here. */
  #readUpTo: ReadUpTo | undefined;
  #resignSent = Promise.resolve();
  #whenPlayed: (() => void)[] = [];
  /** `'for good'`: it never leads again. `'unless needed'`: it leads only while no other member may. */
  aside: false | 'unless needed' | 'for good' = false;

  constructor(member: MemberContext, options: RolePlayerOptions) {
    this.#member = member;
    this.#options = options;
    this.#state = newRole(member.link.self.workerId);
    this.session = new LeaderSession(member, {
      ...options,
      play: event => this.play(event),
      hasLease: now => this.#hasLease(now),
    });
  }

  get state(): RoleState {
    return this.#state;
  }

  get isLeader(): boolean {
    return isLeading(this.#state);
  }

  /** How far it read in the last term that was served here. */
  get readUpTo(): ReadUpTo | undefined {
    return this.#readUpTo;
  }

  /** Resolves once the message that gave the last term back was written. */
  get resignSent(): Promise<void> {
    return this.#resignSent;
  }

  /** Steps down, if it leads; resolves when its real client is closed. */
  async resign(): Promise<void> {
    const { now } = this.#state;
    if (!('term' in now)) return;
    this.play({ type: 'resign' });
    const isOver = () => !('term' in this.#state.now) || this.#state.now.term !== now.term;
    while (!isOver()) await new Promise<void>(resolve => this.#whenPlayed.push(resolve));
  }

  /** Connections and other resources outlive the event that caused them to be created, so they must not keep its context. */
  play(event: RoleEvent): void {
    neutralContext.runInAsyncScope(() => this.#play(event));
  }

  #play(event: RoleEvent): void {
    const wasLeader = this.isLeader;
    const before = this.#state;
    const { state, orders } = play(before, event);
    this.#state = state;
    this.#beatFor(heldTerm(before), heldTerm(state));
    if (isPreparing(state) !== isPreparing(before)) this.#beatAhead(isPreparing(state));
    for (const order of orders) this.#carryOut(order);
    this.#openOnceLeased();
    this.#options.played();
    if (wasLeader !== this.isLeader) this.#emitRole(wasLeader);
    for (const resolve of this.#whenPlayed.splice(0)) resolve();
  }

  #carryOut(order: RoleOrder): void {
    const { name, link, source } = this.#member;
    debug(source, () => ('term' in order ? `${TELLS[order.do]} (term ${order.term})` : TELLS[order.do]));
    switch (order.do) {
      case 'open':
        if (this.isLeader) this.session.expect(order.term);
        return void this.session.open(order.term);
      case 'send prepared': {
        const { methods } = this.session;
        return link.sendControl({ k: 'prepared', group: name, term: order.term, methods });
      }
      case 'serve':
        return this.session.serve(order.term);
      case 'drain':
        return this.session.drain(order.term);
      case 'stop':
        return this.#stop();
      case 'close':
        return void this.session.close(order.term);
      case 'yield':
        return this.session.yield(order.term, order.now);
      case 'resign':
        return this.#resigned(order);
      case 'leave':
        return this.#options.leave();
    }
  }

  #stop(): void {
    // Only a leader that serves stops serving.
    const service = this.session.stop()!;
    this.#readUpTo = { term: service.term, read: [...service.received].flat() };
    this.#options.stopped(service);
  }

  #resigned({ term, cause, error }: Extract<RoleOrder, { do: 'resign' }>): void {
    const { name, link, view } = this.#member;
    const read = this.#readUpTo?.term === term ? this.#readUpTo : { term };
    const portable = error && { error: view.errors.send(error) };
    const frame: Resign = { k: 'resign', group: name, cause, ...portable, ...read };
    this.#resignSent = new Promise(resolve => link.sendControlInOrder(frame, resolve));
  }

  #emitRole(wasLeader: boolean): void {
    const { cause, error } = (wasLeader ? this.#ownEnd() : this.#member.view.ended) ?? {};
    const event = { term: this.#state.update.term, ...(cause && { cause }), ...(error && { error }) };
    this.#member.observe(observer => (wasLeader ? observer.follower(event) : observer.leader(event)));
  }

  /** How the term that this member led ends, if the member ended it. */
  #ownEnd(): Omit<TermEnd, 'term'> | undefined {
    const { now } = this.#state;
    if (now.at !== 'closing' || !now.cause) return undefined;
    return { cause: now.cause, error: now.error && readError(toPortable(now.error)) };
  }

  // ------------------------------------------------------------------------------------------------------- lease

  /** The lease was renewed. */
  leased(): void {
    this.#openOnceLeased();
    this.session.service?.release();
  }

  #openOnceLeased(): void {
    const { now } = this.#state;
    if (now.at !== 'opening' || now.client !== 'awaits lease') return;
    // The primary may have chosen this member before it received the message that it leads no more.
    if (this.aside === 'for good') return this.play({ type: 'resign' });
    const at = this.#member.clock.now();
    if (this.#hasLease(at) || this.#isJustAppointed(now.term, at)) this.play({ type: 'leased' });
  }

  #hasLease(now: number): boolean {
    return this.#member.link.lease.isValid(this.#firstBeat, now);
  }

  /** The appointment is so recent that no other member can hold a later one, even without an acknowledged heartbeat. */
  #isJustAppointed(term: number, now: number): boolean {
    const { link, view } = this.#member;
    if (view.update?.term !== term || view.update.appointedAt === undefined) return false;
    return link.lease.isAwaited(view.update.appointedAt, now);
  }

  /** Sends heartbeats while a term is held. Each term needs an acknowledgement of its own. */
  #beatFor(before: number | undefined, after: number | undefined): void {
    if (before === after) return;
    const { link } = this.#member;
    if (before !== undefined) link.lease.stopBeating();
    if (after !== undefined) this.#firstBeat = link.lease.startBeating();
  }

  /** These heartbeats are no lease, but show that the preparation goes on. */
  #beatAhead(isPreparing: boolean): void {
    const { link } = this.#member;
    if (isPreparing) this.#firstBeat = link.lease.startBeating();
    else link.lease.stopBeating();
  }
}
