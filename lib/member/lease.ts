// Heartbeats to the primary while a member leads or prepares to, and the lease that their acknowledgements renew.

import type { Welcome } from '../protocol/messages.js';
import type { Clock, Timer } from '../utils/clock.js';

export class Lease {
  readonly #clock: Clock;
  readonly #send: (n: number) => void;
  readonly #renewed: () => void;
  readonly #mayHold: (now: number) => boolean;
  #options: Pick<Welcome, 'heartbeatMs' | 'leaderTimeoutMs'> | undefined;
  #timer: Timer | undefined;
  /** Number of members that need heartbeats. */
  #beating = 0;
  #lastNumber = 0;
  /** A heartbeat was sent in this tick. */
  #hasBeaten = false;
  /** When each unacknowledged heartbeat was sent, by number. */
  readonly #sentAt = new Map<number, number>();
  #acknowledged = 0;
  #until = 0;

  /**
   * @param send sends a heartbeat
   * @param renewed called when the lease was renewed
   * @param mayHold a second condition for a valid lease
   */
  constructor(clock: Clock, send: (n: number) => void, renewed: () => void, mayHold: (now: number) => boolean) {
    this.#clock = clock;
    this.#send = send;
    this.#renewed = renewed;
    this.#mayHold = mayHold;
  }

  /** The primary's options. They may change. */
  configure(options: Pick<Welcome, 'heartbeatMs' | 'leaderTimeoutMs'>): void {
    this.#options = options;
  }

  /** The number of the last heartbeat. */
  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** A number for a heartbeat that the caller sends. It is no lease. */
  nextNumber(): number {
    return ++this.#lastNumber;
  }

  /**
   * A member was appointed, or prepares to lead: starts heartbeats, and sends one at once.
   * @returns the number of the first heartbeat whose acknowledgement is a lease for this appointment
   */
  startBeating(): number {
    this.#beating++;
    // If several groups are led from one tick on, one heartbeat is enough for all of them.
    if (!this.#hasBeaten) this.#beat();
    return this.#lastNumber;
  }

  stopBeating(): void {
    if (--this.#beating > 0) return;
    this.#hasBeaten = false;
    this.close();
    this.#sentAt.clear();
  }

  /** Whether the lease of an appointment is valid at `now`. `first` is the number that {@link startBeating} returned. */
  isValid(first: number, now: number): boolean {
    return this.#acknowledged >= first && now < this.#until && this.#mayHold(now);
  }

  /** Whether the primary still waits for the first heartbeat of a leader that it appointed at the time `at`. */
  isAwaited(at: number, now: number): boolean {
    return now < at + this.#options!.leaderTimeoutMs;
  }

  /** The lease runs from when the heartbeat was sent, not from when its acknowledgement arrived. */
  acknowledged(n: number): void {
    const sentAt = this.#sentAt.get(n);
    if (sentAt === undefined || n < this.#acknowledged) return;
    for (const older of this.#sentAt.keys()) if (older <= n) this.#sentAt.delete(older);
    this.renew(sentAt, n);
  }

  renew(since: number, n: number): void {
    this.#acknowledged = n;
    this.#until = since + this.#options!.leaderTimeoutMs;
    this.#renewed();
  }

  close(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  #beat(): void {
    this.#timer?.clear();
    this.#hasBeaten = true;
    this.#clock.defer(() => {
      this.#hasBeaten = false;
    });
    const n = ++this.#lastNumber;
    this.#sentAt.set(n, this.#clock.now());
    this.#send(n);
    this.#timer = this.#clock.setTimer(() => this.#beat(), this.#options!.heartbeatMs);
  }
}
