// A contestant's processes, seen from the runner: kept alive over all rounds, so that to alternate costs nothing.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Entry, entryName } from './contestant.js';
import type { Outcome, Ran, Run } from './messages.js';

const PRIMARY = fileURLToPath(new URL('./primary.js', import.meta.url));

export class Tree {
  readonly entry: Entry;
  readonly #primary: ChildProcess;

  /** Resolves once leader and follower are there. */
  static async start(entry: Entry): Promise<Tree> {
    const tree = new Tree(entry);
    await tree.#next();
    return tree;
  }

  private constructor(entry: Entry) {
    this.entry = entry;
    const { contestant, serialization = 'json' } = entry;
    this.#primary = fork(PRIMARY, {
      env: { ...process.env, BENCH_CONTESTANT: contestant, BENCH_SERIALIZATION: serialization },
    });
  }

  async measure(order: Run): Promise<Outcome> {
    this.#primary.send(order);
    return ((await this.#next()) as Ran).ran;
  }

  /** Resolves once the primary is gone; its workers go with it. */
  async stop(): Promise<void> {
    if (this.#primary.exitCode !== null || this.#primary.signalCode !== null) return;
    const exited = once(this.#primary, 'exit');
    if (this.#primary.connected) this.#primary.disconnect();
    await exited;
  }

  async #next(): Promise<unknown> {
    const over = new AbortController();
    const exited = once(this.#primary, 'exit', { signal: over.signal }).then(([code, signal]) => {
      throw new Error(`${entryName(this.entry)} ended with ${signal ?? code}.`);
    });
    try {
      const [message] = (await Promise.race([once(this.#primary, 'message', { signal: over.signal }), exited])) as [
        unknown,
      ];
      return message;
    } finally {
      over.abort();
      exited.catch(() => {});
    }
  }
}
