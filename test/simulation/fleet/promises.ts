// What has to hold in a simulated fleet at every event, by real time.

import type { ElectionOrder, Lead, WriteFlight } from '../../../lib/fleet/election-state.js';
import { type FleetRecord, isReadable } from '../../../lib/fleet/record.js';
import { isLeading } from '../../../lib/member/role.js';
import type { Candidate } from './candidate.js';
import type { Version } from './store.js';
import type { World } from './world.js';

export interface Violation {
  readonly promise: string;
  readonly text: string;
}

const EPSILON_MS = 0.001;

export class Broken extends Error {
  constructor(readonly violation: Violation) {
    super(`${violation.promise}: ${violation.text}`);
  }
}

/** Of a host that takes a version of the record for an older one, which was lost and had the same revision. */
const UNAWARE: Sent = { at: Number.NEGATIVE_INFINITY, knew: 0 };
/** What a timer may be late by, and what a turn takes, in ms of a host's clock. */
const LATE_MS = 50;
const OTHERS_FIRST_MS = 300;

export type Written = Pick<WriteFlight, 'what' | 'record' | 'sentAt'>;

export interface Sent {
  /** In real time. */
  readonly at: number;
  /** The highest term that its candidate knew then. */
  readonly knew: number;
}

interface Term {
  readonly term: number;
  /** When the last write of it that was done was sent, on the candidate's clock. */
  sentAt: number;
}

export class Promises {
  readonly #world: World;
  /** Processes that have a role, or a real client. */
  readonly #active = new Set<Candidate>();
  readonly #terms = new Map<Candidate, Term>();
  highestTerm = 0;
  elections = 0;
  /** Moments at which two hosts held a lease at once because the store had lost a record. */
  doubles = 0;
  #isDouble = false;
  readonly warnings = { lost: 0, unreadable: 0, 'went back': 0, clock: 0 };
  /** When the store last lost something. */
  readonly losses: number[] = [];
  wasDamaged = false;
  /** A machine was suspended. */
  hasSlept = false;
  releasedAt = 0;
  mostPauseMs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  fail(promise: string, text: string): never {
    throw new Broken({ promise, text: `${text} at ${this.#world.events.now.toFixed(1)}` });
  }

  active(candidate: Candidate): void {
    this.#active.add(candidate);
  }

  // ------------------------------------------------------------------------------------------- after every event

  check(): void {
    let holder: Candidate | undefined;
    let open: Candidate | undefined;
    let isDouble = false;
    for (const candidate of this.#active) {
      const { member, process } = candidate;
      if (!process.isAlive || (!('term' in member.role.now) && member.clientTerm === undefined)) {
        this.#active.delete(candidate);
        continue;
      }
      this.#checkLease(candidate, this.#terms.get(candidate));
      if (member.hasLease) {
        if (holder) isDouble = this.#two(holder, candidate);
        holder = candidate;
      }
      if (candidate.isRunning) this.#checkEnd(candidate);
      if (member.clientTerm !== undefined && candidate.frozenAt === undefined) {
        if (open && this.#world.plan.isExact)
          this.fail('the real client is closed before the next one opens', `${nameOf(open)} and ${nameOf(candidate)}`);
        open = candidate;
      }
    }
    if (isDouble && !this.#isDouble) this.doubles++;
    this.#isDouble = isDouble;
  }

  #two(one: Candidate, other: Candidate): true {
    const { store } = this.#world.plan;
    if (store !== 'loses') this.fail('one leader', `${nameOf(one)} and ${nameOf(other)} hold a lease`);
    return true;
  }

  /** It rests on a write that was done, whichever of the two parts is asked. */
  #checkLease({ member, election, process, options, host }: Candidate, done: Term | undefined): void {
    const { lead } = election;
    // The heartbeats don't know of a suspension.
    const hasLease = process.lastSleepMs > 0 ? member.hasLease : member.hasLeaseByBeats;
    const until = done === undefined ? Number.NEGATIVE_INFINITY : done.sentAt + options.actMs + 0.001;
    const isWithin =
      !hasLease || ('term' in member.role.now && member.role.now.term === done?.term && process.now() < until);
    if (isWithin && (!lead || (lead.term === done?.term && lead.until <= until))) return;
    this.fail(
      'a lease runs from when a write was sent that was done',
      `${host.plan.name}/${options.nonce}, term ${lead?.term}`,
    );
  }

