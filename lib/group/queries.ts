// Reads the state of a group: who leads, who may lead next, and what its members are sent.

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

/** The member that leads, or is appointed to lead. */
export const leaderOf = ({ at }: GroupState): string | undefined => (at.stage === 'vacant' ? undefined : at.leader);

/** The member that opens, or has opened, its real client before its term begins. */
export const successorIn = (at: Stage): Successor | undefined => ('successor' in at ? at.successor : undefined);

/** The successor, if it can be reached, as part of a stage. */
export function reachableIn(at: Stage): { readonly successor?: Successor } {
  const successor = successorIn(at);
  return successor && !successor.isLost ? { successor } : {};
}

/** The successor while it is opening: its silence counts as that of a leader. */
export function openingSuccessorOf({ at }: GroupState): string | undefined {
  const successor = successorIn(at);
  return at.stage === 'preparing' || !successor?.methods ? successor?.id : undefined;
}

/** The current term, or the last one. */
export const termOf = ({ at, lastTerm }: GroupState): number => (at.stage === 'vacant' ? lastTerm : at.term);

/** The term that a member leads, or opens its real client for. */
export function termHeldBy({ at }: GroupState, id: string): number | undefined {
  const successor = successorIn(at);
  if (successor?.id === id) return successor.term;
  return at.stage !== 'vacant' && at.leader === id ? at.term : undefined;
}

/** Whether the member can lead at all. */
export const mayLead = ({ eligible, lastResort }: GroupMember): boolean => eligible || lastResort === true;

/**
 * Eligible members that have not failed in this round and are not silent. If there are none, those of last resort. `except`
 * is left out of the result.
 */
export function candidatesOf({ members }: Pick<GroupState, 'members'>, except?: string): string[] {
  const ids = Object.keys(members).filter(id => {
    const { hasFailed, isSilent } = members[id]!;
    return mayLead(members[id]!) && !hasFailed && !isSilent;
  });
  const eligible = ids.filter(id => members[id]!.eligible);
  return (eligible.length > 0 ? eligible : ids).filter(id => id !== except);
}

/** The member to try first: the one that a transfer requested, or else the old leader. */
export function preferredOf({ transfer, avoided }: GroupState, ids: readonly string[]): string | undefined {
  if (transfer?.to === undefined) return undefined;
  if (transfer.to !== avoided && ids.includes(transfer.to)) return transfer.to;
  return ids.includes(transfer.from) ? transfer.from : undefined;
}

/** The members of which one must be chosen now, as leader or as successor. */
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

/** The phase that the members are sent. */
export function phaseOf({ at }: GroupState): GroupPhase {
  if (at.stage === 'vacant') return at.pause?.after === 'failed' ? 'failed' : 'vacant';
  if (at.stage === 'fenced') return 'vacant';
  return at.stage === 'opening' ? 'opening' : 'ready';
}

/** The update that the members are sent. */
export function updateOf(
  group: string,
  state: GroupState,
  peerOf: (id: string) => NonNullable<StateUpdate['leader']>,
): StateUpdate {
  const { at, error, methods } = state;
  const phase = phaseOf(state);
  // The leader cannot be reached, and it is not known yet how its term ends.
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

/** The other fields do not change while these stay the same. */
export function isSameUpdate(a: StateUpdate, b: StateUpdate): boolean {
  return (
    a.term === b.term &&
    a.phase === b.phase &&
    a.error === b.error &&
    a.cause === b.cause &&
    a.leader?.workerId === b.leader?.workerId
  );
}
