// What the log says: a pure function of the state and the next entry. All who read the log to the same place agree on
// the state, so nothing in here may depend on who reads, when, or on what options it has. Part of the protocol.
//
//            claim                       ready
//   vacant ─────────► opening ─────────────────────► ready ──────────┐
//     ▲                 │                             │ yield         │ yield, transfer of a group that overlaps
//     │                 │ resign, leave, exit,        ▼               ▼
//     └─────────────────┴── claim after silence ── handing over ◄── preparing ──► ready
//                           (prepared: its successor leads)     prepared,     nobody left, and the
//                                                               nobody left   leader didn't yield

import type {
  Address,
  BusGroup,
  BusPacket,
  Claim,
  ControlFrame,
  DeposedCause,
  Join,
  LogLeadership,
  LogState,
  Offer,
  ResignCause,
  Yield,
} from '../protocol/messages.js';
import type { PortablePayload } from '../protocol/payload.js';
import { backoffMs } from '../utils/backoff.js';
import { own } from '../utils/own.js';

/** What the bus brings, in the one order that all subscribers see. */
export type LogEntry =
  /** `at`: the daemon's clock, in ms. */
  | { readonly type: 'packet'; readonly packet: BusPacket; readonly at: number }
  /** The daemon saw this process die. */
  | { readonly type: 'exit'; readonly process: string; readonly at: number };

/** When somebody led for so long since the last failure, the count of failures ends. */
const STABLE_MS = 10_000;

export const EMPTY_LOG: LogState = { peers: {}, groups: {}, lastTerm: 0 };

/** The one door: the state after an entry. Returns the same object where nothing changed. */
export function readLog(state: LogState, entry: LogEntry): LogState {
  if (entry.type === 'exit') return exited(state, entry.process, entry.at);
  const { i, n, c } = entry.packet;
  let next = state;
  for (const frame of c ?? []) next = readFrame(next, i, frame, entry.at);
  return noteSeen(next, i, n);
}

/** Members that may lead and haven't failed in this round; `except` one. */
export function candidatesOf({ members, failed }: BusGroup, except?: string): string[] {
  return Object.keys(members).filter(id => id !== except && members[id]!.eligible && !failed.includes(id));
}

/** Whether everybody who may lead has tried to open the real client, and could not. */
export function hasFailedOnAll(group: BusGroup): boolean {
  return group.failed.length > 0 && candidatesOf(group).length === 0;
}

function noteSeen(state: LogState, id: string, seen: number): LogState {
  const peer = own(state.peers, id);
  return peer ? { ...state, peers: { ...state.peers, [id]: { ...peer, seen } } } : state;
}

function readFrame(state: LogState, id: string, frame: ControlFrame, at: number): LogState {
  if (frame.k === 'enter') {
    const { k: _, ...peer } = frame;
    return { ...state, peers: { ...state.peers, [id]: { seen: 0, ...peer } } };
  }
  // Who hasn't entered takes no part.
  if (!own(state.peers, id)) return state;
  if (frame.k === 'address') return addressed(state, id, frame);
  if (frame.k === 'part') return removePeer(state, id, 'disconnected', at);
  if (!('group' in frame)) return state;
  if (frame.k === 'join') return join(state, id, frame, at);
  const group = own(state.groups, frame.group);
  // Who has just left may still have asked for a hand-over.
  if (!group || (frame.k !== 'transfer' && !own(group.members, id))) return state;
  const next = readOfMember(state, group, id, frame, at);
  return next === group ? state : withGroup(state, frame.group, next);
}

function addressed(state: LogState, id: string, { address, gone }: Address): LogState {
  const { address: known, ...peer } = state.peers[id]!;
  if (gone && known !== address) return state;
  return { ...state, peers: { ...state.peers, [id]: gone ? peer : { ...peer, address } } };
}

function readOfMember(state: LogState, group: BusGroup, id: string, frame: ControlFrame, at: number): BusGroup {
  switch (frame.k) {
    case 'leave':
      return gone(group, id, 'resigned', at);
    case 'claim':
      return claim(state, group, id, frame, at);
    case 'ready':
      return ready(group, id, frame.term, frame.methods, at);
    case 'prepared':
      return prepared(group, id, frame.term, frame.methods, at);
    case 'yield':
      return yielded(group, id, frame);
    case 'offer':
      return offer(group, id, frame);
    case 'transfer':
      return transfer(state, group, frame.to);
    case 'resign':
      return resign(group, id, frame.term, frame.cause, frame.error, at);
    default:
      return group;
  }
}