  #checkEnd(candidate: Candidate): void {
    const { member, election, process } = candidate;
    const { role } = member;
    if (!isLeading(role)) return;
    const { lead } = election;
    const { term } = role.now as { readonly term: number };
    if (lead?.term === term && process.now() < lead.until + LATE_MS) return;
    this.fail('a real client is closed from when the lease has ended', `${nameOf(candidate)}, term ${term}`);
  }

  // ------------------------------------------------------------------------------------------------- the register

  written(
    candidate: Candidate,
    { revision, record: before }: Version,
    { what, record, sentAt }: Written,
    sent: Sent,
  ): void {
    const known = before && isReadable(before) ? before : undefined;
    if (known?.done && !record.done && this.losses.length === 0 && !this.wasDamaged)
      this.fail('what is done is done', `${nameOf(candidate)} forgets it`);
    this.mostPauseMs = Math.max(this.mostPauseMs, record.pauseMs ?? 0);
    if (what === 'claim')
      this.#claimed(candidate, known, record.term, this.#world.store.isReused(revision) ? UNAWARE : sent);
    if (what === 'renewal' && record.term < (before?.term ?? 0) && !this.#world.store.isReused(revision))
      this.fail('terms grow', `${nameOf(candidate)} renews ${record.term} after ${before?.term}`);
    // A request is written by a host that does not lead.
    if (what !== 'request') this.#noteTerm(candidate, record.term, sentAt);
    if (what === 'release') this.releasedAt = this.#world.events.now;
  }

  #noteTerm(candidate: Candidate, term: number, sentAt: number): void {
    const known = this.#terms.get(candidate);
    if (known?.term === term) known.sentAt = Math.max(known.sentAt, sentAt);
    else this.#terms.set(candidate, { term, sentAt });
  }

  #claimed(candidate: Candidate, before: FleetRecord | undefined, term: number, { at, knew }: Sent): void {
    const { events, foreigner } = this.#world;
    // A claim that was under way when the store lost a later one is all that may come after it.
    if (term <= this.highestTerm && !this.losses.some(lostAt => lostAt > at))
      this.fail('terms grow', `${nameOf(candidate)} claims ${term} after ${this.highestTerm}`);
    this.highestTerm = Math.max(this.highestTerm, term);
    this.elections++;
    if (events.now < foreigner.leaseUntil)
      this.fail('no claim over a valid lease', `${nameOf(candidate)} claims that of another version`);
    for (const other of this.#active) {
      if (other === candidate || !other.process.isAlive || !other.member.hasLease) continue;
      if (!this.#mayDouble(other, before, knew))
        this.fail('no claim over a valid lease', `${nameOf(candidate)} claims that of ${nameOf(other)}`);
    }
    this.#checkRelease(candidate, before);
  }

  /** The store has lost the record of a leader that this host knew nothing of, or somebody has led since, or more is lost. */
  #mayDouble({ member, options }: Candidate, before: FleetRecord | undefined, knew: number): boolean {
    const { plan, events } = this.#world;
    if (plan.store !== 'loses') return false;
    const { term } = member.role.now as { readonly term: number };
    const recent = this.losses.filter(at => events.now - at < 4 * options.leaseMs);
    return knew < term || (before !== undefined && before.term > term) || recent.length !== 1;
  }

  /** A release leaves time to others, and to whatever failed. */
  #checkRelease({ host, options }: Candidate, before: FleetRecord | undefined): void {
    if (before?.state !== 'released' || this.losses.length > 0) return;
    const ms = (this.#world.events.now - this.releasedAt) * host.plan.clock.rate;
    const text = `${host.plan.name} claims ${ms.toFixed(1)} ms after the release`;
    if (ms < (before.pauseMs ?? 0)) this.fail('a pause after a failure is kept', text);
    if (before.host === host.id && before.next !== options.hostName && ms < OTHERS_FIRST_MS)
      this.fail('a host that releases leaves it to others first', text);
  }

  foreign(term: number): void {
    this.highestTerm = Math.max(this.highestTerm, term);
  }

  // ------------------------------------------------------------------------------------------------------- orders

  steppedDown(candidate: Candidate, lead: Lead | undefined): void {
    const { process } = candidate;
    // Of a suspension it knows what its clocks say, which need not be equally fast.
    if (process.lastSleepMs > 0 && !this.#world.plan.isExact) return;
    const sleptMs = process.lastSleepMs;
    if (!lead || process.now() >= lead.until - sleptMs - EPSILON_MS || this.highestTerm > lead.term) return;
    this.fail('a leader steps down only if it must', `${nameOf(candidate)}, term ${lead.term}`);
  }

  warned(candidate: Candidate, about: Extract<ElectionOrder, { do: 'warn' }>['about']): void {
    this.warnings[about]++;
    const { plan, foreigner } = this.#world;
    const isLossy = plan.store !== 'keeps' || this.wasDamaged;
    const causes = {
      lost: isLossy,
      'went back': isLossy,
      unreadable: foreigner.hasLed || this.wasDamaged,
      clock: this.hasSlept || !plan.isExact,
    };
    const isCaused = causes[about];
    if (!isCaused) this.fail('a warning has a cause', `${nameOf(candidate)} warns: ${about}`);
  }
}

const nameOf = ({ host, options }: Candidate): string => `${host.plan.name}/${options.nonce}`;
