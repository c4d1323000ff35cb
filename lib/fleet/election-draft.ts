// A transition of an election in progress: the current state, which is replaced as a whole, and the orders so far.

import type { GroupEvent } from '../group/events.js';
import { reduce } from '../group/reduce.js';
import type { DeposedCause, GroupState } from '../protocol/group-state.js';
import type { Election, ElectionOrder, Lead, Moment, WriteFlight } from './election-state.js';
import { type FleetRecord, recordOf } from './record.js';

/** How long to try to release a term that was given up. */
const RELEASE_MS = 1000;

export class Draft {
  readonly orders: ElectionOrder[] = [];

  constructor(
    public state: Election,
    readonly at: Moment,
  ) {}

  set(change: { readonly [K in keyof Election]?: Election[K] | undefined }, ...orders: readonly ElectionOrder[]): void {
    this.state = { ...this.state, ...change } as Election;
    this.orders.push(...orders);
  }

  setLead(change: { readonly [K in keyof Lead]?: Lead[K] | undefined }): void {
    const { lead } = this.state;
    if (lead) this.set({ lead: { ...lead, ...change } as Lead });
  }

  get nonce(): string {
    return this.state.options.nonce;
  }

  /** Applies an event of the member to the state of the group. */
  reduce(event: GroupEvent): void {
    const { state: group, orders } = reduce(this.state.group!, event, this.at.wall);
    this.set({ group });
    for (const order of orders) if (order.do === 'handover') this.orders.push({ do: 'hand over', term: order.term });
  }

  /** The lease, and the writes that may renew it, are older than they seem. */
  noteSleep(ms: number): void {
    const { lead, flight } = this.state;
    if (ms === 0) return;
    if (flight?.op === 'write') this.set({ flight: { ...flight, sentAt: flight.sentAt - ms } });
    if (!lead) return;
    const unanswered = lead.unanswered && { ...lead.unanswered, sentAt: lead.unanswered.sentAt - ms };
    this.setLead({ until: lead.until - ms, sentAt: lead.sentAt - ms, unanswered });
    this.set({}, { do: 'warn', about: 'clock' });
    this.endLease();
  }

  endLease(): void {
    const { lead } = this.state;
    if (!lead || this.at.now < lead.until) return;
    this.reduce({ type: 'silent', id: this.nonce });
    this.stepDown(lead.term, 'silent');
  }

  stepDown(term: number, cause: DeposedCause): void {
    this.set({ lead: undefined, next: undefined }, { do: 'step down', term, cause });
  }

  /** The member's real client is closed. */
  giveUp(): void {
    const { options, group, next, done } = this.state;
    const record = recordOf(options, group!, this.at.wall, { next, done });
    this.set({ lead: undefined, next: undefined, release: { record, until: this.at.now + RELEASE_MS } });
  }

  write(what: WriteFlight['what'], record: FleetRecord, group: GroupState): void {
    const beats = this.state.lead?.beats ?? [];
    const expected = this.state.seen!.revision;
    const flight: WriteFlight = { op: 'write', what, record, group, beats, expected, sentAt: this.at.now };
    this.setLead({ beats: [], isDue: false });
    this.set({ flight }, { do: 'write', record, expected });
  }

  /** The record is read as soon as possible. */
  readAgain(afterMs = 0): void {
    this.set({ readFrom: this.at.now + afterMs });
  }
}
