// A test's side of one fixture process: its functions, what it told, and the signals to it.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { readLines, writeLine } from '../upstream/lines.js';
import type { Ask, Failure, FromFixture, Hello, Stamped } from './wire.js';

/** A fixture's functions, called from the test. */
export type Remote<Api> = {
  readonly [K in keyof Api]: Api[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

type OfKind<Event, K> = Stamped<Extract<Event, { readonly kind: K }>>;

interface Answer {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One process of a rig. */
export class RemoteProcess<Api, Event extends { readonly kind: string }> {
  readonly workerId: number;
  readonly pid: number;
  /** What it was asked for in order is begun in that order. */
  readonly do: Remote<Api>;
  /** All that it told, in order. */
  readonly events: Stamped<Event>[] = [];
  /** Resolves when its side of the wire is closed: it is dead, or about to be. */
  readonly gone: Promise<unknown>;
  readonly #socket: Socket;
  readonly #answers = new Map<number, Answer>();
  #asked = 0;
  #waiting = new Set<() => void>();

  constructor(socket: Socket, { workerId, pid }: Hello) {
    this.workerId = workerId;
    this.pid = pid;
    this.#socket = socket;
    this.gone = once(socket, 'close').then(() => this.#closed());
    this.do = new Proxy({} as Remote<Api>, {
      get: (_, method) => typeof method === 'string' && ((...args: unknown[]) => this.#ask(method, args)),
    });
  }

  /** A line that it said. */
  receive(line: FromFixture): void {
    if ('event' in line) {
      this.events.push(line.event as Stamped<Event>);
      for (const check of this.#waiting) check();
    } else if ('answer' in line) {
      const { resolve, reject } = this.#answers.get(line.answer)!;
      this.#answers.delete(line.answer);
      if (line.error) reject(remoteError(line.error));
      else resolve(line.value);
    }
  }

  /** All that it has told of one kind up to now; if it is frozen, when it thaws. */
  async eventsOf<K extends Event['kind']>(kind: K): Promise<OfKind<Event, K>[]> {
    // What it told before is heard before its answer, or before its end.
    await this.#ask('ping', []).catch(() => this.gone);
    return this.#ofKind(kind);
  }

  /** The first event of a kind, told already or to come, that matches. */
  until<K extends Event['kind']>(
    kind: K,
    matches: (event: OfKind<Event, K>) => boolean = () => true,
  ): Promise<OfKind<Event, K>> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = this.#ofKind(kind).find(matches);
        if (found) resolve(found);
        if (!found && this.#socket.closed) reject(new Error(`Process ${this.workerId} went without telling: ${kind}`));
        if (found || this.#socket.closed) this.#waiting.delete(check);
      };
      this.#waiting.add(check);
      check();
    });
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    // Once the wire is closed the number may belong to somebody else.
    if (!this.#socket.closed && isAlive(this.pid)) process.kill(this.pid, signal);
  }

  freeze(): void {
    this.kill('SIGSTOP');
  }

  thaw(): void {
    this.kill('SIGCONT');
  }

  #ofKind<K extends Event['kind']>(kind: K): OfKind<Event, K>[] {
    return this.events.filter(event => event.kind === kind) as OfKind<Event, K>[];
  }

  #ask(method: string, args: readonly unknown[]): Promise<unknown> {
    const ask = ++this.#asked;
    return new Promise((resolve, reject) => {
      if (this.#socket.closed) return reject(this.#goneError());
      this.#answers.set(ask, { resolve, reject });
      writeLine(this.#socket, { ask, method, args } satisfies Ask);
    });
  }

  #closed(): void {
    for (const { reject } of this.#answers.values()) reject(this.#goneError());
    this.#answers.clear();
    for (const check of this.#waiting) check();
  }

  #goneError(): Error {
    return new Error(`Process ${this.workerId} is gone.`);
  }
}

/** Resolves with the process at the other end, once it has said who it is. */
export function meetProcess<Api, Event extends { readonly kind: string }>(
  socket: Socket,
): Promise<RemoteProcess<Api, Event>> {
  // Killed with something unread, it resets the connection.
  socket.on('error', () => {});
  return new Promise(resolve => {
    let met: RemoteProcess<Api, Event>;
    readLines<FromFixture>(socket, line => {
      if (!('hello' in line)) return met.receive(line);
      met = new RemoteProcess(socket, line.hello);
      resolve(met);
    });
  });
}

/** A zombie is dead: in a container nobody may reap the orphans of a killed primary. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function remoteError({ name, message, ...rest }: Failure): Error {
  return Object.assign(new Error(message), { name, ...rest });
}
