// The embedded upstream as a process of its own, seen from its parent.

import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Connections, Executed, SeenConnection, UpstreamStats } from './protocol.js';
import { type Ask, type Reply, removeFreshPath } from './server.js';

const PROGRAM = fileURLToPath(new URL('./server.js', import.meta.url));

/** Resolves once it listens. It ends with `close()`, or by itself when this process goes away. */
export async function forkUpstream({ path }: { path?: string } = {}): Promise<UpstreamProcess> {
  // 'advanced' costs nothing here and keeps `undefined` in what was executed.
  const child = fork(PROGRAM, path === undefined ? [] : [path], { serialization: 'advanced' });
  return new Promise((resolve, reject) => {
    const refuse = (why: string) => reject(new Error(`The upstream did not start: ${why}`));
    child.once('error', error => refuse(error.message));
    child.once('exit', code => refuse(`it exited with ${code}`));
    child.once('message', (reply: Reply) => {
      if ('listening' in reply) resolve(new UpstreamProcess(child, reply.listening, path === undefined));
      else refuse('failed' in reply ? reply.failed : JSON.stringify(reply));
    });
  });
}

interface Asked {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Emits `connections` on every change, and `exit` when the process is gone. */
export class UpstreamProcess extends EventEmitter<{ connections: [Connections]; exit: [] }> {
  readonly path: string;
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, Asked>();
  #connections: Connections = { live: 0, total: 0, highest: 0 };
  #count = 0;

  constructor(child: ChildProcess, path: string, isFresh: boolean) {
    super();
    this.path = path;
    this.#child = child;
    child.on('message', (reply: Reply) => this.#received(reply));
    child.on('exit', () => {
      if (isFresh) removeFreshPath(path);
      this.#exited();
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** As last told. */
  get connections(): Connections {
    return this.#connections;
  }

  /** Resolves as soon as exactly this many clients are connected. */
  async untilConnections(live: number): Promise<Connections> {
    while (this.#connections.live !== live) await once(this, 'connections');
    return this.#connections;
  }

  stats(): Promise<UpstreamStats> {
    return this.#ask('stats') as Promise<UpstreamStats>;
  }

  executed(): Promise<readonly Executed[]> {
    return this.#ask('executed') as Promise<readonly Executed[]>;
  }

  /** All connections that there ever were. */
  seen(): Promise<readonly SeenConnection[]> {
    return this.#ask('seen') as Promise<readonly SeenConnection[]>;
  }

  /** Which of these ids ran. */
  ran(ids: readonly string[]): Promise<readonly string[]> {
    return this.#ask('ran', ids) as Promise<readonly string[]>;
  }

  /** Cuts all connections; new ones are welcome. */
  async drop(): Promise<void> {
    await this.#ask('drop');
  }

  /** Resolves once the process is gone. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    await exited;
  }

  #ask(what: Ask['what'], ids?: readonly string[]): Promise<unknown> {
    const ask = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#asked.set(ask, { resolve, reject });
      this.#child.send({ ask, what, ...(ids && { ids }) } satisfies Ask, error => {
        if (error) reject(error);
      });
    });
  }

  #received(reply: Reply): void {
    if ('connections' in reply) {
      this.#connections = reply.connections;
      this.emit('connections', reply.connections);
    } else if ('answer' in reply) {
      this.#asked.get(reply.answer)?.resolve(reply.value);
      this.#asked.delete(reply.answer);
    }
  }

  #exited(): void {
    for (const { reject } of this.#asked.values()) reject(new Error('The upstream has exited.'));
    this.#asked.clear();
    this.emit('exit');
  }
}
