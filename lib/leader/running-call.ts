// A call while it runs in the leader, which is also what `callContext()` shows of it.

import type { SignalReader } from '../codec/decode-value.js';
import type { CallContext } from '../options.js';
import type { Numbered } from '../utils/numbered-table.js';

export class RunningCall implements CallContext, SignalReader, Numbered<RunningCall> {
  behind: RunningCall | undefined = undefined;
  isEnded = false;
  /** What came along from the caller's `inject`. */
  carrier: unknown = undefined;
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
    this.#controllers?.get(number)?.abort(reason);
  }

  /** Nobody waits for it any more. */
  abandon(reason: unknown): void {
    this.isEnded = true;
    this.#reason = reason;
    for (const controller of this.#controllers?.values() ?? []) controller.abort(reason);
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
