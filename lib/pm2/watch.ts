// Detects silence: of leaders and successors, which this worker may have to replace, and of the bus, without which it may
// not lead. Measured in this process's own running time, so that a blocked process does not consider the others silent.

import { leaderOf, openingSuccessorOf, termHeldBy } from '../group/queries.js';
import type { BusGroup, LogState } from '../protocol/log-state.js';
import type { Clock } from '../utils/clock.js';
import { RunningClock } from '../utils/running-clock.js';

export interface WatchOptions {
  readonly clock: Clock;
  readonly me: string;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  /** Writes an empty packet, to see when it is read back. @returns its number */
  ping(): number;
  /** A leader or successor was silent for its timeout, and everything that it sent before has been read. */
  silent(id: string): void;
  /** The packets of this worker are not read back. */
  unanswered(): void;
}

/** Checks per heartbeat, so that a silent leader is noticed within one heartbeat. */
const LOOKS = 4;

export class Watch {
  readonly #options: WatchOptions;
  readonly #running: RunningClock;
  #log: LogState | undefined;
  /** When the last packet of each worker was read, in running time. */
  readonly #seenAt = new Map<string, number>();
  /** Workers that were found silent, and the number of the packet that must be read back before they are replaced. */
  readonly #suspects = new Map<string, number>();
  /** The numbers of this worker's last packet, and of the last one that was read back. */
  #lastSent = -1;
  #echoed = -1;
  /** Since when a packet of this worker has not been read back. */
  #awaitedSince: number | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#running = new RunningClock(options.clock, options.heartbeatMs / LOOKS, () => this.#look());
  }

  /** Called when the state changes; `undefined` if it is no longer known. */
  see(log: LogState | undefined): void {
    this.#log = log;
    if (log) this.#running.start();
    else this.stop();
  }

  noteSign(id: string): void {
    this.#seenAt.set(id, this.#running.now());
    this.#suspects.delete(id);
  }

  /** A packet of this worker was written. */
  sent(number: number): void {
    this.#lastSent = number;
    this.#awaitedSince ??= this.#running.now();
  }

  /** It was read back. */
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
    // The bus itself may have been silent. Then delayed packets arrive before or soon after the packet that is written
    // now.
    if (pinged === undefined) this.#suspects.set(id, ping());
    else if (pinged <= this.#echoed) {
      this.#suspects.delete(id);
      silent(id);
    }
  }
}

/** The workers that `me` watches, and `me` itself if it leads. */
function watchedBy({ groups }: LogState, me: string): Set<string> {
  const watched = new Set<string>();
  for (const group of Object.values(groups)) {
    for (const id of [leaderOf(group), openingSuccessorOf(group)])
      if (id !== undefined && (id === me || watchedTerm(group, id, me) !== undefined)) watched.add(id);
  }
  return watched;
}

/** The term that `id` leads or prepares, if `me` may take its place, or leads and waits for it. */
export function watchedTerm(group: BusGroup, id: string, me: string): number | undefined {
  const leader = leaderOf(group);
  if (id !== leader && (id !== openingSuccessorOf(group) || group.members[id]!.isSilent)) return undefined;
  return group.members[me]?.eligible || leader === me ? termHeldBy(group, id) : undefined;
}
