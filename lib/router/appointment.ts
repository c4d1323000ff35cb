// Who leads one group: a pure function of what the primary has seen. No timer, clock or message lives here;
// the router carries the orders out.
//
//              join, heard, resume                ready
//   vacant ───────────────────────► opening ─────────────────► leading ◄─────────┐
//     ▲  ▲                          │  │  ▲                     │ │ │  prepare   │ nobody
//     │  └── failed on all ─────────┘  │  │      transfer, yield│ │ └──────► preparing
//     │                                │  │                     │ │            │ prepared
//     │      closed, silent            ▼  │ resigned            │ ▼            ▼
//     └───────────────────────────── fenced           ◄─────────┴─── handing over
//          exited, silent: the next is appointed, from any state

import type { Candidate } from '../options/options.js';
import type { PortablePayload } from '../protocol/payload.js';
import { assertNever } from '../utils/assert-never.js';
import { backoffMs } from '../utils/backoff.js';
import {
  type GroupEvent,
  type GroupMember,
  type GroupOrder,
  type GroupState,
  type LedStage,
  leaderOf,
  mayLead,
  type Rules,
  type Stage,
  type Step,
  successorOf,
  VACANT,
} from './group-state.js';
import type { DeposedCause } from './primary-types.js';

/** When somebody led for so long since the last failure, the count of failures ends. */
const STABLE_MS = 10_000;

/** The one door: what a group becomes by an event, and what is to be done about it. */
export function appoint(state: GroupState, event: GroupEvent, rules: Rules): Step {
  const group = new GroupReducer(state, rules);
  group.apply(event);
  return { state: group.state, orders: group.orders };
}

/** A step at work: a state that is replaced as a whole, and the orders so far. */
class GroupReducer {
  readonly orders: GroupOrder[] = [];

  constructor(
    public state: GroupState,
    private readonly rules: Rules,
  ) {}

  apply(event: GroupEvent): void {
    switch (event.type) {
      case 'join':
        return this.#join(event.member);
      case 'leave':
        return this.#leave(event.workerId);
      case 'ready':
        return this.#ready(event.workerId, event.term, event.methods);
      case 'prepared':
        return this.#prepared(event.workerId, event.term, event.methods);
      case 'yield':
        return this.#yield(event);
      case 'resign':
        return this.#resign(event);
      case 'closed':
        return this.#closed(event.workerId);
      case 'exited':
        return this.#exited(event.workerId);
      case 'silent':
        return this.#silent(event.workerId);
      case 'heard':
        return this.#heard(event.workerId);
      case 'resume':
        return this.#resume();
      case 'transfer':
        return this.#transfer(event.id, event.to);
      default:
        return assertNever(event);
    }
  }

  #join(member: Omit<GroupMember, 'hasFailed' | 'isSilent'>): void {
    const known = this.state.members.get(member.workerId);
    const { joinedAt, isSilent } = known ?? { ...member, isSilent: false };
    // Who may lead only from now on hasn't failed in this round, whatever it did before.
    this.#setMember({ ...member, joinedAt, hasFailed: known?.hasFailed === true && mayLead(known), isSilent });
    const { at } = this.state;
    // A new worker hasn't failed yet: it need not wait for the pause of those that have.
    const isPossible = at.stage === 'vacant' && (!at.isPaused || at.hasFailed || at.isHeldOpen === true);
    if (isPossible && this.#candidates().length > 0) this.#appointOrHoldOpen(at);
    else if (at.stage === 'vacant' && !known && this.state.members.size === 1)
      this.#do({ do: 'emit', event: 'vacant' });
    this.#replaceIneligibleLeader();
    this.#do({ do: 'tell' });
  }

