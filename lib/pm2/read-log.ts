// Computes the state of the log: a pure function of the state and the next entry. All workers that have read the log up to
// the same entry have the same state, so nothing here may depend on the worker, its options or the time. Part of the
// protocol. Frames of the bus become events of `group/reduce.ts`, with the time of the daemon's clock. A leader is chosen
// by claims: the first valid one counts.

import type { GroupEvent } from '../group/events.js';
import { newGroup, successorIn, termOf } from '../group/queries.js';
import { reduce } from '../group/reduce.js';
import type { Claim } from '../protocol/bus-frames.js';
import type { BusGroup, BusMember, LogState } from '../protocol/log-state.js';
import type {
  Address,
  BusPacket,
  ControlFrame,
  DeposedCause,
  Join,
  Offer,
  TransferFailure,
} from '../protocol/messages.js';
import { own } from '../utils/own.js';

/** An entry of the log. All subscribers of the bus receive them in the same order. */
export type LogEntry =
  /** `at`: the daemon's clock, in ms. */
  | { readonly type: 'packet'; readonly packet: BusPacket; readonly at: number }
  /** The daemon reported the exit of this process. */
  | { readonly type: 'exit'; readonly process: string; readonly at: number };

/** The result of a transfer that a member requested. */
export interface Settled {
  readonly request: string;
  readonly failed?: TransferFailure;
}

export interface LogStep {
  /** The same object if nothing changed. */
  readonly log: LogState;
  readonly settled: readonly Settled[];
}

export const EMPTY_LOG: LogState = { peers: {}, groups: {}, lastTerm: 0 };

/** Identifies a transfer among those of all members. */
export const requestOf = (incarnation: string, id: number): string => `${id}|${incarnation}`;

/** The only entry point: the state after an entry. */
export function readLog(log: LogState, entry: LogEntry): LogStep {
  const reader = new LogReader(log, entry.at);
  if (entry.type === 'exit') reader.exited(entry.process);
  else reader.read(entry.packet);
  return { log: reader.log, settled: reader.settled };
}

class LogReader {
  readonly settled: Settled[] = [];

  constructor(
    public log: LogState,
    private readonly at: number,
  ) {}

  read({ i, n, c }: BusPacket): void {
    const isSilent = ([, { members }]: [string, BusGroup]) => own(members, i)?.isSilent;
    for (const [name] of Object.entries(this.log.groups).filter(isSilent)) this.#apply(name, { type: 'alive', id: i });
    for (const frame of c ?? []) this.#frame(i, frame);
    if (own(this.log.peers, i)) this.#setPeer(i, { seen: n });
  }

  exited(process: string): void {
    for (const [id, peer] of Object.entries(this.log.peers))
      if (peer.process === process) this.#removePeer(id, 'exited');
  }