function join(state: LogState, id: string, frame: Join, at: number): LogState {
  const { group: name, eligible, priority, handover, digest } = frame;
  const group = own(state.groups, name) ?? newGroup(state.lastTerm);
  const known = group.members[id];
  const member = { joinedAt: known?.joinedAt ?? at, eligible, priority, handover, digest };
  // Who may lead only from now on hasn't failed in this round, whatever it did before.
  const failed = known?.eligible ? group.failed : group.failed.filter(other => other !== id);
  return withGroup(state, name, { ...group, members: { ...group.members, [id]: member }, failed });
}

const newGroup = (lastTerm: number): BusGroup => ({
  lastTerm,
  members: {},
  failed: [],
  failures: 0,
  heldMs: 0,
  pauseMs: 0,
});

/** A group without members is forgotten, but for its last term. */
function withGroup(state: LogState, name: string, group: BusGroup): LogState {
  const { [name]: _, ...others } = state.groups;
  if (Object.keys(group.members).length > 0) return { ...state, groups: { ...others, [name]: goOn(group) } };
  return { ...state, groups: others, lastTerm: Math.max(state.lastTerm, group.lastTerm) };
}

// -------------------------------------------------------------------------------------------------------- claims

/** The first valid claim in the log leads. This rule is frozen: a release that changes it is another protocol. */
function claim({ peers }: LogState, group: BusGroup, id: string, { after, seen }: Claim, at: number): BusGroup {
  const { led } = group;
  if (!led) return after === group.lastTerm ? appoint(group, id, at) : group;
  if (after !== led.term || id === led.leader) return group;
  if (seen !== undefined) {
    return seen === peers[led.leader]!.seen ? appoint({ ...group, cause: 'silent' }, id, at) : group;
  }
  if (led.at !== 'preparing' || led.successor) return group;
  const next = nextTerm(group, at);
  return { ...group, lastTerm: next, led: { ...led, successor: { id, next } } };
}

function appoint(group: BusGroup, leader: string, at: number): BusGroup {
  const term = nextTerm(group, at);
  // Somebody tries again: a new round.
  const failed = group.failed.includes(leader) ? [] : group.failed;
  return {
    ...group,
    lastTerm: term,
    led: { term, leader, at: 'opening', readyAt: 0, methods: [] },
    failed,
  };
}

/** By the daemon's clock it grows over a restart of everybody. */
const nextTerm = ({ lastTerm }: BusGroup, at: number): number => Math.max(lastTerm + 1, Math.trunc(at));

// ------------------------------------------------------------------------------------------------ life of a term

function ready(group: BusGroup, id: string, term: number, methods: readonly string[], at: number): BusGroup {
  const { led } = group;
  if (led?.at !== 'opening' || led.leader !== id || led.term !== term) return group;
  return becomeReady(group, { ...led, methods, readyAt: at });
}

function becomeReady(group: BusGroup, led: LogLeadership): BusGroup {
  const { error: _, avoided: __, wanted: ___, ...rest } = group;
  return { ...rest, led: { ...led, at: 'ready' }, failed: [] };
}

function offer(group: BusGroup, id: string, { term, address, problem }: Offer): BusGroup {
  if (group.led?.leader !== id || group.led.term !== term) return group;
  const { address: _, problem: __, ...led } = group.led;
  return { ...group, led: { ...led, ...(problem === undefined ? { address } : { problem }) } };
}

const isReady = (group: BusGroup, id: string, term: number): group is BusGroup & { readonly led: LogLeadership } =>
  group.led?.at === 'ready' && group.led.leader === id && group.led.term === term;

function transfer({ peers }: LogState, group: BusGroup, to: number | undefined): BusGroup {
  const { led } = group;
  if (led?.at !== 'ready') return group;
  const wanted = candidatesOf(group, led.leader).find(id => to === undefined || peers[id]!.workerId === to);
  if (wanted === undefined) return group;
  return handOver({ ...group, avoided: led.leader, ...(to !== undefined && { wanted }) }, led);
}

function yielded(group: BusGroup, id: string, { term, now }: Yield): BusGroup {
  const next = isReady(group, id, term) ? handOver({ ...group, avoided: id }, group.led) : group;
  const { led } = next;
  if (led?.at !== 'preparing' || led.leader !== id || led.term !== term) return next;
  // What its successor opens is for the next term all the same.
  return { ...next, led: now ? { ...led, at: 'handing-over' } : { ...led, yields: true } };
}

