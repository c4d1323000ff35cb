// One process of a simulated host that takes part in the election: what lib/fleet/fleet-end.ts is in the library, with a
// simulated connection.

import { elect, isReleasing, mayAct, newElection, wakeAt } from '../../../lib/fleet/election.js';
import type { Election, ElectionEvent, ElectionOptions, ElectionOrder } from '../../../lib/fleet/election-state.js';
import { type FleetRecord, isReadable } from '../../../lib/fleet/record.js';
import { isSameUpdate, updateOf } from '../../../lib/group/queries.js';
import type { StateUpdate } from '../../../lib/protocol/messages.js';
import type { Timer } from '../../../lib/utils/clock.js';
import type { SimHost } from './host.js';
import { SimMember } from './member.js';
import { SimProcess } from './process.js';
import type { Written } from './promises.js';
import type { Version } from './store.js';
import type { World } from './world.js';

/** What an operation waits for its answer, as on NATS. */
export const TIMEOUT_MS = 2000;
/** What a candidate that leaves waits for its release. */
const LEAVE_MS = 1000;
const GROUP = 'g';

export class Candidate {
  readonly host: SimHost;
  readonly process: SimProcess;
  readonly member: SimMember;
  readonly options: ElectionOptions;
  /** The lease of the host's own group; infinite while it is renewed as always. */
  hostLeaseUntil = Number.POSITIVE_INFINITY;
  /** When it was frozen last. Its real client may be open for longer than its lease then. */
  frozenAt: number | undefined;
  isConnected = false;
  isClosed = false;
  /** Operations whose end it has not seen. */
  pending = 0;
  readonly #world: World;
  #election: Election;
  #update: StateUpdate | undefined;
  #group: Election['group'];
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #leaving: { readonly timer: Timer; readonly done: () => void } | undefined;
  #whenLeft: (() => void)[] = [];

