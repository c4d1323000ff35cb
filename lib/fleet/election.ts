// The election of a fleet group on one host: a pure function of what the host knows, the next event and the time. It decides
// when to read and write the record, and who leads by lib/group.
//
//   watching ──────────────► claiming ──────────────► leading ──────────────► releasing ──────► watching
//      ▲   the record is free,   │        the claim      │   the member gave it     │   the release was
//      │   or unchanged for the  │        was done       │   up: resigned, failed,  │   written, or 1 s has
//      │   lease it names        │                       │   broken, left           │   passed
//      └─────────────────────────┴───────────────────────┴──────────────────────────┘
//        conflict, no answer        the lease has ended, or a higher term is seen
//
// A lease runs from when a write was sent, and only if its answer arrived. There is one operation on the register at a time.

import { newGroup, VACANT } from '../group/queries.js';
import type { GroupState } from '../protocol/group-state.js';
import { claimAt, claimedGroup, pollAt } from './claim.js';
import { Draft } from './election-draft.js';
import type {
  Election,
  ElectionEvent,
  ElectionOptions,
  ElectionStep,
  Flight,
  Lead,
  Moment,
  Observed,
  Seen,
  WriteFlight,
} from './election-state.js';
import { type FleetRecord, groupOf, readableIn, recordOf } from './record.js';

/** As a part of `leaseMs`: less than the part in which a leader does not act any more, and others still wait. */
const LITTLE_SLEEP = 0.25;
/** After a read without an answer. */
const READ_AGAIN_MS = 250;
/** A claim is made only if the register has confirmed the record this recently. Others may just have claimed. */
const FRESH_MS = 250;

export function newElection(options: ElectionOptions, now: number): Election {
  return { options, leads: 0, isUp: false, announces: false, upAt: now, highest: 0, done: false };
}

/** The only entry point. */
export function elect(state: Election, event: ElectionEvent, moment: Moment): ElectionStep {
  const { leads, wall, now } = moment;
  const draft = new Draft({ ...state, leads, offset: wall - now }, moment);
  // Before anything else: a process that was frozen reads what arrived meanwhile.
  draft.endLease();
  draft.noteSleep(sleptMs(state, moment));
  apply(draft, event);
  settle(draft);
  return { state: draft.state, orders: draft.orders };
}

/**
 * For how long the machine was suspended since the last event, in ms: the monotonic clock stands still then, and others wait.
 * The wall clock may have been set, too, so only a leader counts it. Little is 0: others wait for longer than a leader acts.
 */
function sleptMs({ offset, options }: Election, { wall, now }: ClockReading): number {
  const ms = offset === undefined ? 0 : wall - now - offset;
  return ms > options.leaseMs * LITTLE_SLEEP ? ms : 0;
}

type ClockReading = Pick<Moment, 'now' | 'wall'>;

/** Whether this host may act as the leader at this moment, even if the machine was just suspended. */
export function mayAct(state: Election, at: ClockReading): boolean {
  return state.lead !== undefined && at.now < state.lead.until && sleptMs(state, at) === 0;
}

/** When `tick` is due next. */
export function wakeAt(state: Election): number | undefined {
  const { lead, release, flight, isUp, readFrom } = state;
  const times = [lead?.until, release?.until];
  if (!flight && isUp) times.push(...(readFrom === undefined ? [claimAt(state), pollAt(state)] : [readFrom]));
  const due = times.filter(time => time !== undefined);
  return due.length > 0 ? Math.min(...due) : undefined;
}

/** Whether what the host gave up, or may have claimed for a member that left, is not yet known to others. */
export const isReleasing = ({ release, flight }: Election): boolean =>
  release !== undefined || (flight?.op === 'write' && flight.what === 'claim');

