// This process's connection to the engine, for all groups of a fleet. It exists while one of them needs it, that is while the
// process leads the group of its host.

import { cannotConnect, connectsSlowly } from '../errors/fleet-warnings.js';
import { backoffMs } from '../utils/backoff.js';
import type { Clock, Timer } from '../utils/clock.js';
import type { Engine, Wire } from './engine.js';
import { Presence } from './presence.js';

const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 10_000;

/** A connection that is not made after this time is warned of. */
const SLOW_MS = 10_000;

export interface ConnectionUser {
  /** There is a connection, or it is restored. */
  up(wire: Wire): void;
  down(): void;
  /** A problem of the connection. */
  warn(text: string): void;
}

export class Connection {
  readonly presence: Presence;
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #warn: (message: string, cause?: unknown) => void;
  readonly #users = new Set<ConnectionUser>();
  #attempt: AbortController | undefined;
  #wire: Wire | undefined;
  #isUp = false;
  /** Since the last connection that lasted. */
  #failures = 0;
  #upAt = 0;
  #lastWarning: string | undefined;
  #timer: Timer | undefined;

  constructor(engine: Engine, clock: Clock, warn: (message: string, cause?: unknown) => void) {
    this.#engine = engine;
    this.#clock = clock;
    this.#warn = warn;
    this.presence = new Presence(clock);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  use(user: ConnectionUser): void {
    this.#users.add(user);
    if (this.#isUp) user.up(this.#wire!);
    else if (!this.#attempt) this.#connect();
  }

  /** Resolves when the connection is closed, if this was its last user. */
  async leave(user: ConnectionUser): Promise<void> {
    if (!this.#users.delete(user) || this.#users.size > 0) return;
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.#timer?.clear();
    this.presence.down();
    const wire = this.#wire;
    this.#wire = undefined;
    this.#isUp = false;
    this.#failures = 0;
    this.#lastWarning = undefined;
    await wire?.close();
  }

  #connect(): void {
    this.#attempt?.abort();
    const attempt = new AbortController();
    const { signal } = attempt;
    this.#attempt = attempt;
    const isCurrent = () => !signal.aborted;
    this.#timer = this.#clock.setTimer(() => this.#warnOnce(connectsSlowly(SLOW_MS)), SLOW_MS);
    this.#engine
      .connect({
        down: () => isCurrent() && this.#down(),
        up: () => isCurrent() && this.#up(this.#wire!),
        lost: () => isCurrent() && this.#lost(),
        warn: text => isCurrent() && this.#warnOnce(text),
      })
      .then(
        wire => (isCurrent() ? this.#up(wire) : void wire.close()),
        error => isCurrent() && this.#failed(error),
      );
  }

  #up(wire: Wire): void {
    this.#timer?.clear();
    this.#wire = wire;
    this.#isUp = true;
    this.#upAt = this.#clock.now();
    this.#lastWarning = undefined;
    if (wire.messages) this.presence.up(wire.messages);
    for (const user of [...this.#users]) user.up(wire);
  }

  #down(): void {
    this.#isUp = false;
    this.presence.down();
    for (const user of [...this.#users]) user.down();
  }

  #lost(): void {
    void this.#wire?.close();
    this.#wire = undefined;
    this.#down();
    if (this.#clock.now() - this.#upAt >= MOST_PAUSE_MS) this.#failures = 0;
    this.#connectLater();
  }

  /** Somebody may correct what is wrong, so every error is tried again. */
  #failed(error: unknown): void {
    this.#warnOnce(cannotConnect(error), error);
    this.#connectLater();
  }

  #connectLater(): void {
    this.#timer?.clear();
    this.#failures++;
    this.#timer = this.#clock.setTimer(() => this.#connect(), backoffMs(this.#failures, FIRST_PAUSE_MS, MOST_PAUSE_MS));
  }

  /** An attempt that fails as the one before says nothing new. */
  #warnOnce(text: string, cause?: unknown): void {
    if (text === this.#lastWarning) return;
    this.#lastWarning = text;
    this.#warn(text, cause);
    for (const user of [...this.#users]) user.warn(text);
  }
}
