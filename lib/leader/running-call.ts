// A call while it runs in the leader. The same object is what `callContext()` returns.

import type { SignalReader } from '../codec/decode-value.js';
import type { CallContext } from '../options/options.js';
import type { ItemReader } from '../streams/item-reader.js';
import type { ItemSender } from '../streams/item-sender.js';
import { type AsyncContext, neutralContext } from '../utils/async-context.js';
import type { Expiring } from '../utils/deadlines.js';
import type { Numbered } from '../utils/numbered-table.js';
import { runInContext } from './call-context.js';

export interface Limit extends Expiring {
  readonly call: RunningCall;
}

/** Opens the streams in the arguments of calls. */
export interface StreamOpener {
  /** @returns an object of the class that the caller passed */
  open(call: RunningCall, id: number, form: unknown): object;
}

export class RunningCall implements CallContext, SignalReader, Numbered<RunningCall> {
  behind: RunningCall | undefined = undefined;
  isEnded = false;
  /** Its caller needs to know when it ended, but not its result. */
  wantsNoResult = false;
  /** Size of its encoded arguments. */
  bytes = 0;
  /** A repeated sticky publication: no caller waits for it. */
  isRepeated = false;
  /** It may run twice. Known only where calls are passed on. */
  isIdempotent = false;
  /** It was passed on: ends it there. */
  cancel: ((reason: unknown) => void) | undefined = undefined;
  /** The deadline of a repeated sticky publication. */
  limit: Limit | undefined = undefined;
  /** The carrier from the caller's `inject`. */
  carrier: unknown = undefined;
  /** The context in which its method runs: that of the caller, if the caller is in this process. */
  context: AsyncContext = neutralContext;
  /** Its result, where that is a stream. */
  output: ItemSender | undefined = undefined;
  /** The streams in its arguments. */
  inputs: Map<number, ItemReader> | undefined = undefined;
  #reason: unknown;
  /** By number: 0 is the call's own signal, n is the nth in its arguments. Created on demand. */
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
    private readonly streams: StreamOpener,
  ) {}

  get signal(): AbortSignal {
    return this.get(0);
  }

  get(number: number): AbortSignal {
    return this.#controller(number).signal;
  }

  /** A stream in the arguments, which are being decoded. */
  stream(id: number, form: unknown): object {
    return this.streams.open(this, id, form);
  }

  /** A signal in the arguments aborted in the caller. A number that the method has no signal for is ignored. */
  abort(number: number, reason: unknown): void {
    const controller = this.#controllers?.get(number);
    if (controller) this.#inContext(() => controller.abort(reason));
  }

  /** No caller waits for it any more. */
  abandon(reason: unknown): void {
    this.isEnded = true;
    this.#reason = reason;
    this.cancel?.(reason);
    this.output?.end();
    for (const reader of this.inputs?.values() ?? []) reader.end({ error: reason });
    const controllers = this.#controllers;
    if (!controllers) return;
    this.#inContext(() => {
      for (const controller of controllers.values()) controller.abort(reason);
    });
  }

  /** Runs code that may call listeners of the method. */
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