function apply(draft: Draft, event: ElectionEvent): void {
  switch (event.type) {
    case 'join':
      return join(draft, event);
    case 'leave':
      return leave(draft);
    case 'beat':
      return beat(draft, event.n);
    case 'ready':
      return ready(draft, event.term, event.methods);
    case 'offer':
      return offer(draft, event);
    case 'yield':
      return handOver(draft, event.term);
    case 'resign':
      return resign(draft, event);
    case 'transfer':
      return transfer(draft, event.to);
    case 'done':
      draft.set({ done: true });
      return draft.setLead({ isDue: true });
    case 'down':
      return draft.set({ isUp: false });
    case 'up':
      draft.set({ isUp: true, upAt: draft.at.now, announces: event.announces });
      return draft.readAgain();
    case 'read':
      return read(draft, event);
    case 'written':
      return written(draft, event.revision);
    case 'conflict':
      return conflict(draft);
    case 'unanswered':
      return unanswered(draft);
    case 'announced':
      return announced(draft, event);
    case 'tick':
      return;
  }
}

// ------------------------------------------------------------------------------------------------- from the member

function join(draft: Draft, { type: _, ...member }: Extract<ElectionEvent, { type: 'join' }>): void {
  draft.set({ member });
  const { lead } = draft.state;
  if (lead && !member.eligible) handOver(draft, lead.term);
}

function leave(draft: Draft): void {
  const { lead } = draft.state;
  draft.set({ member: undefined });
  if (lead) resign(draft, { term: lead.term, cause: 'resigned' });
}

function beat(draft: Draft, n: number): void {
  const { lead, options } = draft.state;
  // Without a term there is no lease to renew.
  if (!lead) return draft.set({}, { do: 'acknowledge', beats: [n] });
  // The first heartbeat of a term follows the claim at once.
  const isDue = lead.isDue || draft.at.now - lead.sentAt >= options.renewMs / 2;
  draft.setLead({ beats: [...lead.beats, n], isDue });
}

function ready(draft: Draft, term: number, methods: readonly string[]): void {
  if (draft.state.lead?.term !== term) return;
  draft.reduce({ type: 'ready', id: draft.nonce, term, methods });
  draft.setLead({ isDue: true });
  if (!draft.state.member?.eligible) handOver(draft, term);
}

function offer(draft: Draft, { term, address, secret }: Extract<ElectionEvent, { type: 'offer' }>): void {
  if (draft.state.lead?.term === term) draft.setLead({ isDue: true, offer: { address, secret } });
}

function handOver(draft: Draft, term: number): void {
  if (draft.state.lead?.term === term) draft.reduce({ type: 'yield', id: draft.nonce, term, now: true });
}

function resign(
  draft: Draft,
  { term, cause, error }: Pick<Extract<ElectionEvent, { type: 'resign' }>, 'term' | 'cause' | 'error'>,
): void {
  if (draft.state.lead?.term !== term) return;
  draft.reduce({ type: 'resign', id: draft.nonce, term, cause, ...(error && { error }) });
  draft.giveUp();
}

function transfer(draft: Draft, to: string): void {
  const { lead, group, options } = draft.state;
  if (!lead) {
    const record = leaderIn(draft.state.seen);
    return draft.set({ request: record && { term: record.term, to } });
  }
  if (to === options.hostName || group!.at.stage !== 'leading') return;
  draft.set({ next: to });
  handOver(draft, lead.term);
}

/** The record of the host that leads. */
function leaderIn(seen: Seen | undefined): FleetRecord | undefined {
  const record = readableIn(seen);
  return record?.state === 'held' ? record : undefined;
}

// ----------------------------------------------------------------------------------------------- from the register

function read(draft: Draft, observed: Observed): void {
  const { flight, seen } = draft.state;
  draft.set({ flight: undefined, readFrom: undefined });
  const { known } = flight as Extract<Flight, { op: 'read' }>;
  // What was announced meanwhile is newer than this answer.
  if (seen && observed.revision < seen.revision && seen.revision !== known) return draft.readAgain();
  observe(draft, observed, true);
  judgeLead(draft);
}

