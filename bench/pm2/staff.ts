// The workers of the bench, who call in at a socket once they can make calls, and are then asked one at a time.

import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Measured } from '../jobs/drive.js';

/** worker -> bench, on joining. */
export interface Joined {
  readonly contestant: string;
  readonly leads: boolean;
}

/** bench -> worker */
export interface Order {
  readonly inFlight: number;
  readonly bytes: number;
  readonly warmUpMs: number;
  readonly ms: number;
}

export class Staff {
  readonly #workers: (Joined & { readonly socket: Socket; readonly lines: AsyncIterator<string> })[] = [];
  #changed = () => {};
  readonly #server = createServer(async socket => {
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    this.#workers.push({ ...(JSON.parse(value) as Joined), socket, lines });
    this.#changed();
  });

  constructor(path: string) {
    this.#server.listen(path);
  }

  async until(count: number): Promise<void> {
    while (this.#workers.length < count)
      await new Promise<void>(resolve => {
        this.#changed = resolve;
      });
  }

  /** What a follower of this contestant measures; the leader and the other followers have nothing to do meanwhile. */
  async measure(contestant: string, order: Order): Promise<Measured> {
    const follower = this.#workers.find(worker => worker.contestant === contestant && !worker.leads);
    if (!follower) throw new Error(`No worker of ${contestant} follows.`);
    follower.socket.write(`${JSON.stringify(order)}\n`);
    const { value } = await follower.lines.next();
    return JSON.parse(value) as Measured;
  }

  close(): void {
    for (const { socket } of this.#workers) socket.destroy();
    this.#server.close();
  }
}
