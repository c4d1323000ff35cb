// One process of the in-memory transport, which can run, be frozen, or be dead. Independent of messages.

import type { Clock, Timer } from '../utils/clock.js';

/** Runs a callback in a later turn. It may run callbacks in any order. */
export type Schedule = (callback: () => void) => void;

/** A task that waits for its process, and what to do if the process dies first. */
interface Task {
  run(): void;
  lost(): void;
}

interface ProcessTimer extends Timer {
  run(): void;
}

/** A process that can be frozen, thawed and killed at any time, and runs all its code. */
export class MemoryProcess {
  /** For the code of this process. */
  readonly clock: Clock;
  readonly #base: Clock;
  readonly #schedule: Schedule;
  #state: 'running' | 'frozen' | 'dead' = 'running';
  readonly #timers = new Set<ProcessTimer>();
  // What waits for a thaw, in the order in which it then runs.
  #deferred: (() => void)[] = [];
  #due: ProcessTimer[] = []; // in the order in which the base clock ran them, which is that of their deadlines
  #tasks: Task[] = [];
  #isStepping = false;

  constructor(base: Clock, schedule: Schedule) {
    this.#base = base;
    this.#schedule = schedule;
    this.clock = {
      now: () => base.now(),
      wall: () => base.wall(),
      setTimer: (callback, ms) => this.#setTimer(callback, ms),
      defer: callback => base.defer(() => this.whenAwake(callback)),
      yield: callback => schedule(() => this.post(callback)),
    };
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** It runs, and nothing waits for it. */
  get isIdle(): boolean {
    return !this.#mustWait();
  }

  /** An external event: runs now, or after everything that waits for a thaw. In a dead process `lost` is called. */
  post(run: () => void, lost: () => void = () => {}): void {
    if (this.isDead) lost();
    else if (this.#mustWait()) this.#tasks.push({ run, lost });
    else run();
  }

  /** Runs `callback` now, or after everything deferred before or during a freeze; never in a dead process. */
  whenAwake(callback: () => void): void {
    if (this.isDead) return;
    if (this.#state === 'frozen' || this.#deferred.length > 0) this.#deferred.push(callback);
    else callback();
  }

  freeze(): void {
    if (!this.isDead) this.#state = 'frozen';
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'running';
    this.#stepLater();
  }

  kill(): void {
    if (this.isDead) return;
    this.#state = 'dead';
    for (const timer of this.#timers) timer.clear();
    const lost = this.#tasks;
    this.#deferred = [];
    this.#due = [];
    this.#tasks = [];
    for (const task of lost) task.lost();
  }

  #mustWait(): boolean {
    return this.#state === 'frozen' || this.#deferred.length + this.#due.length + this.#tasks.length > 0;
  }

  // One event per turn, like an event loop that runs microtasks after each.
  #stepLater(): void {
    if (this.#isStepping) return;
    this.#isStepping = true;
    this.#schedule(() => {
      this.#isStepping = false;
      if (this.#state !== 'running') return;
      try {
        this.#step();
      } finally {
        if (this.#mustWait()) this.#stepLater();
      }
    });
  }

  // As measured on Node after SIGCONT: first the expired timers by deadline, then pending reads.
  #step(): void {
    if (this.#deferred.length === 0) return (this.#due.shift() ?? this.#tasks.shift())?.run();
    while (this.#state === 'running' && this.#deferred.length > 0) this.#deferred.shift()!();
  }

  #setTimer(run: () => void, ms: number): Timer {
    const base = this.#base.setTimer(() => this.#timerIsDue(timer), this.isDead ? Number.POSITIVE_INFINITY : ms);
    const timer: ProcessTimer = {
      run,
      ref: () => base.ref(),
      unref: () => base.unref(),
      clear: () => {
        base.clear();
        this.#timers.delete(timer);
        this.#due = this.#due.filter(other => other !== timer);
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  #timerIsDue(timer: ProcessTimer): void {
    this.#timers.delete(timer);
    if (this.#mustWait()) this.#due.push(timer);
    else timer.run();
  }
}
