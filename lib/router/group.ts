// One group in the primary: holds its state, feeds it events, and carries out the orders.

import { notDirectIn } from '../errors/warnings.js';
import type { GroupEvent, GroupOrder } from '../group/events.js';
import {
  awaited,
  candidatesOf,
  isSameUpdate,
  leaderOf,
  newGroup,
  openingSuccessorOf,
  phaseOf,
  preferredOf,
  termOf,
  updateOf,
} from '../group/queries.js';
import { reduce } from '../group/reduce.js';
import type { Failovers, TermEnd } from '../metrics/failovers.js';
import type { Candidate } from '../options/options.js';
import type { GroupMember, GroupState } from '../protocol/group-state.js';
import type {
  FromWorker,
  Join,
  Offer,
  OnRoute,
  ReadUpTo,
  StateUpdate,
  Transfer,
  TransferFailure,
} from '../protocol/messages.js';
import type { PortablePayload } from '../protocol/payload.js';
import type { Clock, Timer } from '../utils/clock.js';
import { memberKey } from '../utils/secret.js';
import type { RoutedWorker } from './routed-worker.js';

/** What a group needs of the router. */
export interface GroupOwner {
  readonly clock: Clock;
  readonly workers: ReadonlyMap<number, RoutedWorker>;
  /** Number of existing workers, whether they use the library or not. */
  readonly expected: number;
  pidOf(workerId: number): number;
  choose(candidates: readonly Candidate[], name: string): number;
  /** @returns the time when `after` began to be watched, if it was not before: its silence counts from then. */
  leaderChanged(before: number | undefined, after: number | undefined): number | undefined;
  successorChanged(before: number | undefined, after: number | undefined): void;
  kill(workerId: number): void;
  /** Calls `stopHoldingOpen()` after a short time. */
  holdOpen(group: RoutedGroup): void;
  endTerm(group: RoutedGroup, term: number, leader: number): void;
  memberGone(group: RoutedGroup, workerId: number): void;
  transferred(request: string, failed?: TransferFailure): void;
  emit(event: string, detail: object): void;
  readError(payload: PortablePayload): Error;
}

export class RoutedGroup {
  /** The member ids are worker ids as strings. */
  state: GroupState;
  /** Each member's options digest. */
  readonly members = new Map<number, string>();
  /** The number of the last bundle from each member for the leader of this term. */
  readonly received = new Map<number, number>();
  /** How the last term ended. */
  ended: TermEnd | undefined;
  /** The route of each member's data, as reported by the member. */
  readonly routes = new Map<number, { readonly term: number; readonly route: 'relay' | 'direct' }>();
  leader: number | undefined;
  /** The leader's address for the direct route. */
  #offer: Offer | undefined;
  #pause: Timer | undefined;
  #isBroadcasting = false;
  /** A leader was appointed before, or the group has waited for more candidates. */
  #isOld = false;
  /** The term in which its leader began to be watched, and when. */
  #watchedSince: { readonly term: number; readonly at: number } | undefined;

  constructor(
    readonly name: string,
    private readonly host: GroupOwner,
    lastTerm: number,
    /** Covers all groups that had this name. */
    readonly failovers: Failovers,
  ) {
    this.state = newGroup(lastTerm);
  }

  get successor(): number | undefined {
    return toWorkerId(openingSuccessorOf(this.state));
  }

  get term(): number {
    return termOf(this.state);
  }

  /** Whether calls may be sent to the leader. */
  get isServing(): boolean {
    return phaseOf(this.state) === 'ready';
  }

  /** The leader is finishing its calls and must not receive more. */
  get isHandingOver(): boolean {
    return this.state.at.stage === 'handing-over';
  }

  /** Whether the leader starts the calls that it receives. */
  get isTakingCalls(): boolean {
    return this.isServing && !this.isHandingOver;
  }

  /** Has no members, and no lease that must expire. */
  get isEmpty(): boolean {
    return this.members.size === 0 && this.state.at.stage === 'vacant';
  }