function observe(draft: Draft, { revision, record }: Observed, isRead: boolean): void {
  const { seen: before, highest } = draft.state;
  const { now, random } = draft.at;
  if (before?.revision === revision) {
    if (isRead) draft.set({ seen: { ...before, readAt: now } });
    return;
  }
  const term = record?.term ?? highest;
  const wentBack = before !== undefined && (revision < before.revision || term < highest);
  const doubt = wentBack ? 'went back' : !record && revision > 0 ? 'deleted' : undefined;
  // An announcement counts only after the first read.
  const readAt = isRead ? now : before!.readAt;
  draft.set({
    seen: { revision, record, since: now, readAt, random, ...(doubt && { doubt }) },
    highest: Math.max(highest, term),
  });
  if (!draft.state.lead) draft.set({ group: groupSeen(draft) });
}

/** The state of the group that the members of this host are sent. */
function groupSeen({ state, nonce, at }: Draft): GroupState {
  const { seen, highest } = state;
  const record = readableIn(seen);
  if (!record) return newGroup(highest);
  if (record.nonce !== nonce || record.state === 'released') return groupOf(record, at.wall);
  // A write of this host that was done after its lease had ended, or without an answer.
  return { ...groupOf(record, at.wall), at: VACANT, members: {} };
}

/** A leader has read the record. */
function judgeLead(draft: Draft): void {
  const { lead, seen, options } = draft.state;
  if (!lead) return;
  const record = readableIn(seen);
  if (record?.nonce === options.nonce && record.term === lead.term) return judgeOwn(draft, lead, record);
  if (seen!.record?.term !== undefined && seen!.record.term >= lead.term) {
    draft.set({ group: groupSeen(draft) });
    return draft.stepDown(lead.term, record?.cause ?? 'silent');
  }
  // The register has lost the record. Until the lease is over nobody else leads.
  draft.setLead({ isDue: true, isLost: true });
}

function judgeOwn(draft: Draft, lead: Lead, record: FleetRecord): void {
  const { unanswered } = lead;
  draft.setLead({ isLost: undefined });
  // A later version that no other host has written is one of the writes without an answer. To take it for the first is safe.
  const isDone = unanswered && draft.state.seen!.revision > unanswered.expected && record.transfer === undefined;
  if (isDone) renewed(draft, lead, unanswered.sentAt, unanswered.beats);
  if (record.transfer !== undefined) transfer(draft, record.transfer);
}

function renewed(draft: Draft, lead: Lead, sentAt: number, beats: readonly number[]): void {
  const until = Math.max(lead.until, sentAt + draft.state.options.actMs);
  draft.setLead({ until, sentAt: Math.max(lead.sentAt, sentAt), unanswered: undefined, isLost: undefined });
  if (beats.length > 0) draft.set({}, { do: 'acknowledge', beats });
}

function written(draft: Draft, revision: number): void {
  const flight = draft.state.flight as WriteFlight;
  const { what, record, sentAt, beats } = flight;
  const { now, random } = draft.at;
  draft.set(
    {
      flight: undefined,
      seen: { revision, record, since: now, readAt: now, random },
      highest: Math.max(draft.state.highest, record.term),
    },
    { do: 'announce', revision, record },
  );
  if (what === 'claim') return won(draft, flight);
  if (what === 'release') draft.set({ release: undefined });
  if (what === 'request') draft.set({ request: undefined });
  const { lead } = draft.state;
  if (what !== 'renewal' || lead?.term !== record.term) return;
  if (lead.isLost) draft.set({}, { do: 'warn', about: 'lost' });
  renewed(draft, lead, sentAt, [...(lead.unanswered?.beats ?? []), ...beats]);
}

function won(draft: Draft, { record, sentAt, group }: WriteFlight): void {
  const { term } = record;
  const until = sentAt + draft.state.options.actMs;
  draft.set({ group, lead: { term, sentAt, until, isDue: false, beats: [] } });
  if (!draft.state.member) return resign(draft, { term, cause: 'resigned' });
  draft.orders.push({ do: 'lead', term, leasedAt: sentAt });
}

