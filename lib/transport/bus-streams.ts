// Byte streams between two processes over the bus, for processes that cannot connect to each other. All other bus messages
// pass unchanged through {@link BusStreams.bus}.
//
// A message has one receiver. Its fields: `csd` is the version, `f` the sender, `c` the connection; and of these:
//   n, d, e, l   the number of the piece, its bytes as base64; `e`: the last piece; `l`: in the first piece, the listener
//   a            the number of received pieces
//   r            the connection does not exist, or no longer exists, and why
//   s            sent to oneself: once it arrives, everything that others had sent before has been read

import { randomUUID } from 'node:crypto';
import type { Clock } from '../utils/clock.js';
import type { Bus, BusHandlers } from './bus.js';
import { BusConnection, type StreamMessage } from './bus-connection.js';
import type { Connection, ConnectionHandlers, DirectListener, DirectTransport, ListenerHandlers } from './direct.js';

const VERSION = 1;

type Received = StreamMessage & { readonly f: string };

export class BusStreams implements DirectTransport {
  /** The same bus without the messages of streams. */
  readonly bus: Bus;
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #connections = new Map<string, { readonly peer: string; readonly connection: BusConnection }>();
  readonly #listeners = new Map<string, ListenerHandlers>();
  readonly #echoes = new Map<string, () => void>();
  #isOpen = false;

  constructor(bus: Bus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
    this.bus = {
      self: bus.self,
      listen: handlers => bus.listen(this.#between(handlers)),
      send: (message, written, to) => bus.send(message, written, to),
      listProcesses: () => bus.listProcesses(),
      close: () => {
        this.#break(new Error('the bus was closed'));
        bus.close();
      },
    };
  }

  listen(handlers: ListenerHandlers): DirectListener {
    const id = randomUUID();
    this.#listeners.set(id, handlers);
    this.#clock.defer(() => {
      if (this.#listeners.has(id)) handlers.listening(`${this.#bus.self.process}/${id}`);
    });
    return { close: () => void this.#listeners.delete(id) };
  }

  connect(address: string, handlers: ConnectionHandlers): Connection {
    const [peer = '', listener] = address.split('/');
    const connection = this.#create(peer, randomUUID(), listener);
    connection.report(handlers);
    if (!this.#isOpen) connection.close(new Error('the bus is closed'));
    return connection;
  }

  /** Nothing to do: a dead process leaves nothing behind. */
  remove(): void {}

  #create(peer: string, id: string, listener?: string): BusConnection {
    const key = `${peer}/${id}`;
    const connection = new BusConnection({
      clock: this.#clock,
      listener,
      send: (message, written) => this.#send(peer, { c: id, ...message }, written),
      echo: done => this.#echo(done),
      forget: () => void this.#connections.delete(key),
    });
    this.#connections.set(key, { peer, connection });
    return connection;
  }

  #send(to: string, message: StreamMessage, written = () => {}): void {
    this.#bus.send({ csd: VERSION, f: this.#bus.self.process, ...message }, written, to);
  }

  #echo(done: () => void): void {
    if (!this.#isOpen) return this.#clock.yield(done);
    const c = randomUUID();
    this.#echoes.set(c, done);
    this.#send(this.#bus.self.process, { c, s: 1 });
  }

  #between(handlers: BusHandlers): BusHandlers {
    return {
      ...handlers,
      opened: () => {
        this.#isOpen = true;
        handlers.opened();
      },
      message: (message, at) => {
        if (isOurs(message)) this.#read(message);
        else handlers.message(message, at);
      },
      exited: (process, at) => {
        handlers.exited(process, at);
        for (const { peer, connection } of this.#connections.values()) if (peer === process) connection.close();
      },
      broken: problem => {
        this.#break(problem);
        handlers.broken(problem);
      },
      closed: event => {
        this.#break();
        handlers.closed(event);
      },
    };
  }

  /** From now on messages of others may be missed. */
  #break(problem?: Error): void {
    this.#isOpen = false;
    for (const { connection } of this.#connections.values()) connection.close(problem);
    for (const done of this.#echoes.values()) this.#clock.yield(done);
    this.#echoes.clear();
  }

  #read(message: Received): void {
    const { f: peer, c: id } = message;
    if (message.s) return this.#echoed(id);
    const known = this.#connections.get(`${peer}/${id}`);
    const connection = known?.connection ?? this.#accept(message);
    if (connection) connection.receive(message);
    else if (message.r === undefined) this.#send(peer, { c: id, r: 'there is no such connection' });
  }

  #accept({ f: peer, c: id, l: listener, n }: Received): BusConnection | undefined {
    const handlers = listener !== undefined && n === 0 ? this.#listeners.get(listener) : undefined;
    if (!handlers) return undefined;
    const connection = this.#create(peer, id);
    connection.report(handlers.accept(connection));
    return connection;
  }

  #echoed(id: string): void {
    const done = this.#echoes.get(id);
    this.#echoes.delete(id);
    done?.();
  }
}

const isCountOrNone = (value: unknown): boolean =>
  value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);
const isTextOrNone = (value: unknown): boolean => value === undefined || typeof value === 'string';

function isOurs(message: unknown): message is Received {
  if (typeof message !== 'object' || message === null) return false;
  const { csd, f, c, n, a, d, l, r } = message as Record<string, unknown>;
  if (csd !== VERSION || typeof f !== 'string' || typeof c !== 'string') return false;
  return [n, a].every(isCountOrNone) && [d, l, r].every(isTextOrNone);
}
