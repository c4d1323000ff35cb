// Time as the library sees it, behind an interface so that a simulation can own it. Nothing else reads a clock or sets a timer.
//
// The functions of Node are captured when this module loads: a test may replace them by fake timers later, and what is
// scheduled by those may never run, while the other processes go on in real time.

import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';
import { neutralContext } from './async-context.js';

const { setTimeout, clearTimeout, setImmediate } = timers;
const nextTick = process.nextTick.bind(process);
const monotonic = performance.now.bind(performance);
const { now: wallTime } = Date;

/** A timer that doesn't keep the process alive until `ref()` says so. */
export interface Timer {
  /** Keeps the process alive while it runs. */
  ref(): void;
  unref(): void;
  /** Idempotent; the callback doesn't run after it. */
  clear(): void;
}

/** Monotonic and wall time, timers, and "at the end of this tick". */
export interface Clock {
  /** Milliseconds of the machine's monotonic clock, the same in every process of a host. */
  now(): number;
  /** Milliseconds since 1970. */
  wall(): number;
  /** Runs `callback` once, no earlier than after `ms`; `Infinity` never runs it. */
  setTimer(callback: () => void, ms: number): Timer;
  /** Runs `callback` after the code that runs now and the microtasks it leads to, before any I/O. */
  defer(callback: () => void): void;
  /** Runs `callback` once I/O and timers have had a turn. */
  yield(callback: () => void): void;
}

/** The longest delay that Node's timers take; a longer one would fire after 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

const NEVER: Timer = { ref() {}, unref() {}, clear() {} };

// performance.now() reads the same clock as process.hrtime(), counted from this process's start, at a third of the cost.
const ORIGIN_MS = readOrigin();

/** Of several readings of both clocks the closest pair: between the two a process may stand still for long. */
function readOrigin(): number {
  let origin = 0;
  for (let i = 0, closest = Number.POSITIVE_INFINITY; i < 10; i++) {
    const before = monotonic();
    const [seconds, nanoseconds] = process.hrtime();
    const took = monotonic() - before;
    if (took >= closest) continue;
    closest = took;
    origin = seconds * 1e3 + nanoseconds / 1e6 - before - took / 2;
  }
  return origin;
}

/** The clock of this process. What it runs runs in no context of the user's. */
export const systemClock: Clock = {
  now: () => ORIGIN_MS + monotonic(),
  wall: wallTime,
  setTimer(callback, ms) {
    if (ms === Number.POSITIVE_INFINITY) return NEVER;
    const timer = startTimer(callback, Math.min(Math.max(Math.ceil(ms), 0), MAX_TIMER_MS)).unref();
    return { ref: () => void timer.ref(), unref: () => void timer.unref(), clear: () => clearTimeout(timer) };
  },
  defer: callback => neutralContext.runInAsyncScope(nextTick, undefined, callback),
  yield: callback => void neutralContext.runInAsyncScope(startTurn, undefined, callback),
};

function startTimer(callback: () => void, ms: number): NodeJS.Timeout {
  return neutralContext.runInAsyncScope(() => setTimeout(callback, ms));
}

function startTurn(callback: () => void): void {
  setImmediate(callback);
}