function conflict(draft: Draft): void {
  const { lead, flight } = draft.state;
  const { beats } = flight as WriteFlight;
  draft.set({ flight: undefined });
  if (lead) draft.setLead({ isDue: true, beats: [...beats, ...lead.beats] });
  draft.readAgain();
}

function unanswered(draft: Draft): void {
  const { flight, lead } = draft.state;
  draft.set({ flight: undefined });
  if (flight?.op === 'read') return draft.readAgain(READ_AGAIN_MS * (1 + draft.at.random));
  const { what, expected, sentAt, beats } = flight as WriteFlight;
  if (lead && what === 'renewal') {
    if (lead.unanswered) draft.setLead({ isDue: true, beats: [...beats, ...lead.beats] });
    else draft.setLead({ isDue: true, unanswered: { expected, sentAt, beats } });
  }
  draft.readAgain();
}

function announced(draft: Draft, { revision, record }: Observed): void {
  const { seen, lead, highest } = draft.state;
  // Before the first read.
  if (!seen) return;
  if (revision > seen.revision && !lead) return observe(draft, { revision, record }, false);
  // An announcement from before the last read has no later term, unless the register has lost data.
  if (revision > seen.revision || (record?.term ?? 0) > highest) draft.readAgain();
}

// ------------------------------------------------------------------------------------------- what follows from it

function settle(draft: Draft): void {
  draft.endLease();
  const { release } = draft.state;
  if (release && draft.at.now >= release.until) draft.set({ release: undefined });
  if (draft.state.flight || !draft.state.isUp) return;
  if (isReadDue(draft)) return draft.set({ flight: { op: 'read', known: draft.state.seen?.revision } }, { do: 'read' });
  if (draft.state.readFrom === undefined) act(draft);
}

function isReadDue({ state, at }: Draft): boolean {
  const { readFrom, seen } = state;
  if (readFrom !== undefined) return at.now >= readFrom;
  const claimFrom = claimAt(state);
  if (claimFrom !== undefined && at.now >= claimFrom) return at.now - seen!.readAt > FRESH_MS;
  return at.now >= (pollAt(state) ?? Number.POSITIVE_INFINITY);
}

function act(draft: Draft): void {
  const { release, lead, request } = draft.state;
  if (release) return writeRelease(draft, release.record);
  if (lead) return lead.isDue && draft.at.hasHostLease ? writeOwn(draft) : undefined;
  if (request) writeRequest(draft, request);
  const claimFrom = claimAt(draft.state);
  if (!draft.state.flight && claimFrom !== undefined && draft.at.now >= claimFrom) claim(draft);
}

function writeRelease(draft: Draft, release: FleetRecord): void {
  const record = leaderIn(draft.state.seen);
  const isOwn = record?.nonce === draft.nonce && record.term === release.term;
  if (isOwn) draft.write('release', release, draft.state.group!);
  // It was never written, or another host leads by now.
  else draft.set({ release: undefined });
}

function writeOwn(draft: Draft): void {
  const { options, group, lead, next, done } = draft.state;
  draft.write('renewal', recordOf(options, group!, draft.at.wall, { next, done, ...lead!.offer }), group!);
}

function writeRequest(draft: Draft, { term, to }: NonNullable<Election['request']>): void {
  const record = leaderIn(draft.state.seen);
  if (record?.term === term && record.transfer === undefined)
    draft.write('request', { ...record, transfer: to }, draft.state.group!);
  else draft.set({ request: undefined });
}

function claim(draft: Draft): void {
  const { seen, options, done } = draft.state;
  const group = claimedGroup(draft.state, draft.at.wall);
  const record = readableIn(seen);
  const isDone = done || record?.done === true;
  draft.set({ done: isDone });
  if (seen?.doubt === 'went back') draft.set({}, { do: 'warn', about: 'went back' });
  if (seen?.record && !record) draft.set({}, { do: 'warn', about: 'unreadable' });
  draft.write('claim', recordOf(options, group, draft.at.wall, { done: isDone }), group);
}