  apply(event: GroupEvent): void {
    const { state: before, leader, successor, term, isTakingCalls: wasTakingCalls } = this;
    const orders = this.#reduce(event);
    if (before === this.state && orders.length === 0) return;
    this.leader = toWorkerId(leaderOf(this.state));
    if (leader !== this.leader) {
      const at = this.host.leaderChanged(leader, this.leader);
      this.#watchedSince = at === undefined ? undefined : { term: this.term, at };
    }
    if (successor !== this.successor) this.host.successorChanged(successor, this.successor);
    if (wasTakingCalls && !this.isTakingCalls) this.failovers.lost(term, this.host.clock.now());
    for (const order of orders) this.#carryOut(order);
    if (!isSameUpdate(this.#updateOf(before), this.#updateOf(this.state))) this.#broadcastSoon();
    if (!wasTakingCalls && this.isTakingCalls) this.failovers.ready(this.term, this.host.clock.now(), this.ended);
  }

  /** Applies an event, then the choices that the state asks for. */
  #reduce(event: GroupEvent): GroupOrder[] {
    const orders: GroupOrder[] = [];
    for (let next: GroupEvent | undefined = event; next; next = this.#claim()) {
      const step = reduce(this.state, next, this.host.clock.wall());
      this.state = step.state;
      orders.push(...step.orders);
    }
    return orders;
  }

  #claim(): GroupEvent | undefined {
    const ids = awaited(this.state);
    if (ids.length === 0) return undefined;
    const isBusy = ids.every(id => this.host.workers.get(Number(id))!.leads > 0);
    if (!this.#isOld && isBusy && this.host.expected > this.members.size) return void this.host.holdOpen(this);
    this.#isOld = true;
    return { type: 'claim', id: preferredOf(this.state, ids) ?? this.#choose(ids) };
  }

  #choose(ids: readonly string[]): string {
    const candidates = ids.map(id => {
      const { joinedAt, priority } = this.state.members[id]!;
      const { workerId, leads } = this.host.workers.get(Number(id))!;
      return { workerId, pid: this.host.pidOf(workerId), joinedAt, leads, priority };
    });
    return String(this.host.choose(candidates, this.name));
  }

  /** Without `wanted`, chooses among the other candidates as usual. */
  transfer(request: string, wanted: number | undefined): void {
    const { at } = this.state;
    const others = wanted === undefined && at.stage === 'leading' ? candidatesOf(this.state, at.leader) : [];
    const to = others.length > 0 ? this.#choose(others) : wanted;
    this.apply({ type: 'transfer', request, ...(to !== undefined && { to: String(to) }) });
  }

  /** Stops waiting for more candidates. */
  stopHoldingOpen(): void {
    this.#isOld = true;
    this.apply({ type: 'resume' });
  }

  /** Handles a control frame of a member. */
  receive(workerId: number, frame: Exclude<Extract<FromWorker, { group: string }>, Join | Transfer>): void {
    const id = String(workerId);
    switch (frame.k) {
      case 'leave':
        this.#trim(workerId, frame);
        return this.removeMember(workerId, { type: 'leave', id });
      case 'ready':
      case 'prepared':
        return this.apply({ type: frame.k, id, term: frame.term, methods: frame.methods });
      case 'yield':
        return this.apply({ type: 'yield', id, term: frame.term, now: frame.now });
      case 'offer':
        return this.#offered(workerId, frame);
      case 'route':
        return this.#onRoute(workerId, frame);
      case 'resign':
        this.#trim(workerId, frame);
        return this.apply({ type: 'resign', id, term: frame.term, cause: frame.cause, error: frame.error });
    }
  }

  addMember(workerId: number, member: GroupMember, digest: string): void {
    const isNew = !this.members.has(workerId);
    this.members.set(workerId, digest);
    this.apply({ type: 'join', id: String(workerId), member });
    if (isNew) this.host.emit('join', { name: this.name, workerId, pid: this.host.pidOf(workerId) });
    const { lostTerms } = this.failovers;
    const lost = isNew && lostTerms.length > 0 && { lost: lostTerms };
    this.host.workers.get(workerId)?.sendControl({ ...this.#stateUpdate(), ...lost });
    if (this.#offer?.term === this.term) this.#sendOffer(workerId, this.#offer);
  }

  removeMember(workerId: number, event: GroupEvent): void {
    const wasMember = this.members.delete(workerId);
    this.received.delete(workerId);
    this.routes.delete(workerId);
    this.apply(event);
    if (!wasMember) return;
    this.host.memberGone(this, workerId);
    this.host.emit('leave', { name: this.name, workerId, pid: this.host.pidOf(workerId) });
  }

  /** Sends the group's state to all members. */
  broadcastState(): void {
    const update = this.#stateUpdate();
    for (const id of this.members.keys()) this.host.workers.get(id)?.sendControl(update);
  }

  close(): void {
    this.#pause?.clear();
    this.failovers.forget();
  }

  /** Only members receive the offer, each with its own key: with the secret it could pass itself off as another member. */
  #offered(workerId: number, offer: Offer): void {
    if (workerId !== this.leader || offer.term !== this.term) return;
    this.#offer = offer;
    for (const id of this.members.keys()) if (id !== workerId) this.#sendOffer(id, offer);
  }

  #sendOffer(workerId: number, offer: Offer): void {
    const secret = memberKey(offer.secret, this.name, offer.term, workerId);
    this.host.workers.get(workerId)?.sendControl({ ...offer, secret });
  }

  #onRoute(workerId: number, { term, route, problem }: OnRoute): void {
    if (term !== this.term) return;
    this.routes.set(workerId, { term, route });
    if (problem !== undefined)
      this.host.emit('warning', { message: notDirectIn(workerId, this.name, problem), name: this.name, workerId });
  }

  /** Bundles that the leader never read count as not received, so their members may send them again. */
  #trim(workerId: number, { term, read: numbers }: Partial<ReadUpTo>): void {
    if (!numbers || workerId !== this.leader || term !== this.term) return;
    const read = new Map<number, number>();
    for (let i = 0; i + 1 < numbers.length; i += 2) read.set(numbers[i]!, numbers[i + 1]!);
    for (const [id, passed] of this.received) this.received.set(id, Math.min(passed, read.get(id) ?? 0));
  }

