// One group in the primary: holds its state, feeds it events, and carries out the orders that follow.

import { notDirectIn } from '../errors/warnings.js';
import type { Failovers, TermEnd } from '../metrics/failovers.js';
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
import { appoint } from './appointment.js';
import {
  type GroupEvent,
  type GroupMember,
  type GroupOrder,
  type GroupState,
  leaderOf,
  newGroup,
  phaseOf,
  type Rules,
  successorOf,
  termOf,
} from './group-state.js';
import type { RoutedWorker } from './routed-worker.js';

/** What a group needs of the router. */
export interface GroupOwner {
  readonly clock: Clock;
  readonly hungLeader: Rules['hungLeader'];
  readonly workers: ReadonlyMap<number, RoutedWorker>;
  /** Workers that exist, whether they use the library or not. */
  readonly expected: number;
  pidOf(workerId: number): number;
  choose(candidates: readonly GroupMember[], name: string): number;
  /** @returns when `after` began to be watched, where it was not before: then its silence counts from there. */
  leaderChanged(before: number | undefined, after: number | undefined): number | undefined;
  successorChanged(before: number | undefined, after: number | undefined): void;
  kill(workerId: number): void;
  holdOpen(group: RoutedGroup): void;
  endTerm(group: RoutedGroup, term: number, leader: number): void;
  memberGone(group: RoutedGroup, workerId: number): void;
  transferred(id: number, failed?: TransferFailure): void;
  emit(event: string, detail: object): void;
  readError(payload: PortablePayload): Error;
}

/** How a term ended, with the error on its way, too. */
type EndOfTerm = TermEnd & { readonly payload: PortablePayload | undefined };

export class RoutedGroup {
  state: GroupState;
  /** Each member's options, as text. */
  readonly digests = new Map<number, string>();
  /** The number of the last bundle that came from each member for the leader of this term. */
  readonly received = new Map<number, number>();
  /** How the last term ended. */
  ended: EndOfTerm | undefined;
  /** Which route each member's data takes, by its own word. */
  readonly routes = new Map<number, { readonly term: number; readonly route: 'relay' | 'direct' }>();
  /** Where the leader can be reached past us. */
  #offer: Offer | undefined;
  #pause: Timer | undefined;
  #isTelling = false;
  /** The term in which its leader began to be watched, and when. */
  #watchedSince: { readonly term: number; readonly at: number } | undefined;

  constructor(
    readonly name: string,
    private readonly host: GroupOwner,
    lastTerm: number,
    /** Of all groups that had this name. */
    readonly failovers: Failovers,
  ) {
    this.state = newGroup(name, lastTerm);
  }

  get leader(): number | undefined {
    return leaderOf(this.state);
  }

  get successor(): number | undefined {
    return successorOf(this.state);
  }

  get term(): number {
    return termOf(this.state);
  }

  /** Whether calls may go to the leader. */
  get isServing(): boolean {
    return phaseOf(this.state) === 'ready';
  }

  /** Its leader was told to let its calls end: no more may go to it. */
  get isHandingOver(): boolean {
    return this.state.at.stage === 'handing-over';
  }

  /** Whether those that go to it will be started. */
  get isTakingCalls(): boolean {
    return this.isServing && !this.isHandingOver;
  }

  /** Nobody is in it and nobody's lease is awaited. */
  get isEmpty(): boolean {
    return this.state.members.size === 0 && this.state.at.stage === 'vacant';
  }

