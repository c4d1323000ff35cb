// The library's only access to clocks and timers, behind an interface so that a simulation can replace it.
//
// Node's functions are captured when this module is loaded. A test may replace them with fake timers later, which may
// never fire, while the other processes run in real time.

import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';
import { neutralContext } from './async-context.js';

const { setTimeout, clearTimeout, setImmediate } = timers;
const nextTick = process.nextTick.bind(process);
const monotonic = performance.now.bind(performance);
const { now: wallTime } = Date;

/** A timer that keeps the process alive only after `ref()`. */
export interface Timer {
  /** Keeps the process alive until the timer fires or is cleared. */
  ref(): void;
  unref(): void;
  /** Cancels the timer. Idempotent. */
  clear(): void;
}

/** Monotonic and wall time, timers, and callbacks at the end of the current tick. */
export interface Clock {
  /** Milliseconds of the monotonic clock, which is the same in all processes of a machine. */
  now(): number;
  /** Milliseconds since 1970. */
  wall(): number;
  /** Runs `callback` once, after at least `ms`; never if that is `Infinity`. */
  setTimer(callback: () => void, ms: number): Timer;
  /** Runs `callback` after the current code and the microtasks that it starts, before any I/O. */
  defer(callback: () => void): void;
  /** Runs `callback` in a later turn of the event loop, so that I/O and timers can run first. */
  yield(callback: () => void): void;
}

/** The longest delay that Node's timers support. A longer one would fire after 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

const NEVER: Timer = { ref() {}, unref() {}, clear() {} };

// performance.now() reads the same clock as process.hrtime(), counted from this process's start, at a third of the cost.
const ORIGIN_MS = readOrigin();

/** Reads both clocks several times and uses the readings closest to each other: the process may be paused in between. */
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

/** The clock of this process. Its callbacks run in no context of the user. */
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