  #carryOut(order: GroupOrder): void {
    if (order.do === 'pause') return this.#pauseFor(order.ms);
    if (order.do === 'transferred') return this.host.transferred(order.request, order.failed);
    if (order.do === 'emit') return this.#emit(order);
    const workerId = Number(order.id);
    if (order.do === 'kill') return this.host.kill(workerId);
    const { term } = order;
    if (order.do === 'end') return this.host.endTerm(this, term, workerId);
    const outbox = this.host.workers.get(workerId)?.outbox;
    // In order with the data, so the leader is still there when the last forwarded calls arrive.
    if (order.do === 'handover') outbox?.controlInOrder({ k: 'handover', group: this.name, term });
    else outbox?.control({ k: 'prepare', group: this.name, term });
  }

  #emit(order: Extract<GroupOrder, { do: 'emit' }>): void {
    if (order.event === 'vacant') return this.host.emit('vacant', { name: this.name });
    const { id, term } = order;
    const workerId = Number(id);
    const detail = { name: this.name, term, workerId, pid: this.host.pidOf(workerId) };
    if (order.event !== 'deposed') return this.host.emit(order.event, detail);
    const { cause } = order;
    const error = order.error && this.host.readError(order.error);
    this.ended = { term, cause, error };
    this.failovers.ended(term, cause);
    this.host.emit('deposed', { ...detail, cause, ...(error && { error }) });
  }

  /** Sends once at the end of the turn, because only the final state matters. */
  #broadcastSoon(): void {
    if (this.#isBroadcasting) return;
    this.#isBroadcasting = true;
    this.host.clock.defer(() => {
      this.#isBroadcasting = false;
      this.broadcastState();
    });
  }

  #stateUpdate(): StateUpdate {
    const update = this.#updateOf(this.state);
    const since = this.#watchedSince;
    return update.phase === 'opening' && since?.term === this.term ? { ...update, appointedAt: since.at } : update;
  }

  #updateOf(state: GroupState): StateUpdate {
    return updateOf(this.name, state, id => ({ workerId: Number(id), pid: this.host.pidOf(Number(id)) }));
  }

  #pauseFor(ms: number): void {
    this.#pause?.clear();
    this.#pause = this.host.clock.setTimer(() => this.apply({ type: 'resume' }), ms);
  }
}

const toWorkerId = (id: string | undefined): number | undefined => (id === undefined ? undefined : Number(id));