  constructor(world: World, host: SimHost, number: number) {
    const { plan, id, hostTerm } = host;
    this.#world = world;
    this.host = host;
    this.process = new SimProcess(world.events, world.random, plan.clock);
    const { leaseMs, actMs, renewMs } = plan;
    this.options = {
      host: id,
      hostName: plan.name,
      hostTerm,
      nonce: `c${number}`,
      member: number,
      leaseMs,
      actMs,
      renewMs,
    };
    this.#election = newElection(this.options, this.process.now());
    this.member = new SimMember({
      process: this.process,
      workerId: number,
      actMs,
      renewMs,
      client: plan,
      failsToOpen: () => host.failsToOpen,
      hasHostLease: now => now < this.hostLeaseUntil,
      mayAct: now => mayAct(this.#election, { now, wall: this.process.wall() }),
      send: event => this.elect(event),
      left: () => this.#awaitRelease(),
      played: () => world.promises.active(this),
      trace: text => this.trace(text),
    });
  }

  get election(): Election {
    return this.#election;
  }

  get isRunning(): boolean {
    return this.process.isAlive && !this.process.isFrozen && !this.isClosed;
  }

  trace(text: string): void {
    const { trace, events } = this.#world;
    trace?.(`${events.now.toFixed(1).padStart(10)} ${this.host.plan.name}/${this.options.nonce} ${text}`);
  }

  start(): void {
    this.process.call(() => {
      this.#join();
      this.host.connect(this);
    });
  }

  /** Resolves as `leave()` of the library does: by a callback, once its connection is closed. */
  leave(left: () => void = () => {}): void {
    this.#whenLeft.push(left);
    this.process.call(() => this.member.leave());
  }

  eligibleChanged(): void {
    this.process.call(() => this.#join());
  }

  transfer(to: string): void {
    this.process.call(() => this.elect({ type: 'transfer', to }));
  }

  up(): void {
    if (this.isClosed) return;
    this.isConnected = true;
    this.elect({ type: 'up', announces: this.#world.plan.announces });
  }

  down(): void {
    this.isConnected = false;
    this.elect({ type: 'down' });
  }

  announced(version: Version): void {
    if (this.isConnected) this.elect({ type: 'announced', ...version });
  }

  elect(event: ElectionEvent): void {
    if (this.isClosed) return;
    const { process, host } = this;
    const now = process.now();
    const random = this.#world.random.next();
    const hasHostLease = now < this.hostLeaseUntil;
    const moment = { now, wall: process.wall(), random, leads: host.leads, hasHostLease };
    const before = this.#election;
    const { state, orders } = elect(before, event, moment);
    this.#election = state;
    if (this.#world.trace && (orders.length > 0 || event.type !== 'announced'))
      this.trace(`${describe(event)}${orders.map(order => `\n${' '.repeat(20)}→ ${describe(order)}`).join('')}`);
    this.#sendUpdate(orders);
    for (const order of orders) this.#carryOut(order, before);
    this.#schedule();
    if (this.#leaving && !isReleasing(this.#election)) this.#endLeaving();
  }

  #join(): void {
    const { priority } = this.host.plan;
    this.elect({ type: 'join', eligible: this.host.isEligible, priority });
  }

  #sendUpdate(orders: readonly ElectionOrder[]): void {
    const { group, seen } = this.#election;
    if (!group || group === this.#group) return;
    this.#group = group;
    const { nonce, member } = this.options;
    const record = seen?.record;
    const workerOf = (id: string) =>
      id !== nonce && record && isReadable(record) && record.nonce === id ? record.member : member;
    const update = updateOf(GROUP, group, id => ({ workerId: workerOf(id), pid: 0 }));
    if (this.#update && isSameUpdate(this.#update, update)) return;
    this.#update = update;
    const lead = orders.findLast(order => order.do === 'lead');
    this.member.stateChanged(lead?.term === update.term ? { ...update, leasedAt: lead.leasedAt } : update);
  }

  #carryOut(order: ElectionOrder, before: Election): void {
    const world = this.#world;
    switch (order.do) {
      case 'read':
        return this.#ask(
          false,
          () => world.read(),
          version => ({ type: 'read', ...version }),
        );
      case 'write': {
        const flight = this.#election.flight as Written;
        const sent = { at: world.events.now, knew: this.#election.highest };
        return this.#ask(
          true,
          () => world.write(this, order.expected, flight, sent),
          revision => (revision === 'conflict' ? { type: 'conflict' } : { type: 'written', revision }),
        );
      }
      case 'announce':
        return world.announce(this, { revision: order.revision, record: order.record });
      case 'hand over':
        return this.member.handOver(order.term);
      case 'acknowledge':
        for (const n of order.beats) this.member.lease.acknowledged(n);
        return;
      case 'step down':
        return world.promises.steppedDown(this, before.lead);
      case 'warn':
        return world.promises.warned(this, order.about);
    }
  }

  #ask<T>(isWrite: boolean, decide: () => T, toEvent: (value: T) => ElectionEvent): void {
    let isOver = false;
    this.pending++;
    const end = (event: ElectionEvent) => {
      if (isOver) return;
      isOver = true;
      this.pending--;
      timer.clear();
      this.elect(event);
    };
    const timer = this.process.setTimer(() => end({ type: 'unanswered' }), TIMEOUT_MS);
    const { network } = this.#world;
    network.ask(
      this.host,
      isWrite,
      () => !this.isClosed,
      decide,
      value => this.process.receive('connection', () => end(toEvent(value))),
    );
  }

  /** A timer that is due too early does nothing, so that not every announcement sets a new one. */
  #schedule(): void {
    const at = wakeAt(this.#election) ?? Number.POSITIVE_INFINITY;
    if (at >= this.#timerAt) return;
    this.#timer?.clear();
    this.#timerAt = at;
    if (at < Number.POSITIVE_INFINITY) this.#timer = this.process.setTimer(() => this.#tick(), at - this.process.now());
  }

  #tick(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const at = wakeAt(this.#election);
    // As early as a timer of Node may fire, it counts.
    if (at !== undefined && at - this.process.now() > 2) this.#schedule();
    else this.elect({ type: 'tick' });
  }

  #awaitRelease(): void {
    const done = () => this.#close();
    if (!isReleasing(this.#election)) return done();
    this.#leaving = { done, timer: this.process.setTimer(() => this.#endLeaving(), LEAVE_MS) };
  }

  #endLeaving(): void {
    const { timer, done } = this.#leaving!;
    this.#leaving = undefined;
    timer.clear();
    done();
  }

  #close(): void {
    this.isClosed = true;
    this.isConnected = false;
    this.#timer?.clear();
    this.member.close();
    this.trace('is closed');
    for (const left of this.#whenLeft.splice(0)) left();
  }
}

/** For the trace: the record of an event or order by what matters of it. */
function describe(it: ElectionEvent | ElectionOrder): string {
  const { type, do: what, record, ...rest } = it as Partial<Record<string, unknown>>;
  const details = Object.entries(rest).filter(([, value]) => value !== undefined);
  const words = details.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ');
  return `${type ?? what} ${words}${record ? ` [${describeRecord(record as FleetRecord)}]` : ''}`;
}

function describeRecord({ term, nonce, state, phase, transfer }: FleetRecord): string {
  const asked = transfer === undefined ? '' : `transfer "${transfer}"`;
  return [term, nonce, state, phase, asked].filter(Boolean).join(' ');
}
