// Validates the state that a new worker receives over PM2's bus: its shape, and that each id in it refers to an existing
// entry. The log reader relies on both.

import type { BusGroup, LogState } from './log-state.js';
import {
  count,
  duration,
  type Fields,
  flag,
  listOf,
  mapOf,
  number,
  oneOf,
  optional,
  pauses,
  payload,
  shaped,
  type Test,
  text,
} from './shapes.js';

/** Processes on one machine, and therefore members of a group. Some steps compare each with each. */
const MOST_PEERS = 4096;

/** Far beyond any clock and far below the largest safe integer: terms continue from here. */
const MOST_TERM = 2 ** 52;

const MOST_PAUSE_MS = 2 ** 31 - 1;

/** An incarnation id. Names of `Object.prototype` are excluded. */
export const isIncarnation = (id: unknown): id is string =>
  typeof id === 'string' && id.length > 0 && id.length <= 128 && !(id in Object.prototype);

const busPeer = (): Fields => ({
  process: text,
  workerId: count,
  pid: count,
  heartbeatMs: duration,
  leaderTimeoutMs: duration,
  seen: count,
  address: optional(text),
});
const isTrue = oneOf(true);
const busMember = (): Fields => ({
  joinedAt: number,
  eligible: flag,
  priority: number,
  handover: oneOf('exclusive', 'overlap'),
  backoff: optional(pauses),
  digest: text,
  hasFailed: optional(isTrue),
  isSilent: optional(isTrue),
});
const busSuccessor = (): Fields => ({ id: text, term: count, methods: optional(listOf(text, 10_000)) });
const busPause = (): Fields => ({ ms: number, after: oneOf('failed', 'broken') });
/** `makesSense()` checks which fields belong to which stage. */
const busStage = (): Fields => ({
  stage: oneOf('vacant', 'opening', 'leading', 'preparing', 'handing-over'),
  pause: optional(shaped(busPause)),
  term: optional(count),
  leader: optional(text),
  readyAt: optional(number),
  successor: optional(shaped(busSuccessor)),
  yields: optional(isTrue),
});
const busTransfer = (): Fields => ({ request: text, from: text, to: optional(text) });
const busOffer = (): Fields => ({ term: count, address: optional(text), problem: optional(text) });
const busGroup = (): Fields => ({
  lastTerm: count,
  members: mapOf(busMember),
  at: shaped(busStage),
  methods: listOf(text, 10_000),
  failures: count,
  heldMs: number,
  cause: optional(text),
  error: optional(payload),
  avoided: optional(text),
  transfer: optional(shaped(busTransfer)),
  offer: optional(shaped(busOffer)),
});
const state: Test = shaped(() => ({
  peers: mapOf(busPeer),
  groups: mapOf(busGroup),
  lastTerm: count,
  life: optional(text),
}));

export const isSoundLog = (value: unknown): boolean => state[0](value) && makesSense(value as LogState);

/** The state must have passed the type checks. */
function makesSense({ peers, groups, lastTerm }: LogState): boolean {
  const ids = Object.keys(peers);
  if (ids.length > MOST_PEERS || !ids.every(isIncarnation) || lastTerm > MOST_TERM) return false;
  return Object.values(groups).every(group => isSound(group, peers));
}

function isSound({ members, at, lastTerm }: BusGroup, peers: LogState['peers']): boolean {
  const ids = Object.keys(members);
  if (ids.length === 0 || !ids.every(id => Object.hasOwn(peers, id)) || lastTerm > MOST_TERM) return false;
  if (at.stage === 'vacant') return at.pause === undefined || (at.pause.ms >= 0 && at.pause.ms <= MOST_PAUSE_MS);
  const { leader, term, readyAt, successor } = { readyAt: undefined, successor: undefined, ...at };
  if (!isMember(leader, members) || !(term <= lastTerm)) return false;
  if (at.stage !== 'opening' && readyAt === undefined) return false;
  return !successor || (isMember(successor.id, members) && successor.term <= lastTerm);
}

const isMember = (id: unknown, members: BusGroup['members']): boolean =>
  typeof id === 'string' && Object.hasOwn(members, id);
