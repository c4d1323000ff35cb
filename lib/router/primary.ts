// The object that `setupPrimary()` returns: the public interface of the router.

import { closed, noTransfer } from '../errors/call-errors.js';
import { rejectAfterTurn } from '../utils/after-turn.js';
import type { Emitter } from '../utils/emitter.js';
import type { PrimaryEvents, PrimaryStatus, Primary as PublicPrimary } from './primary-types.js';
import type { Router } from './router.js';
import { routerStatus } from './router-status.js';

type AnyListener = (...args: never[]) => void;

export class Primary implements PublicPrimary {
  #closing: Promise<void> | undefined;

  constructor(
    private readonly router: Router,
    private readonly emitter: Emitter,
    private readonly onClose: () => Promise<void>,
  ) {}

  status(): PrimaryStatus {
    return routerStatus(this.router);
  }

  transfer(name: string, workerId?: number): Promise<void> {
    return rejectAfterTurn(this.#transfer(name, workerId));
  }

  async #transfer(name: string, workerId?: number): Promise<void> {
    if (this.#closing) throw closed('The primary');
    await new Promise<void>((resolve, reject) => {
      this.router.transfer(name, workerId, failed => (failed ? reject(noTransfer(name, workerId, failed)) : resolve()));
    });
  }

  on<E extends keyof PrimaryEvents>(event: E, listener: (...args: PrimaryEvents[E]) => void): this {
    this.emitter.on(event, listener as unknown as AnyListener);
    return this;
  }

  once<E extends keyof PrimaryEvents>(event: E, listener: (...args: PrimaryEvents[E]) => void): this {
    this.emitter.once(event, listener as unknown as AnyListener);
    return this;
  }

  off<E extends keyof PrimaryEvents>(event: E, listener: (...args: PrimaryEvents[E]) => void): this {
    this.emitter.off(event, listener as unknown as AnyListener);
    return this;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    // After `close()`, changes of the groups are no longer reported.
    this.emitter.clear();
    return this.onClose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