  #appointOrHoldOpen({ isHeldOpen }: Extract<Stage, { stage: 'vacant' }>): void {
    const { state, rules } = this;
    const isBusy = this.#candidates().every(({ workerId }) => rules.leads(workerId) > 0);
    if (!state.isNew || rules.expected <= state.members.size || !isBusy) return this.#appointNext();
    if (isHeldOpen) return;
    this.#set({ at: { stage: 'vacant', isPaused: true, hasFailed: false, isHeldOpen: true } }, { do: 'hold open' });
  }

  /** A process that led alone, or is about to end, gives the group to the first worker that is eligible. */
  #replaceIneligibleLeader(): void {
    const { at, members } = this.state;
    if (at.stage !== 'leading' || members.get(at.leader)?.eligible !== false) return;
    if (this.#candidates().some(({ eligible }) => eligible)) this.#startHandover(at);
  }

  #leave(workerId: number): void {
    const { at } = this.state;
    this.#removeMember(workerId);
    if (at.stage !== 'vacant' && at.stage !== 'fenced' && at.leader === workerId) this.#endTerm(at, 'resigned');
    else this.#successorLost(workerId);
  }

  #ready(workerId: number, term: number, methods: readonly string[]): void {
    const { at } = this.state;
    if (at.stage !== 'opening' || at.leader !== workerId || at.term !== term) return;
    this.#becomeReady(workerId, term, methods);
  }

  #becomeReady(leader: number, term: number, methods: readonly string[]): void {
    const { transfer } = this.state;
    const cleared = new Map([...this.state.members].map(([id, member]) => [id, { ...member, hasFailed: false }]));
    this.#set(
      {
        at: { stage: 'leading', term, leader, readyAt: this.rules.now },
        members: cleared,
        methods,
        error: undefined,
        preferred: [],
        avoided: undefined,
        transfer: undefined,
      },
      { do: 'emit', event: 'ready', term, workerId: leader },
      { do: 'tell' },
    );
    if (transfer) {
      this.#do({ do: 'transferred', id: transfer.id, ...(transfer.to !== leader && { failed: 'failed' }) });
    }
    this.#replaceIneligibleLeader();
  }

  #resign({ workerId, term, cause, error }: Extract<GroupEvent, { type: 'resign' }>): void {
    const { at } = this.state;
    if (at.stage === 'preparing' && at.successor === workerId && at.next === term) {
      this.#markFailed(workerId);
      return this.#startHandover(at);
    }
    if (at.stage === 'handing-over' && at.prepared?.successor === workerId && at.prepared.next === term) {
      this.#markFailed(workerId);
      return this.#set({ at: { ...at, prepared: undefined } });
    }
    if (at.stage === 'vacant' || at.leader !== workerId || at.term !== term) return;
    if (cause === 'failed') this.#markFailed(workerId);
    if (error) this.#set({ error });
    if (cause === 'resigned') this.#set({ avoided: workerId });
    this.#endTerm(at, cause, error);
  }

  #closed(workerId: number): void {
    const { at } = this.state;
    const led = at.stage !== 'vacant' && at.leader === workerId;
    this.#removeMember(workerId);
    if (at.stage === 'preparing' && at.successor === workerId) return this.#set({ at: { ...at, isLost: true } });
    if (!led) return this.#successorLost(workerId);
    if (at.stage === 'fenced') return this.#do({ do: 'end', term: at.term, leader: workerId });
    this.#fence(at, 'disconnected', { do: 'end', term: at.term, leader: workerId });
  }

  #fence(at: LedStage, cause: DeposedCause, order: GroupOrder): void {
    const { term, leader } = at;
    this.#set({ at: { stage: 'fenced', term, leader, cause }, ...this.#failuresAfter(at) }, order, { do: 'tell' });
  }

  #exited(workerId: number): void {
    const { at } = this.state;
    if (at.stage === 'preparing' && at.isLost && at.successor === workerId) return this.#startHandover(at);
    if (at.stage !== 'fenced' || at.leader !== workerId) return;
    this.#endTerm(at, at.cause === 'killed' ? 'killed' : 'exited');
  }

  #silent(workerId: number): void {
    const { at, members } = this.state;
    const member = members.get(workerId);
    if (member) this.#setMember({ ...member, isSilent: true });
    if (at.stage === 'preparing' && at.successor === workerId) {
      // It reads this right after the request, whenever it thaws.
      if (!at.isLost) this.#do({ do: 'handover', to: workerId, term: at.next });
      return this.#startHandover(at);
    }
    if (at.stage === 'vacant' || at.leader !== workerId) return;
    if (at.stage === 'fenced') {
      if (at.cause === 'disconnected') this.#endTerm(at, 'disconnected');
    } else if (this.rules.hungLeader === 'kill') {
      this.#fence(at, 'killed', { do: 'kill', workerId });
    } else {
      this.#endTerm(at, 'silent');
    }
  }

  #heard(workerId: number): void {
    const member = this.state.members.get(workerId);
    if (!member?.isSilent) return;
    this.#setMember({ ...member, isSilent: false });
    if (this.state.at.stage === 'vacant' && !this.state.at.isPaused) this.#appointNext();
    this.#replaceIneligibleLeader();
  }

  #resume(): void {
    if (this.state.at.stage !== 'vacant' || !this.state.at.isPaused) return;
    for (const member of this.state.members.values()) {
      if (member.hasFailed) this.#setMember({ ...member, hasFailed: false });
    }
    this.#appointNext();
  }

  // ------------------------------------------------------------------------------------------------- hand-over

  #transfer(id: number, to: number | undefined): void {
    const { at } = this.state;
    if (at.stage !== 'leading') return this.#do({ do: 'transferred', id, failed: 'vacant' });
    if (to === at.leader) return this.#do({ do: 'transferred', id });
    const candidates = this.#candidates().filter(member => member.workerId !== at.leader);
    if (to === undefined ? candidates.length === 0 : !candidates.some(member => member.workerId === to)) {
      return this.#do({ do: 'transferred', id, failed: 'no candidate' });
    }
    this.#set({ transfer: { id, to: to ?? this.rules.choose(candidates) } });
    this.#startHandover(at);
  }

  /** The leader of an overlapping group wants to go. */
  #yield({ workerId, term, now }: Extract<GroupEvent, { type: 'yield' }>): void {
    const { at } = this.state;
    if ((at.stage !== 'leading' && at.stage !== 'preparing') || at.leader !== workerId || at.term !== term) return;
    if (at.stage === 'leading') {
      this.#set({ avoided: workerId });
      this.#startHandover(at);
    }
    if (now && this.state.at.stage === 'preparing') this.#handOver(this.state.at);
  }

  /** Begins a hand-over, or goes on with it after a successor failed to prepare. */
  #startHandover({ term, leader, readyAt }: Extract<Stage, { stage: 'leading' | 'preparing' }>): void {
    const { transfer, members } = this.state;
    const wanted = transfer?.to;
    const candidates = this.#candidates().filter(member => member.workerId !== leader);
    const isWantedLost = wanted !== undefined && !candidates.some(member => member.workerId === wanted);
    if (isWantedLost && members.get(leader)?.handover === 'overlap') {
      // The leader still leads: nothing was lost, nothing needs to be tried elsewhere.
      this.#set({ at: { stage: 'leading', term, leader, readyAt } });
      this.#failTransfer();
      return this.#replaceIneligibleLeader();
    }
    const successor = wanted ?? (candidates.length > 0 ? this.rules.choose(candidates) : undefined);
    if (members.get(leader)?.handover === 'overlap' && successor !== undefined) {
      const next = this.#nextTerm();
      this.#set({
        at: { stage: 'preparing', term, leader, readyAt, successor, next },
        lastTerm: next,
        preferred: [successor],
      });
      return this.#do({ do: 'prepare', to: successor, term: next });
    }
    const preferred = successor === undefined ? [leader] : [successor, leader];
    this.#set(
      { at: { stage: 'handing-over', term, leader, readyAt }, preferred },
      { do: 'handover', to: leader, term },
    );
  }

  #prepared(workerId: number, term: number, methods: readonly string[]): void {
    const { at } = this.state;
    if (at.stage === 'opening' && at.leader === workerId && at.term === term) {
      return this.#becomeReady(workerId, term, methods);
    }
    if (at.stage === 'handing-over' && at.prepared?.successor === workerId && at.prepared.next === term) {
      return this.#set({ at: { ...at, prepared: { ...at.prepared, methods } } });
    }
    if (at.stage !== 'preparing' || at.successor !== workerId || at.next !== term) {
      // It was silent for too long, and thaws: what it opened is to be closed.
      const prepared = at.stage === 'handing-over' ? at.prepared?.successor : successorOf(this.state);
      if (workerId !== prepared && workerId !== leaderOf(this.state)) this.#do({ do: 'handover', to: workerId, term });
      return;
    }
    this.#handOver(at, methods);
  }

  /** The leader lets its calls end; the next term is its successor's. */
  #handOver(at: Extract<Stage, { stage: 'preparing' }>, methods?: readonly string[]): void {
    const { term, leader, readyAt, successor, next, isLost } = at;
    const prepared = { successor, next, ...(methods && { methods }) };
    this.#set(
      { at: { stage: 'handing-over', term, leader, readyAt, ...(!isLost && { prepared }) } },
      { do: 'handover', to: leader, term },
    );
  }

  /** A member went that may have been the successor of a hand-over. */
  #successorLost(workerId: number): void {
    const { at } = this.state;
    if (at.stage === 'preparing' && at.successor === workerId) this.#startHandover(at);
    if (at.stage === 'handing-over' && at.prepared?.successor === workerId)
      this.#set({ at: { ...at, prepared: undefined } });
  }

  // ------------------------------------------------------------------------------------------------ appointment

  #endTerm(at: LedStage, cause: DeposedCause, error?: PortablePayload): void {
    const { members } = this.state;
    const { term, leader } = at;
    // Of a fenced one it was said when its channel closed, if that has closed.
    if (at.stage !== 'fenced' || members.has(leader)) this.#do({ do: 'end', term, leader });
    this.#do({ do: 'emit', event: 'deposed', term, workerId: leader, cause, ...(error && { error }) });
    this.#set({ at: VACANT, ...this.#failuresAfter(at) });
    const prepared = preparedOf(at);
    if (prepared && !members.get(prepared.successor)!.isSilent) {
      return this.#appointPrepared(prepared.successor, prepared.next, prepared.methods);
    }
    // Who was to go anyway is succeeded at once, whatever made it go.
    if (cause === 'broken' && at.stage !== 'handing-over') return this.#pauseAfterBreak();
    this.#appointNext();
  }

  /** The count of failures after a term that ends now. */
  #failuresAfter(at: Stage): Pick<GroupState, 'failures' | 'heldMs'> {
    const { failures } = this.state;
    const heldMs = this.state.heldMs + ('readyAt' in at ? Math.max(0, this.rules.now - at.readyAt) : 0);
    return heldMs >= STABLE_MS ? { failures: 0, heldMs: 0 } : { failures, heldMs };
  }

  /** Nobody takes over. */
  #failTransfer(): void {
    const { transfer } = this.state;
    if (transfer) this.#do({ do: 'transferred', id: transfer.id, failed: 'failed' });
    this.#set({ transfer: undefined, preferred: [] });
  }

  /** The successor has, or soon will have, its real client open under the number `next`. */
  #appointPrepared(leader: number, term: number, methods: readonly string[] | undefined): void {
    this.#set(
      { at: { stage: 'opening', term, leader } },
      { do: 'emit', event: 'appointed', term, workerId: leader },
      { do: 'tell' },
    );
    if (methods) this.#becomeReady(leader, term, methods);
  }

  /** The first break is mended at once; a client that keeps breaking is opened ever more slowly. */
  #pauseAfterBreak(): void {
    const ms = backoffMs(this.state.failures);
    this.#set({ failures: this.state.failures + 1, heldMs: 0 });
    if (ms === 0) return this.#appointNext();
    this.#failTransfer();
    this.#set({ at: { stage: 'vacant', isPaused: true, hasFailed: false } }, { do: 'pause', ms }, { do: 'tell' });
  }

  #appointNext(): void {
    const candidates = this.#candidates();
    if (candidates.length === 0) return this.#stayVacant();
    const leader = this.#pick(candidates);
    const term = this.#nextTerm();
    this.#set(
      {
        at: { stage: 'opening', term, leader },
        lastTerm: term,
        isNew: false,
        preferred: this.state.preferred.filter(id => id !== leader),
      },
      { do: 'emit', event: 'appointed', term, workerId: leader },
      { do: 'tell' },
    );
  }

  #pick(candidates: readonly GroupMember[]): number {
    const preferred = this.state.preferred.find(id => candidates.some(member => member.workerId === id));
    if (preferred !== undefined) return preferred;
    const others = candidates.filter(member => member.workerId !== this.state.avoided);
    return this.rules.choose(others.length > 0 ? others : candidates);
  }

  #stayVacant(): void {
    const { members, failures } = this.state;
    this.#failTransfer();
    const failed = [...members.values()].some(member => mayLead(member) && member.hasFailed);
    if (failed) {
      this.#set(
        { at: { stage: 'vacant', isPaused: true, hasFailed: true }, failures: failures + 1, heldMs: 0 },
        { do: 'pause', ms: backoffMs(failures + 1) },
      );
    } else {
      this.#set({ at: VACANT });
    }
    this.#do({ do: 'emit', event: 'vacant' });
    this.#do({ do: 'tell' });
  }

  /** Members that are eligible, haven't failed in this round and aren't hung. Without any: those of last resort. */
  #candidates(): GroupMember[] {
    const able = [...this.state.members.values()].filter(one => mayLead(one) && !one.hasFailed && !one.isSilent);
    const eligible = able.filter(one => one.eligible);
    return eligible.length > 0 ? eligible : able;
  }

  #nextTerm(): number {
    return Math.max(this.state.lastTerm + 1, Math.trunc(this.rules.now));
  }

  #markFailed(workerId: number): void {
    const member = this.state.members.get(workerId);
    if (member) this.#setMember({ ...member, hasFailed: true });
  }

  #setMember(member: GroupMember): void {
    this.#set({ members: new Map(this.state.members).set(member.workerId, member) });
  }

  #removeMember(workerId: number): void {
    const members = new Map(this.state.members);
    members.delete(workerId);
    this.#set({ members });
  }

  #set(change: Partial<GroupState>, ...orders: GroupOrder[]): void {
    this.state = { ...this.state, ...change };
    this.orders.push(...orders);
  }

  #do(order: GroupOrder): void {
    this.orders.push(order);
  }
}

/** Who has opened, or opens, its real client ahead of its term, and can be reached. */
function preparedOf(at: LedStage): { successor: number; next: number; methods?: readonly string[] } | undefined {
  if (at.stage === 'preparing') return at.isLost ? undefined : at;
  return at.stage === 'handing-over' ? at.prepared : undefined;
}

/** A member as `chooseLeader` sees it. */
export const toCandidate = ({ workerId, pid, joinedAt, priority }: GroupMember, leads: number): Candidate => ({
  workerId,
  pid,
  joinedAt,
  leads,
  priority,
});
