// The process behind each worker, from its first hello until it has exited, and the paths that it reported.

import type { Address } from '../protocol/messages.js';
import type { Leftovers } from '../transport/direct.js';
import type { Peer, PrimaryEnd } from '../transport/transport.js';

/** Maximum number of remembered addresses per worker. */
const MOST_ADDRESSES = 64;

interface WorkerProcess {
  readonly peer: Peer;
  readonly end: PrimaryEnd;
  readonly addresses: Set<string>;
}

export class WorkerProcesses {
  readonly #processes = new Map<number, WorkerProcess>();

  /** @param leftovers removes what killed workers left in the file system */
  constructor(private readonly leftovers: Leftovers | undefined) {}

  add(peer: Peer, end: PrimaryEnd): void {
    this.#processes.set(peer.workerId, { peer, end, addresses: new Set() });
  }

  pidOf(workerId: number): number {
    return this.#processes.get(workerId)?.peer.pid ?? 0;
  }

  kill(workerId: number): void {
    this.#processes.get(workerId)?.end.kill(workerId);
  }

  /** Only the last few addresses of a worker can still exist: it removes older ones itself. */
  noteAddress(workerId: number, { address, gone }: Address): void {
    const { addresses } = this.#processes.get(workerId)!;
    // A worker can only withdraw addresses that it reported itself.
    if (addresses.delete(address) && gone) this.leftovers?.forget(address);
    if (gone) return;
    addresses.add(address);
    this.leftovers?.note(address);
    if (addresses.size <= MOST_ADDRESSES) return;
    const oldest = addresses.values().next().value!;
    addresses.delete(oldest);
    this.leftovers?.forget(oldest);
  }

  exited(workerId: number): void {
    for (const address of this.#processes.get(workerId)?.addresses ?? []) this.leftovers?.remove(address);
    this.#processes.delete(workerId);
  }
}
