// Hand-overs that this process requested from its primary and that are not answered yet.

import { nextNumber } from '../protocol/ids.js';
import type { Transfer, TransferFailure, Transferred } from '../protocol/messages.js';
import { type Deferred, defer } from '../utils/deferred.js';

export class HandOvers {
  readonly #pending = new Map<number, Deferred<TransferFailure | undefined>>();

  constructor(private readonly send: (request: Transfer) => void) {}

  /** @returns why the hand-over failed, if it did */
  request(group: string, to: number | undefined): Promise<TransferFailure | undefined> {
    const id = nextNumber();
    const answer = defer<TransferFailure | undefined>();
    this.#pending.set(id, answer);
    this.send({ k: 'transfer', group, id, ...(to !== undefined && { to }) });
    return answer.promise;
  }

  answered({ id, failed }: Transferred): void {
    this.#pending.get(id)?.resolve(failed);
    this.#pending.delete(id);
  }

  /** No answer can arrive any more. */
  failAll(error: Error): void {
    for (const answer of this.#pending.values()) answer.reject(error);
    this.#pending.clear();
  }
}
