// A call while it runs in the leader, which is also what `callContext()` shows of it.

import type { SignalReader } from '../codec/decode-value.js';
import type { CallContext } from '../options/options.js';
import { type AsyncContext, neutralContext } from '../utils/async-context.js';
import type { Expiring } from '../utils/deadlines.js';
import type { Numbered } from '../utils/numbered-table.js';
import { runInContext } from './call-context.js';

export interface Limit extends Expiring {
  readonly call: RunningCall;
}

export class RunningCall implements CallContext, SignalReader, Numbered<RunningCall> {
  behind: RunningCall | undefined = undefined;
  isEnded = false;
  /** Its caller wants to know how it ended, and not with what result. */
  wantsNoResult = false;
  /** Of its arguments, encoded. */
  bytes = 0;
  /** A sticky publication that is repeated: no caller waits for it. */
  isRepeated = false;
  /** Until when that may take. */
  limit: Limit | undefined = undefined;
  /** What came along from the caller's `inject`. */
  carrier: unknown = undefined;
  /** In which its method runs: its caller's where that is in this process. */
  context: AsyncContext = neutralContext;
  #reason: unknown;
  /** By number: 0 is the call's own, n the nth in its arguments. Made when somebody asks. */
  #controllers: Map<number, AbortController> | undefined;

  constructor(
    readonly name: string,
    readonly term: number,
    readonly workerId: number,
    readonly id: number,
    readonly method: string,
    readonly deadline: number,
    /** By the clock. */
    readonly startedAt: number,
  ) {}

  get signal(): AbortSignal {
    return this.get(0);
  }

  get(number: number): AbortSignal {
    return this.#controller(number).signal;
  }

  /** A signal in the arguments aborted in the caller; one that isn't there is nobody's. */
  abort(number: number, reason: unknown): void {
    const controller = this.#controllers?.get(number);
    if (controller) this.#inContext(() => controller.abort(reason));
  }

  /** Nobody waits for it any more. */
  abandon(reason: unknown): void {
    this.isEnded = true;
    this.#reason = reason;
    const controllers = this.#controllers;
    if (!controllers) return;
    this.#inContext(() => {
      for (const controller of controllers.values()) controller.abort(reason);
    });
  }

  /** Runs what calls listeners of the method's. */
  #inContext(fn: () => void): void {
    this.context.runInAsyncScope(() => runInContext(this, fn));
  }

  #controller(number: number): AbortController {
    this.#controllers ??= new Map();
    let controller = this.#controllers.get(number);
    if (!controller) {
      controller = new AbortController();
      if (this.isEnded) controller.abort(this.#reason);
      this.#controllers.set(number, controller);
    }
    return controller;
  }
}
