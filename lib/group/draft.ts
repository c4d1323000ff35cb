// A transition of a group in progress: the current state, which is replaced as a whole, and the orders so far.

import type { GroupMember, GroupState, Stage } from '../protocol/group-state.js';
import type { GroupOrder } from './events.js';
import { successorIn } from './queries.js';

export type LedStage = Exclude<Stage, { stage: 'vacant' }>;
export type At<S extends Stage['stage']> = Extract<Stage, { stage: S }>;

type Changes = { readonly [K in keyof GroupState]?: GroupState[K] | undefined };

export class Draft {
  readonly orders: GroupOrder[] = [];

  constructor(
    public state: GroupState,
    /** In ms since 1970. */
    readonly now: number,
  ) {}

  /** Removes a field that is `undefined`: a state that was sent as JSON must be identical. */
  set(change: Changes, ...orders: readonly GroupOrder[]): void {
    const next = { ...this.state, ...change } as { -readonly [K in keyof GroupState]: GroupState[K] };
    if (next.avoided === undefined) delete next.avoided;
    if (next.transfer === undefined) delete next.transfer;
    this.state = next;
    this.orders.push(...orders);
  }

  do(order: GroupOrder): void {
    this.orders.push(order);
  }

  setMember(id: string, member: GroupMember): void {
    this.set({ members: { ...this.state.members, [id]: member } });
  }

  removeMember(id: string): void {
    const { [id]: removed, ...members } = this.state.members;
    if (removed) this.set({ members });
  }

  /** The member could not open its real client. */
  markFailed(id: string): void {
    this.setMember(id, { ...this.state.members[id]!, hasFailed: true });
  }

  dropSuccessor(id: string): void {
    const { at } = this.state;
    if (successorIn(at)?.id !== id) return;
    const { successor: _, ...rest } = at as At<'preparing'>;
    this.set({ at: rest });
  }

  /** Fails the pending transfer, if there is one. */
  failTransfer(): void {
    const { transfer } = this.state;
    if (!transfer) return;
    this.set({ transfer: undefined }, { do: 'transferred', request: transfer.request, failed: 'failed' });
  }

  nextTerm(): number {
    return Math.max(this.state.lastTerm + 1, Math.trunc(this.now));
  }
}