  apply(event: GroupEvent): void {
    const { leader, successor, term, isTakingCalls: wasTakingCalls } = this;
    const step = appoint(this.state, event, this.#rules());
    this.state = step.state;
    if (leader !== this.leader) {
      const at = this.host.leaderChanged(leader, this.leader);
      this.#watchedSince = at === undefined ? undefined : { term: this.term, at };
    }
    if (successor !== this.successor) this.host.successorChanged(successor, this.successor);
    if (wasTakingCalls && !this.isTakingCalls) this.failovers.lost(term, this.host.clock.now());
    for (const order of step.orders) this.#carryOut(order);
    if (!wasTakingCalls && this.isTakingCalls) this.failovers.ready(this.term, this.host.clock.now(), this.ended);
  }

  /** What a member says of this group. */
  receive(workerId: number, frame: Exclude<Extract<FromWorker, { group: string }>, Join | Transfer>): void {
    switch (frame.k) {
      case 'leave':
        this.#trim(workerId, frame);
        return this.removeMember(workerId, { type: 'leave', workerId });
      case 'ready':
        return this.apply({ type: 'ready', workerId, term: frame.term, methods: frame.methods });
      case 'prepared':
        return this.apply({ type: 'prepared', workerId, term: frame.term, methods: frame.methods });
      case 'yield':
        return this.apply({ type: 'yield', workerId, term: frame.term, now: frame.now });
      case 'offer':
        return this.#offered(workerId, frame);
      case 'route':
        return this.#onRoute(workerId, frame);
      case 'resign':
        this.#trim(workerId, frame);
        return this.apply({ type: 'resign', workerId, term: frame.term, cause: frame.cause, error: frame.error });
    }
  }

  addMember(member: Omit<GroupMember, 'hasFailed' | 'isSilent'>, digest: string): void {
    const isNew = !this.state.members.has(member.workerId);
    this.digests.set(member.workerId, digest);
    this.apply({ type: 'join', member });
    if (isNew) this.host.emit('join', { name: this.name, workerId: member.workerId, pid: member.pid });
    this.broadcastState(member.workerId);
    if (this.#offer?.term === this.term) this.#sendOffer(member.workerId, this.#offer);
  }

  removeMember(workerId: number, event: GroupEvent): void {
    const member = this.state.members.get(workerId);
    this.digests.delete(workerId);
    this.received.delete(workerId);
    this.routes.delete(workerId);
    this.apply(event);
    if (!member) return;
    this.host.memberGone(this, workerId);
    this.host.emit('leave', { name: this.name, workerId, pid: member.pid });
  }

  /** Tells one member where the group stands, or all of them. */
  broadcastState(workerId?: number): void {
    const news = this.#stateUpdate();
    for (const id of workerId === undefined ? this.state.members.keys() : [workerId]) {
      this.host.workers.get(id)?.sendControl(news);
    }
  }

  close(): void {
    this.#pause?.clear();
    this.failovers.forget();
  }

  /** Only members may know, and of the secret each only what is its own: with another's it could say that it is that one. */
  #offered(workerId: number, offer: Offer): void {
    if (workerId !== this.leader || offer.term !== this.term) return;
    this.#offer = offer;
    for (const id of this.state.members.keys()) if (id !== workerId) this.#sendOffer(id, offer);
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

  /** What the leader never read of what was passed on to it is its callers' own again. */
  #trim(workerId: number, { term, read: numbers }: Partial<ReadUpTo>): void {
    if (!numbers || workerId !== this.leader || term !== this.term) return;
    const read = new Map<number, number>();
    for (let i = 0; i + 1 < numbers.length; i += 2) read.set(numbers[i]!, numbers[i + 1]!);
    for (const [id, passed] of this.received) this.received.set(id, Math.min(passed, read.get(id) ?? 0));
  }

  #carryOut(order: GroupOrder): void {
    switch (order.do) {
      case 'tell':
        return this.#broadcastSoon();
      case 'handover':
        // After the calls that were passed on to it: it must not be gone when they come.
        return this.host.workers
          .get(order.to)
          ?.outbox.controlInOrder({ k: 'handover', group: this.name, term: order.term });
      case 'prepare':
        return this.host.workers.get(order.to)?.sendControl({ k: 'prepare', group: this.name, term: order.term });
      case 'kill':
        return this.host.kill(order.workerId);
      case 'pause':
        return this.#pauseFor(order.ms);
      case 'hold open':
        return this.host.holdOpen(this);
      case 'end':
        return this.host.endTerm(this, order.term, order.leader);
      case 'emit':
        return this.#emit(order);
      case 'transferred':
        return this.host.transferred(order.id, order.failed);
    }
  }

  #emit(order: Extract<GroupOrder, { do: 'emit' }>): void {
    if (order.event === 'vacant') return this.host.emit('vacant', { name: this.name });
    const { workerId, term } = order;
    const detail = { name: this.name, term, workerId, pid: this.host.pidOf(workerId) };
    if (order.event !== 'deposed') return this.host.emit(order.event, detail);
    const { cause, error: payload } = order;
    const error = payload && this.host.readError(payload);
    this.ended = { term, cause, error, payload };
    this.host.emit('deposed', { ...detail, cause, ...(error && { error }) });
  }

  /** Once at the end of the turn: only where the group then stands matters. */
  #broadcastSoon(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.host.clock.defer(() => {
      this.#isTelling = false;
      this.broadcastState();
    });
  }

  #stateUpdate(): StateUpdate {
    const { state, leader } = this;
    const phase = phaseOf(state);
    const isLed = phase === 'opening' || phase === 'ready';
    // Whether a leader that can't be reached is dead isn't known yet.
    const ended = state.at.stage === 'fenced' ? undefined : this.ended;
    const error = phase === 'failed' ? state.error : ended?.payload;
    return {
      k: 'update',
      group: this.name,
      term: this.term,
      phase,
      ...(isLed && { leader: { workerId: leader!, pid: this.host.pidOf(leader!) } }),
      ...(phase === 'ready' && { methods: state.methods }),
      ...(error && { error }),
      ...(ended && { cause: ended.cause }),
      ...(phase === 'opening' && this.#watchedSince?.term === this.term && { appointedAt: this.#watchedSince.at }),
    };
  }

  #pauseFor(ms: number): void {
    this.#pause?.clear();
    this.#pause = this.host.clock.setTimer(() => this.apply({ type: 'resume' }), ms);
  }

  #rules(): Rules {
    const { clock, hungLeader, expected, workers } = this.host;
    return {
      now: clock.wall(),
      hungLeader,
      expected,
      leads: workerId => workers.get(workerId)!.leads,
      choose: candidates => this.host.choose(candidates, this.name),
    };
  }
}