  #frame(id: string, frame: ControlFrame): void {
    if (frame.k === 'enter') {
      const { k: _, ...peer } = frame;
      this.log = { ...this.log, peers: { ...this.log.peers, [id]: { seen: 0, ...peer } } };
    }
    // Frames of a worker that has not entered are ignored.
    if (!own(this.log.peers, id)) return;
    if (frame.k === 'address') return this.#address(id, frame);
    if (frame.k === 'part') return this.#removePeer(id, 'disconnected');
    if (!('group' in frame)) return;
    if (frame.k === 'join') return this.#join(id, frame);
    const group = own(this.log.groups, frame.group);
    // A member that has just left may still have requested a hand-over.
    if (frame.k === 'transfer') return this.#transfer(frame.group, requestOf(id, frame.id), frame.to);
    if (!group || !own(group.members, id)) return;
    if (frame.k === 'offer') return this.#offer(group, id, frame);
    for (const event of eventsOf(this.log, group, id, frame)) this.#apply(frame.group, event);
  }

  #address(id: string, { address, gone }: Address): void {
    if (!gone) return this.#setPeer(id, { address });
    const { address: known, ...peer } = this.log.peers[id]!;
    if (known === address) this.log = { ...this.log, peers: { ...this.log.peers, [id]: peer } };
  }

  #join(id: string, { group: name, eligible, priority, handover, backoff, digest }: Join): void {
    const member: BusMember = {
      joinedAt: this.at,
      eligible,
      priority,
      handover,
      ...(backoff && { backoff }),
      digest,
    };
    this.#apply(name, { type: 'join', id, member });
  }

  #transfer(name: string, request: string, workerId: number | undefined): void {
    const group = own(this.log.groups, name);
    if (!group) return void this.settled.push({ request, failed: 'no group' });
    const isIt = (id: string) => this.log.peers[id]!.workerId === workerId;
    // No member has an empty id.
    const to = workerId === undefined ? undefined : (Object.keys(group.members).findLast(isIt) ?? '');
    this.#apply(name, { type: 'transfer', request, ...(to !== undefined && { to }) });
  }

  #offer(group: BusGroup, id: string, { group: name, term, address, problem }: Offer): void {
    const { at } = group;
    if (at.stage === 'vacant' || at.leader !== id || at.term !== term) return;
    const offer = { term, ...(problem === undefined ? { address } : { problem }) };
    this.#setGroup(name, { ...group, offer });
  }

  #apply(name: string, event: GroupEvent): void {
    const group: BusGroup = own(this.log.groups, name) ?? (newGroup(this.log.lastTerm) as BusGroup);
    const { state, orders } = reduce(group, event, this.at);
    for (const order of orders) {
      if (order.do !== 'transferred') continue;
      const { request, failed } = order;
      this.settled.push({ request, ...(failed && { failed }) });
    }
    if (state !== group) this.#setGroup(name, state);
  }

  /** A group without members is removed; only its last term is kept. */
  #setGroup(name: string, group: BusGroup): void {
    const { [name]: _, ...groups } = this.log.groups;
    if (Object.keys(group.members).length > 0) this.log = { ...this.log, groups: { ...groups, [name]: group } };
    else this.log = { ...this.log, groups, lastTerm: Math.max(this.log.lastTerm, group.lastTerm) };
  }

  #setPeer(id: string, change: Partial<LogState['peers'][string]>): void {
    const peer = { ...this.log.peers[id]!, ...change };
    this.log = { ...this.log, peers: { ...this.log.peers, [id]: peer } };
  }

  #removePeer(id: string, cause: DeposedCause): void {
    for (const [name, { members }] of Object.entries(this.log.groups))
      if (own(members, id)) this.#apply(name, { type: 'leave', id, cause });
    const { [id]: _, ...peers } = this.log.peers;
    this.log = { ...this.log, peers };
  }
}

function eventsOf(log: LogState, group: BusGroup, id: string, frame: ControlFrame): GroupEvent[] {
  switch (frame.k) {
    case 'leave':
      return [{ type: 'leave', id }];
    case 'claim':
      return claim(log, group, id, frame);
    case 'ready':
    case 'prepared':
      return [{ type: frame.k, id, term: frame.term, methods: frame.methods }];
    case 'yield':
      return [{ type: 'yield', id, term: frame.term, ...(frame.now && { now: true }) }];
    case 'resign':
      return [{ type: 'resign', id, term: frame.term, cause: frame.cause, ...(frame.error && { error: frame.error }) }];
    default:
      return [];
  }
}

/** This rule must not change: a release that changes it needs a new version of the protocol. */
function claim({ peers }: LogState, group: BusGroup, id: string, { after, seen }: Claim): GroupEvent[] {
  const { at } = group;
  if (seen === undefined) return after === termOf(group) ? [{ type: 'claim', id }] : [];
  const successor = successorIn(at);
  const isSuccessor = successor?.term === after;
  const silent = isSuccessor ? successor.id : at.stage !== 'vacant' && at.term === after ? at.leader : id;
  if (silent === id || peers[silent]!.seen !== seen) return [];
  const events: GroupEvent[] = [{ type: 'silent', id: silent }];
  // A leader does not succeed itself. Its claim only reports that its successor is silent.
  if (!(isSuccessor && at.stage !== 'vacant' && at.leader === id)) events.push({ type: 'claim', id });
  return events;
}
