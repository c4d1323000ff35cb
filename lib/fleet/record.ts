// The record of a fleet group in the register: who leads it, in which term, and what the next leader has to know.

import { newGroup, termOf, VACANT } from '../group/queries.js';
import { heldUntil } from '../group/terms.js';
import { beginMessage } from '../protocol/budget.js';
import type { DeposedCause, GroupMember, GroupState, Stage } from '../protocol/group-state.js';
import type { PortablePayload } from '../protocol/payload.js';
import {
  count,
  duration,
  flag,
  group as groupName,
  listOf,
  number,
  oneOf,
  optional,
  payload,
  shaped,
  shortText,
  type Test,
} from '../protocol/shapes.js';
import { isRecord } from '../utils/is-record.js';

/** The version of the record. A release reads its own and the one before. */
const VERSION = 1;

export interface FleetRecord {
  readonly v: number;
  /** The fleet term. */
  readonly term: number;
  /** The id of the leader's host, and the name that is shown. */
  readonly host: string;
  readonly hostName: string;
  /** The term in which the leader leads the group of its host. */
  readonly hostTerm: number;
  /** Identifies one candidate. */
  readonly nonce: string;
  /** The candidate's number as a member of the fleet group. */
  readonly member: number;
  /** `released`: the real client is closed, and anyone may lead. */
  readonly state: 'held' | 'released';
  readonly phase: 'opening' | 'ready';
  readonly methods: readonly string[];
  /** How long the record must stay unchanged before another host may lead, in ms. */
  readonly leaseMs: number;
  /** See {@link GroupState}. */
  readonly failures: number;
  readonly heldMs: number;
  /** How the term before this one ended or, in a released record, this one. */
  readonly cause?: DeposedCause;
  readonly error?: PortablePayload;
  /** In a released record: how long nobody may lead, in ms, because the real client could not be opened or was lost. */
  readonly pauseMs?: number;
  /** In a released record: a hand-over was asked for, to the host of this name if it is not empty. */
  readonly next?: string;
  /** Another host asks the leader to hand over, to the host of this name if it is not empty. */
  readonly transfer?: string;
  /** A task with `once` has been done. */
  readonly done?: boolean;
  /** Where the members of other hosts connect to the leader, and the secret of the term. */
  readonly address?: string;
  readonly secret?: string;
}

const CAUSES = ['resigned', 'failed', 'broken', 'exited', 'disconnected', 'silent', 'killed'] as const;

const MOST_METHODS = 10_000;

const FIELDS: { readonly [K in keyof Required<FleetRecord>]: Test } = {
  v: oneOfNumber(VERSION),
  term: count,
  host: shortText,
  hostName: shortText,
  hostTerm: count,
  nonce: groupName,
  member: count,
  state: oneOf('held', 'released'),
  phase: oneOf('opening', 'ready'),
  methods: listOf(shortText, MOST_METHODS),
  leaseMs: duration,
  failures: count,
  heldMs: number,
  cause: optional(oneOf(...CAUSES)),
  error: optional(payload),
  pauseMs: optional(number),
  next: optional(shortText),
  transfer: optional(shortText),
  done: optional(flag),
  address: optional(shortText),
  secret: optional(shortText),
};

function oneOfNumber(expected: number): Test {
  return [value => value === expected, String(expected)];
}

/** What can be known of a record of another version, or of one that is damaged. */
export interface UnreadableRecord {
  readonly v: number | undefined;
  readonly term: number | undefined;
  readonly leaseMs: number | undefined;
}

const [isRecordShape] = shaped(() => FIELDS);

export function parseRecord(text: string): FleetRecord | UnreadableRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {}
  beginMessage(false);
  if (isRecordShape(value)) return value as FleetRecord;
  const { v, term, leaseMs } = isRecord(value) ? value : ({} as Record<string, unknown>);
  const read = ([test]: Test, field: unknown) => (test(field) ? (field as number) : undefined);
  return { v: read(number, v), term: read(count, term), leaseMs: read(duration, leaseMs) };
}

export const isReadable = (record: FleetRecord | UnreadableRecord): record is FleetRecord => 'nonce' in record;

/** The record that was seen, if this release can read it. */
export function readableIn(seen: { readonly record: FleetRecord | UnreadableRecord | undefined } | undefined) {
  return seen?.record && isReadable(seen.record) ? seen.record : undefined;
}

/** The state of the group, for `lib/group`. Its members are the leader, and whoever reads the record (`self`). */
export function groupOf(record: FleetRecord, wall: number): GroupState {
  const { term, nonce, methods, failures, heldMs, cause, error } = record;
  return {
    ...newGroup(term),
    ...(record.state === 'held' && { members: { [nonce]: ANY_MEMBER } }),
    at: stageOf(record, wall),
    methods,
    failures,
    heldMs,
    ...(cause && { cause }),
    ...(error && { error }),
  };
}

/** What is recorded of a leader says nothing of its options. They matter only in its own process. */
const ANY_MEMBER: GroupMember = { joinedAt: 0, eligible: true, priority: 0, handover: 'exclusive' };

function stageOf({ state, phase, term, nonce, pauseMs, cause }: FleetRecord, wall: number): Stage {
  if (state === 'released') {
    const after = cause === 'broken' ? 'broken' : 'failed';
    return pauseMs === undefined ? VACANT : { stage: 'vacant', pause: { ms: pauseMs, after } };
  }
  if (phase === 'opening') return { stage: 'opening', term, leader: nonce };
  return { stage: 'leading', term, leader: nonce, readyAt: wall };
}

/** What a candidate writes of itself. */
export type Candidate = Pick<FleetRecord, 'host' | 'hostName' | 'hostTerm' | 'nonce' | 'member' | 'leaseMs'>;

/** The record of a group that `candidate` leads, or has just given up. */
export function recordOf(
  candidate: Candidate,
  group: GroupState,
  wall: number,
  more: Pick<FleetRecord, 'next' | 'done' | 'address' | 'secret'>,
): FleetRecord {
  const { at, methods, cause, error } = group;
  const isReleased = at.stage === 'vacant';
  const isOpening = at.stage === 'opening';
  return {
    v: VERSION,
    host: candidate.host,
    hostName: candidate.hostName,
    hostTerm: candidate.hostTerm,
    nonce: candidate.nonce,
    member: candidate.member,
    leaseMs: candidate.leaseMs,
    term: termOf(group),
    state: isReleased ? 'released' : 'held',
    phase: isOpening ? 'opening' : 'ready',
    methods: isReleased || isOpening ? [] : methods,
    ...heldUntil(group, wall),
    ...(cause && { cause }),
    ...(error && { error }),
    ...(isReleased && at.pause && { pauseMs: at.pause.ms }),
    ...(more.next !== undefined && { next: more.next }),
    ...(more.done && { done: true }),
    ...(more.address !== undefined && { address: more.address, secret: more.secret }),
  };
}
