// What a state of a group says: who leads, who may lead next, and what its members are told.

import type { GroupMember, GroupState, Stage, Successor } from '../protocol/group-state.js';
import type { GroupPhase, StateUpdate } from '../protocol/messages.js';

export const VACANT: Stage = { stage: 'vacant' };

export const newGroup = (lastTerm: number): GroupState => ({
  lastTerm,
  members: {},
  at: VACANT,
  methods: [],
  failures: 0,
  heldMs: 0,
});

/** The member that leads or is to lead. */
export const leaderOf = ({ at }: GroupState): string | undefined => (at.stage === 'vacant' ? undefined : at.leader);

/** The member that opens, or has opened, its real client ahead of its term. */
export const successorIn = (at: Stage): Successor | undefined => ('successor' in at ? at.successor : undefined);

/** The successor, where it can be reached: as a part of a stage. */
export function reachableIn(at: Stage): { readonly successor?: Successor } {
  const successor = successorIn(at);
  return successor && !successor.isLost ? { successor } : {};
}

/** The successor that still opens: its silence counts as a leader's does. */
export function openingSuccessorOf({ at }: GroupState): string | undefined {
  const successor = successorIn(at);
  return at.stage === 'preparing' || !successor?.methods ? successor?.id : undefined;
}

/** The term in force, or the last one. */
export const termOf = ({ at, lastTerm }: GroupState): number => (at.stage === 'vacant' ? lastTerm : at.term);

/** The term that a member leads, or opens its real client for. */
export function termHeldBy({ at }: GroupState, id: string): number | undefined {
  const successor = successorIn(at);
  if (successor?.id === id) return successor.term;
  return at.stage !== 'vacant' && at.leader === id ? at.term : undefined;
}

/** Whether it can come to lead at all. */
export const mayLead = ({ eligible, lastResort }: GroupMember): boolean => eligible || lastResort === true;

/**
 * Members that are eligible, haven't failed in this round and aren't hung, `except` one. Without any: those of last
 * resort.
 */
export function candidatesOf({ members }: Pick<GroupState, 'members'>, except?: string): string[] {
  const ids = Object.keys(members).filter(id => {
    const { hasFailed, isSilent } = members[id]!;
    return mayLead(members[id]!) && !hasFailed && !isSilent;
  });
  const eligible = ids.filter(id => members[id]!.eligible);
  return (eligible.length > 0 ? eligible : ids).filter(id => id !== except);
}

/** Who is tried before all others: who was asked for by a transfer, and then the old leader. */
export function preferredOf({ transfer, avoided }: GroupState, ids: readonly string[]): string | undefined {
  if (transfer?.to === undefined) return undefined;
  if (transfer.to !== avoided && ids.includes(transfer.to)) return transfer.to;
  return ids.includes(transfer.from) ? transfer.from : undefined;
}

/** Those of whom one is to be chosen now, as leader or as successor. */
export function awaited(state: GroupState): readonly string[] {
  const ids = whoMayClaim(state);
  const preferred = preferredOf(state, ids);
  if (preferred !== undefined) return [preferred];
  const others = ids.filter(id => id !== state.avoided);
  return others.length > 0 ? others : ids;
}

function whoMayClaim(state: GroupState): string[] {
  const { at } = state;
  if (at.stage === 'vacant') return at.pause?.after === 'broken' ? [] : candidatesOf(state);
  return at.stage === 'preparing' && !at.successor ? candidatesOf(state, at.leader) : [];
}

/** What the members are told of its stage. */
export function phaseOf({ at }: GroupState): GroupPhase {
  if (at.stage === 'vacant') return at.pause?.after === 'failed' ? 'failed' : 'vacant';
  if (at.stage === 'fenced') return 'vacant';
  return at.stage === 'opening' ? 'opening' : 'ready';
}

/** What the members are told. */
export function updateOf(
  group: string,
  state: GroupState,
  peerOf: (id: string) => NonNullable<StateUpdate['leader']>,
): StateUpdate {
  const { at, error, methods } = state;
  const phase = phaseOf(state);
  // Of a leader that can't be reached it isn't known yet how its term ends.
  const cause = at.stage === 'fenced' ? undefined : state.cause;
  const isLed = phase === 'opening' || phase === 'ready';
  const hasError = phase === 'failed' || cause === 'failed' || cause === 'broken';
  return {
    k: 'update',
    group,
    term: termOf(state),
    phase,
    ...(isLed && { leader: peerOf(leaderOf(state)!) }),
    ...(phase === 'ready' && { methods }),
    ...(hasError && error && { error }),
    ...(cause && { cause }),
  };
}

/** Of the rest, nothing changes while these stay. */
export function isSameUpdate(a: StateUpdate, b: StateUpdate): boolean {
  return (
    a.term === b.term &&
    a.phase === b.phase &&
    a.error === b.error &&
    a.cause === b.cause &&
    a.leader?.workerId === b.leader?.workerId
  );
}
