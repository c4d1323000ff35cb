// Transfers that members of this worker requested. Their results are read from the log.

import type { LogState } from '../protocol/log-state.js';
import type { Transfer, TransferFailure, Transferred } from '../protocol/messages.js';
import { requestOf, type Settled } from './read-log.js';

export class Transfers {
  readonly #pending = new Map<string, Transfer>();

  constructor(
    private readonly me: string,
    private readonly answer: (frame: Transferred) => void,
  ) {}

  /** @returns whether to write the request; if not, it was answered */
  ask(request: Transfer, log: LogState | undefined): boolean {
    if (log) this.#pending.set(requestOf(this.me, request.id), request);
    else this.#answer(request, 'vacant');
    return log !== undefined;
  }

  settle({ request, failed }: Settled): void {
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    if (pending) this.#answer(pending, failed);
  }

  /** The state is no longer known, so the results of the pending requests will not be known either. */
  lose(): void {
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of lost) this.#answer(request, 'lost');
  }

  #answer({ group, id }: Transfer, failed?: TransferFailure): void {
    this.answer({ k: 'transferred', group, id, ...(failed && { failed }) });
  }
}
