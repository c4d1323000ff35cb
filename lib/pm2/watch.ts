// Silence: of leaders and successors, whose place this worker may have to take, and of the bus itself, without which it
// may not lead.
// Counts this process's own running time, so that it doesn't take its own absence for that of others.

import { leaderOf, openingSuccessorOf, termHeldBy } from '../group/queries.js';
import type { BusGroup, LogState } from '../protocol/log-state.js';
import type { Clock } from '../utils/clock.js';
import { RunningClock } from '../utils/running-clock.js';

export interface WatchOptions {
  readonly clock: Clock;
  readonly me: string;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  /** Says something whose only use is to come back. @returns the number of its packet */
  ping(): number;
  /** A leader, or a successor, has been silent for its time, and what it said so far has been read. */
  silent(id: string): void;
  /** What this worker says doesn't come back. */
  unanswered(): void;
}

/** Looks in one heartbeat: a silent leader is succeeded within one. */
const LOOKS = 4;

export class Watch {
  readonly #options: WatchOptions;
  readonly #running: RunningClock;
  #log: LogState | undefined;
  /** When each was last heard, in running time. */
  readonly #seenAt = new Map<string, number>();
  /** Those found silent, and the packet of ours that must come back before anybody acts on it. */
  readonly #suspects = new Map<string, number>();
  /** The number of our last packet, and of the last one that came back. */
  #lastSent = -1;
  #echoed = -1;
  /** Since when something of ours is awaited. */
  #awaitedSince: number | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#running = new RunningClock(options.clock, options.heartbeatMs / LOOKS, () => this.#look());
  }

  /** The state changed; `undefined`: it isn't known any more. */
  see(log: LogState | undefined): void {
    this.#log = log;
    if (log) this.#running.start();
    else this.stop();
  }

  noteSign(id: string): void {
    this.#seenAt.set(id, this.#running.now());
    this.#suspects.delete(id);
  }

  /** A packet of ours left. */
  sent(number: number): void {
    this.#lastSent = number;
    this.#awaitedSince ??= this.#running.now();
  }

  /** It came back. */
  echoed(number: number): void {
    this.#echoed = number;
    this.#awaitedSince = number < this.#lastSent ? this.#running.now() : undefined;
  }

  stop(): void {
    this.#running.stop();
    this.#seenAt.clear();
    this.#suspects.clear();
    this.#awaitedSince = undefined;
  }

  #look(): void {
    const { leaderTimeoutMs, me, unanswered } = this.#options;
    const now = this.#running.now();
    const watched = watchedBy(this.#log!, me);
    const isUnanswered = this.#awaitedSince !== undefined && now - this.#awaitedSince >= leaderTimeoutMs / 2;
    if (isUnanswered && watched.has(me)) return unanswered();
    for (const id of watched) if (id !== me) this.#lookAt(id, now);
  }

  #lookAt(id: string, now: number): void {
    const { ping, silent } = this.#options;
    const seenAt = this.#seenAt.get(id) ?? now;
    this.#seenAt.set(id, seenAt);
    if (now - seenAt < this.#log!.peers[id]!.leaderTimeoutMs) return;
    const pinged = this.#suspects.get(id);
    // The bus may be what was silent: what it had to bring comes with, or soon after, what we say now.
    if (pinged === undefined) this.#suspects.set(id, ping());
    else if (pinged <= this.#echoed) {
      this.#suspects.delete(id);
      silent(id);
    }
  }
}

/** Those whose silence counts for `me`, and `me` if it leads. */
function watchedBy({ groups }: LogState, me: string): Set<string> {
  const watched = new Set<string>();
  for (const group of Object.values(groups)) {
    for (const id of [leaderOf(group), openingSuccessorOf(group)])
      if (id !== undefined && (id === me || watchedTerm(group, id, me) !== undefined)) watched.add(id);
  }
  return watched;
}

/** The term that `id` leads or opens for, where `me` may take its place, or leads and waits for it. */
export function watchedTerm(group: BusGroup, id: string, me: string): number | undefined {
  const leader = leaderOf(group);
  if (id !== leader && (id !== openingSuccessorOf(group) || group.members[id]!.isSilent)) return undefined;
  return group.members[me]?.eligible || leader === me ? termHeldBy(group, id) : undefined;
}
