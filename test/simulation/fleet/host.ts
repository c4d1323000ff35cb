// A simulated host: the primary's part, that is which process leads its group and has its lease, and the connection.

import { Candidate } from './candidate.js';
import type { Cut, Place } from './network.js';
import type { HostPlan } from './plan.js';
import type { World } from './world.js';

/** After this silence the primary appoints another worker, in ms of the host's clock. */
export const HOST_LEASE_MS = 3000;
/** The longest time until the loss of a connection is noticed. */
const NOTICE_MS = 5000;

export class SimHost implements Place {
  isAlive = true;
  isEligible: boolean;
  failsToOpen = false;
  /** How many other groups it leads. */
  leads: number;
  hostTerm = 0;
  cut: Cut | undefined;
  readonly afterCut: (() => void)[] = [];
  /** Also those that are frozen, or are leaving. */
  readonly candidates: Candidate[] = [];
  /** The candidate that the primary has appointed. */
  current: Candidate | undefined;
  readonly #world: World;

  constructor(
    world: World,
    readonly id: string,
    readonly plan: HostPlan,
  ) {
    this.#world = world;
    this.isEligible = plan.isEligible;
    this.leads = plan.leads;
  }

  appoint(): void {
    if (!this.isAlive) return;
    this.hostTerm++;
    const candidate = new Candidate(this.#world, this, this.#world.nextNumber());
    this.candidates.push(candidate);
    this.current = candidate;
    this.#world.candidates.add(candidate);
    candidate.start();
  }

  kill(): void {
    this.isAlive = false;
    this.current = undefined;
    for (const candidate of this.candidates.splice(0)) this.#killed(candidate);
  }

  /** The primary sees the death at once. */
  killWorker(): void {
    const { current } = this;
    if (!current) return;
    this.#remove(current);
    this.#killed(current);
    this.#world.events.after(5 + 50 * this.#world.random.next(), () => this.#appointAgain());
  }

  #killed(candidate: Candidate): void {
    candidate.trace('is killed');
    candidate.process.kill();
    candidate.isConnected = false;
    this.#world.candidates.delete(candidate);
  }

  /** The task moves to another worker of the host, as in a rolling restart. */
  changeWorker(pauseMs: number): void {
    const { current } = this;
    if (!current || current.isClosed) return;
    current.leave(() => {
      this.#remove(current);
      this.#world.events.after(pauseMs, () => this.#appointAgain());
    });
  }

  leave(): void {
    for (const candidate of this.candidates) candidate.leave(() => this.#remove(candidate));
  }

  /** One worker is frozen. If that lasts, the primary appoints another one, after the lease of the first. */
  freezeWorker(ms: number): void {
    const { current } = this;
    if (!current?.isRunning) return;
    const { events } = this.#world;
    const since = events.now;
    this.#freeze(current);
    const { rate } = this.plan.clock;
    events.after((HOST_LEASE_MS + 5) / rate, () => {
      if (current.process.isFrozen && current.frozenAt === since && this.current === current) this.appoint();
    });
    events.after(ms, () => this.thaw(current));
  }

  freezeAll(ms: number): void {
    const frozen = this.candidates.filter(({ isRunning }) => isRunning);
    for (const candidate of frozen) this.#freeze(candidate);
    this.#world.events.after(ms, () => {
      for (const candidate of frozen) this.thaw(candidate);
    });
  }

  /** The machine sleeps. The lease of the host stands still with it. */
  suspend(ms: number): void {
    this.#world.promises.hasSlept = true;
    const asleep = this.candidates.filter(({ isRunning }) => isRunning);
    for (const candidate of asleep) {
      candidate.trace('falls asleep');
      candidate.frozenAt = this.#world.events.now;
      candidate.process.fallAsleep();
    }
    this.#world.events.after(ms, () => {
      for (const candidate of asleep) this.thaw(candidate);
    });
  }

  #freeze(candidate: Candidate): void {
    candidate.trace('is frozen');
    candidate.frozenAt = this.#world.events.now;
    const { process } = candidate;
    const until = process.now() + HOST_LEASE_MS * (0.5 + 0.5 * this.#world.random.next());
    candidate.hostLeaseUntil = Math.min(candidate.hostLeaseUntil, until);
    process.freeze();
  }

  thaw(candidate: Candidate): void {
    const { process } = candidate;
    if (!process.isAlive || !process.isFrozen) return;
    candidate.trace('thaws');
    process.thaw();
    const { events, random } = this.#world;
    const { frozenAt } = candidate;
    events.after(1 + random.next() * 200, () => {
      if (candidate.frozenAt !== frozenAt) return;
      if (this.current === candidate) candidate.hostLeaseUntil = Number.POSITIVE_INFINITY;
      else candidate.leave(() => this.#remove(candidate));
    });
  }

  #remove(candidate: Candidate): void {
    if (this.current === candidate) this.current = undefined;
    const place = this.candidates.indexOf(candidate);
    if (place >= 0) this.candidates.splice(place, 1);
    this.#world.candidates.delete(candidate);
  }

  #appointAgain(): void {
    if (!this.current && !this.#world.isOver) this.appoint();
  }

  // ------------------------------------------------------------------------------------------------ the connection

  /** Tries until it is connected. */
  connect(candidate: Candidate): void {
    const { network, random } = this.#world;
    candidate.process.setTimer(
      () => {
        if (candidate.isClosed || candidate.isConnected) return;
        if (this.cut || network.isAway) this.connect(candidate);
        else candidate.up();
      },
      5 + 100 * random.next(),
    );
  }

  /** `notices`: whether the client of the engine notices the loss, and reports it. */
  disconnect(cut: Cut, ms: number, notices: boolean): void {
    if (this.cut) return;
    this.cut = cut;
    const { events, random } = this.#world;
    if (notices) {
      events.after(random.next() * Math.min(ms, NOTICE_MS), () => {
        if (this.cut === cut) this.#interrupted();
      });
    }
    events.after(ms, () => this.reconnect(cut));
  }

  reconnect(cut = this.cut): void {
    if (!cut || this.cut !== cut) return;
    this.cut = undefined;
    for (const send of this.afterCut.splice(0)) send();
  }

  /** The connection is made anew at once. */
  reset(): void {
    this.#interrupted();
  }

  #interrupted(): void {
    for (const candidate of this.candidates) {
      candidate.process.receive('connection', () => {
        if (!candidate.isConnected) return;
        candidate.down();
        this.connect(candidate);
      });
    }
  }
}
