// A server that the real clients of a fleet connect to: it sees how many there are, and what they run.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** What a real client sends, a line of JSON each. `run` is answered with the same number. */
export type FromClient =
  | { readonly open: number; readonly pid: number }
  | { readonly run: number; readonly term: number }
  | { readonly publish: string }
  | { readonly unpublish: string };

export interface SeenRun {
  readonly id: number;
  readonly term: number;
  readonly at: number;
}

export interface SeenLife {
  readonly pid: number;
  readonly term: number;
  readonly openedAt: number;
  closedAt: number | undefined;
}

export class FleetUpstream {
  readonly runs: SeenRun[] = [];
  readonly lives: SeenLife[] = [];
  /** What is published, by key, and how often. */
  readonly published = new Map<string, number>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #newest = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FleetUpstream> {
    const server = createServer();
    const upstream = new FleetUpstream(server);
    server.on('connection', socket => upstream.#accept(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The last value that was sent. */
  get newest(): number {
    return this.#newest;
  }

  /** The real clients that are connected now. */
  get live(): SeenLife[] {
    return this.lives.filter(({ closedAt }) => closedAt === undefined);
  }

  /** Sends a new value every `ms`. */
  emit(ms: number): void {
    this.#timer = setInterval(() => {
      this.#newest++;
      for (const socket of this.#sockets) socket.write(`${JSON.stringify({ value: this.#newest })}\n`);
    }, ms);
  }

  stopEmitting(): void {
    clearInterval(this.#timer);
  }

  close(): void {
    this.stopEmitting();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let life: SeenLife | undefined;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (life) life.closedAt = performance.now();
    });
    const lines = createInterface({ input: socket });
    // It passes the errors of the socket on.
    lines.on('error', () => {});
    lines.on('line', line => {
      const message = JSON.parse(line) as FromClient;
      if ('open' in message) {
        life = { pid: message.pid, term: message.open, openedAt: performance.now(), closedAt: undefined };
        this.lives.push(life);
        // A client that subscribes later has missed nothing.
        socket.write(`${JSON.stringify({ value: this.#newest })}\n`);
      } else if ('run' in message) {
        this.runs.push({ id: message.run, term: message.term, at: performance.now() });
        socket.write(`${JSON.stringify({ ran: message.run })}\n`);
      } else if ('publish' in message) this.#count(message.publish, 1);
      else this.#count(message.unpublish, -1);
    });
  }

  #count(key: string, by: number): void {
    this.published.set(key, (this.published.get(key) ?? 0) + by);
  }
}
