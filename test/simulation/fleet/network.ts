// The way between the hosts and the store of a simulated fleet, with all that may happen on it.

import type { Random } from '../../helpers/unit/random.js';
import type { Events } from './events.js';

/** What is wrong for a time. All chances are 0 to 1. */
export interface Trouble {
  /** The longest way, in ms; else {@link USUAL_MS}. */
  readonly slowMs?: number;
  readonly losesQuestions?: number;
  readonly losesAnswers?: number;
  /** Writes are done seconds after they arrived, and answered then. */
  readonly commitsLate?: number;
  readonly losesAnnouncements?: number;
  readonly delaysAnnouncements?: number;
  /** Reads are answered from a server that has missed this many versions. */
  readonly staleBy?: number;
  /** The server refuses writes, and can still be read. */
  readonly refusesWrites?: boolean;
  /** The server is away. */
  readonly isAway?: boolean;
}

export interface Cut {
  /** What the host sends is lost; what is sent to it. */
  readonly out: boolean;
  readonly in: boolean;
  /** What was sent meanwhile arrives once it is over, as from a TCP connection that has survived it. */
  readonly keeps: boolean;
}

/** Where messages go from and to. */
export interface Place {
  cut: Cut | undefined;
  /** Called once when the cut is over. */
  readonly afterCut: (() => void)[];
}

const USUAL_MS = 3;
const LATE_MS = 6000;
const DELAYED_MS = 3000;

export class Network {
  readonly #events: Events;
  readonly #random: Random;
  readonly #troubles = new Set<Trouble>();

  constructor(events: Events, random: Random) {
    this.#events = events;
    this.#random = random;
  }

  begin(trouble: Trouble): () => void {
    this.#troubles.add(trouble);
    return () => void this.#troubles.delete(trouble);
  }

  calm(): void {
    this.#troubles.clear();
  }

  get staleBy(): number {
    return this.#most('staleBy');
  }

  /** The store answers at all. */
  get isAway(): boolean {
    return this.#is('isAway');
  }

  /**
   * A question to the store, and its answer. It may be asked and not answered.
   *
   * @param isMeant whether it is still on its way: a connection that is closed forgets what was not sent
   */
  ask<T>(place: Place, isWrite: boolean, isMeant: () => boolean, decide: () => T, answer: (value: T) => void): void {
    const random = this.#random;
    const isLost = random.chance(this.#most('losesQuestions'));
    this.#send(place, 'out', isLost, () => {
      if (!isMeant() || this.isAway || (isWrite && this.#is('refusesWrites'))) return;
      const lateMs = isWrite && random.chance(this.#most('commitsLate')) ? random.next() * LATE_MS : 0;
      const decideLater = () => {
        const value = decide();
        this.#send(place, 'in', random.chance(this.#most('losesAnswers')), () => answer(value));
      };
      if (lateMs > 0) this.#events.after(lateMs, decideLater);
      else decideLater();
    });
  }

  /** Something that every host hears, if it is not lost. It may be overtaken. */
  announce(from: Place, to: Place, arrived: () => void): void {
    const random = this.#random;
    if (from.cut?.out) return;
    const isLost = this.isAway || random.chance(this.#most('losesAnnouncements'));
    const delayMs = random.chance(this.#most('delaysAnnouncements')) ? random.next() * DELAYED_MS : 0;
    if (delayMs > 0) this.#events.after(delayMs, () => this.#send(to, 'in', isLost, arrived));
    else this.#send(to, 'in', isLost, arrived);
  }

  #send(place: Place, way: 'out' | 'in', isLost: boolean, arrived: () => void): void {
    if (isLost) return;
    this.#events.after(this.#wayMs(), () => {
      if (!place.cut?.[way]) arrived();
      else if (place.cut.keeps) place.afterCut.push(() => this.#events.after(this.#wayMs(), arrived));
    });
  }

  #wayMs(): number {
    return 0.1 + this.#random.next() * Math.max(USUAL_MS, this.#most('slowMs'));
  }

  #most(
    name:
      | 'slowMs'
      | 'losesQuestions'
      | 'losesAnswers'
      | 'commitsLate'
      | 'losesAnnouncements'
      | 'delaysAnnouncements'
      | 'staleBy',
  ): number {
    let most = 0;
    for (const trouble of this.#troubles) most = Math.max(most, trouble[name] ?? 0);
    return most;
  }

  #is(name: 'refusesWrites' | 'isAway'): boolean {
    for (const trouble of this.#troubles) if (trouble[name]) return true;
    return false;
  }
}
