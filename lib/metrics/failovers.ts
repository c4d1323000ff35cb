// How often the leader of a group changed, why, and how long the group had no leader.

import { type DeposedCause, isLoss } from '../protocol/group-state.js';
import { Durations, type Histogram } from './histogram.js';

/** Counts of failovers, including planned ones. */
export interface FailoverStatus {
  readonly count: number;
  /** The number of failovers by cause. Contains only the causes that occurred. */
  readonly causes: { readonly [cause in DeposedCause]?: number };
  /** The time from when the old leader accepted no more calls until the next one was ready. */
  readonly duration: Histogram;
  readonly last: Failover | undefined;
}

/** An error as a plain object, for logs. */
export interface ErrorSummary {
  readonly name: string;
  readonly message: string;
  readonly code?: string | number;
}

/** How a term ended. */
export interface TermEndStatus {
  /** `undefined` if this process joined after it. */
  readonly term: number | undefined;
  readonly cause: DeposedCause;
  /** The error of the real client that ended it, if it was one. */
  readonly error?: ErrorSummary;
}

/** One failover. */
export interface Failover {
  /** Why the previous term ended; `undefined` if the primary did not report it. */
  readonly cause: DeposedCause | undefined;
  /** The error of the real client that ended it, if it was one. */
  readonly error?: ErrorSummary;
  readonly fromTerm: number;
  readonly toTerm: number;
  readonly durationMs: number;
}

/** How a term ended, with the error itself. */
export interface TermEnd {
  /** `undefined` if the term was not reported while it lasted. */
  readonly term: number | undefined;
  readonly cause: DeposedCause;
  readonly error: Error | undefined;
}

function summary({ name, message, code }: Error & { readonly code?: unknown }): ErrorSummary {
  const isCode = typeof code === 'string' || typeof code === 'number';
  return { name, message, ...(isCode && { code }) };
}

/** As a part of a status. */
export function termEndStatus({ term, cause, error }: TermEnd): TermEndStatus {
  return { term, cause, ...(error && { error: summary(error) }) };
}

/** How many lost terms are stored. */
const MOST_LOST = 20;

export class Failovers {
  readonly #causes = new Map<DeposedCause | undefined, number>();
  readonly #duration = new Durations();
  #count = 0;
  #last: Failover | undefined;
  #lost: { readonly term: number; readonly at: number } | undefined;
  #lostTerms: readonly number[] = [];

  /** The leader of this term accepts no more calls. */
  lost(term: number, now: number): void {
    this.#lost ??= { term, at: now };
  }

  /** There is a leader again. @returns the failover, if it is one */
  ready(term: number, now: number, ended: TermEnd | undefined): Failover | undefined {
    const lost = this.#lost;
    this.#lost = undefined;
    if (!lost || lost.term === term) return undefined;
    const cause = ended?.cause;
    const error = ended?.error && { error: summary(ended.error) };
    this.#last = { cause, ...error, fromTerm: lost.term, toTerm: term, durationMs: now - lost.at };
    this.#count++;
    this.#causes.set(cause, (this.#causes.get(cause) ?? 0) + 1);
    this.#duration.add(this.#last.durationMs);
    return this.#last;
  }

  /** A term has ended. */
  ended(term: number, cause: DeposedCause): void {
    if (isLoss(cause)) this.#lostTerms = [...this.#lostTerms, term].slice(-MOST_LOST);
  }

  /** The last terms whose leaders were lost. */
  get lostTerms(): readonly number[] {
    return this.#lostTerms;
  }

  /** The next leader has no predecessor, so its start is not counted as a failover. */
  forget(): void {
    this.#lost = undefined;
  }

  status(): FailoverStatus {
    const causes = Object.fromEntries([...this.#causes].filter(([cause]) => cause !== undefined));
    return { count: this.#count, causes, duration: this.#duration.status(), last: this.#last };
  }
}
