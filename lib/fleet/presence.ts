// Which processes of a fleet are alive. Each one that takes part in groups with calls says so, with its members; processes that
// lead such a group listen.

import { newId } from '../protocol/ids.js';
import type { Clock, Timer } from '../utils/clock.js';
import { isRecord } from '../utils/is-record.js';
import type { Messages } from './messages.js';

const BEAT_MS = 2500;
/** A process that was not heard for this long is gone. */
export const GONE_MS = 3 * BEAT_MS;

export interface PresenceWatcher {
  /** A process has these members, and no others. */
  heard(process: string, members: ReadonlySet<number>): void;
  /** Time has passed. */
  checked(isGone: (process: string) => boolean): void;
}

export class Presence {
  /** Identifies this process. */
  readonly process = newId();
  readonly #clock: Clock;
  readonly #members = new Set<number>();
  readonly #watchers = new Set<PresenceWatcher>();
  readonly #heardAt = new Map<string, number>();
  #messages: Messages | undefined;
  #stopHearing: (() => void) | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** There is a connection, or it is restored: others may have been heard by nobody meanwhile. */
  up(messages: Messages): void {
    this.down();
    this.#messages = messages;
    this.#heardAt.clear();
    this.#changed();
  }

  down(): void {
    this.#stopHearing?.();
    this.#stopHearing = undefined;
    this.#messages = undefined;
    this.#timer?.clear();
    this.#timer = undefined;
  }

  add(member: number): void {
    this.#members.add(member);
    this.#changed();
  }

  /** Says at once that it has left. */
  remove(member: number): void {
    if (!this.#members.delete(member)) return;
    this.#beat();
    this.#changed();
  }

  /** @returns a function that ends this */
  watch(watcher: PresenceWatcher): () => void {
    this.#watchers.add(watcher);
    this.#changed();
    return () => {
      this.#watchers.delete(watcher);
      this.#changed();
    };
  }

  #changed(): void {
    const isWatching = this.#watchers.size > 0;
    if (isWatching) this.#stopHearing ??= this.#messages?.hear(text => this.#heard(text));
    else {
      this.#stopHearing?.();
      this.#stopHearing = undefined;
      this.#heardAt.clear();
    }
    const isUsed = this.#messages && (isWatching || this.#members.size > 0);
    if (isUsed && !this.#timer) this.#tick();
    if (isUsed) return;
    this.#timer?.clear();
    this.#timer = undefined;
  }

  readonly #tick = (): void => {
    this.#timer = this.#clock.setTimer(this.#tick, BEAT_MS);
    if (this.#members.size > 0) this.#beat();
    const now = this.#clock.now();
    const isGone = (process: string) => {
      const heardAt = this.#heardAt.get(process);
      if (heardAt === undefined) this.#heardAt.set(process, now);
      return heardAt !== undefined && now - heardAt > GONE_MS;
    };
    for (const watcher of this.#watchers) watcher.checked(isGone);
  };

  #beat(): void {
    this.#messages?.broadcast(JSON.stringify({ process: this.process, members: [...this.#members] }));
  }

  #heard(text: string): void {
    const { process, members } = parse(text);
    if (typeof process !== 'string' || !Array.isArray(members)) return;
    this.#heardAt.set(process, this.#clock.now());
    for (const watcher of this.#watchers) watcher.heard(process, new Set(members as number[]));
  }
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {}
  return isRecord(value) ? value : {};
}
