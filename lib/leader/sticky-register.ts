// The sticky publications of the members in this term. The leader withdraws them when their publisher leaves.

import type { ServiceOptions } from './service-options.js';

export class StickyRegister {
  /** The arguments of each publication, by worker and key. */
  readonly #published = new Map<number, Map<string, unknown[]>>();

  constructor(private readonly options: Pick<ServiceOptions, 'client' | 'report'>) {}

  add(workerId: number, key: string, args: unknown[]): void {
    let own = this.#published.get(workerId);
    if (!own) {
      own = new Map();
      this.#published.set(workerId, own);
    }
    own.set(key, args);
  }

  /** @returns the arguments with which it was published */
  delete(workerId: number, key: string): unknown[] | undefined {
    const own = this.#published.get(workerId);
    const args = own?.get(key);
    own?.delete(key);
    return args;
  }

  /** Withdraws a publication whose caller no longer waits. It may have reached the server. */
  takeBack(workerId: number, key: string): void {
    const args = this.delete(workerId, key);
    if (args) void this.#unpublish(workerId, key, args);
  }

  memberLeft(workerId: number): void {
    const own = this.#published.get(workerId);
    this.#published.delete(workerId);
    for (const [key, args] of own ?? []) void this.#unpublish(workerId, key, args);
  }

  async #unpublish(workerId: number, key: string, args: unknown[]): Promise<void> {
    const { client, report } = this.options;
    try {
      await client.runInContext(() =>
        client.forwarder ? client.forwarder.withdraw(workerId, key, args) : client.role('unpublish')?.(...args),
      );
    } catch (error) {
      report(error);
    }
  }
}