/** The leader goes: at once, or where the group overlaps once a successor is prepared. */
function handOver(group: BusGroup, led: LogLeadership): BusGroup {
  const overlaps = group.members[led.leader]!.handover === 'overlap';
  return { ...group, led: { ...led, at: overlaps ? 'preparing' : 'handing-over' } };
}

/** Nobody is left who could be prepared: who wants to go hands over all the same, anybody else leads as before. */
function goOn(group: BusGroup): BusGroup {
  const { led, wanted } = group;
  if (led?.at !== 'preparing' || led.successor) return group;
  const candidates = candidatesOf(group, led.leader);
  if (led.yields) return candidates.length > 0 ? group : { ...group, led: { ...led, at: 'handing-over' } };
  return candidates.some(id => wanted === undefined || id === wanted) ? group : becomeReady(group, led);
}

function prepared(group: BusGroup, id: string, term: number, methods: readonly string[], at: number): BusGroup {
  const { led } = group;
  // Its turn came before it was done.
  if (led?.at === 'opening') return ready(group, id, term, methods, at);
  if (led?.successor?.id !== id || led.successor.next !== term) return group;
  return { ...group, led: { ...led, at: 'handing-over', successor: { ...led.successor, methods } } };
}

function resign(
  group: BusGroup,
  id: string,
  term: number,
  cause: ResignCause,
  error: PortablePayload | undefined,
  at: number,
): BusGroup {
  const { led } = group;
  if (led?.successor?.id === id && led.successor.next === term) {
    return successorLost({ ...group, failed: [...group.failed, id] }, led);
  }
  if (led?.leader !== id || led.term !== term) return group;
  return vacate({ ...group, ...(error && { error }) }, led, cause, at);
}

const successorLost = (group: BusGroup, { successor: _, ...led }: LogLeadership): BusGroup => ({ ...group, led });

/** The term is over; who was prepared leads. */
function vacate(group: BusGroup, led: LogLeadership, cause: DeposedCause, at: number): BusGroup {
  const { led: _, ...left } = group;
  const { leader, successor, readyAt } = led;
  const held = (group.heldMs ?? 0) + (led.at === 'opening' ? 0 : Math.max(0, at - readyAt));
  const isStable = held >= STABLE_MS;
  const failures = isStable ? 0 : group.failures;
  const vacant: BusGroup = { ...left, cause, failures, heldMs: isStable ? 0 : held, pauseMs: 0 };
  if (successor) {
    const { id, next, methods } = successor;
    const following: LogLeadership = { term: next, leader: id, at: 'opening', readyAt: at, methods: methods ?? [] };
    const appointed: BusGroup = { ...vacant, led: following };
    return methods ? becomeReady(appointed, following) : appointed;
  }
  if (cause === 'failed') return attemptFailed({ ...vacant, failed: [...group.failed, leader] });
  if (cause === 'resigned') return { ...vacant, avoided: leader };
  // The first break is mended at once; a client that keeps breaking is opened ever more slowly.
  if (cause === 'broken' && led.at !== 'handing-over') {
    return { ...vacant, failures: failures + 1, heldMs: 0, pauseMs: backoffMs(failures) };
  }
  return vacant;
}

function attemptFailed(group: BusGroup): BusGroup {
  if (!hasFailedOnAll(group)) return group;
  const failures = group.failures + 1;
  return { ...group, failures, heldMs: 0, pauseMs: backoffMs(failures) };
}

// ------------------------------------------------------------------------------------------------ who is gone

function exited(state: LogState, process: string, at: number): LogState {
  let next = state;
  for (const [id, peer] of Object.entries(state.peers))
    if (peer.process === process) next = removePeer(next, id, 'exited', at);
  return next;
}

function removePeer(state: LogState, id: string, cause: DeposedCause, at: number): LogState {
  let next = state;
  for (const [name, group] of Object.entries(state.groups)) {
    if (group.members[id]) next = withGroup(next, name, gone(group, id, cause, at));
  }
  const { [id]: _, ...peers } = next.peers;
  return { ...next, peers };
}

function gone(group: BusGroup, id: string, cause: DeposedCause, at: number): BusGroup {
  const { [id]: _, ...members } = group.members;
  const { led } = group;
  const rest: BusGroup = { ...group, members, failed: group.failed.filter(other => other !== id) };
  if (led?.leader === id) return vacate(rest, led, cause, at);
  return led?.successor?.id === id ? successorLost(rest, led) : rest;
}
