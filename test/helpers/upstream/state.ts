// What the embedded upstream knows: keys, topics, and everything it ever ran. No sockets here.

import { now } from '../process/wire.js';
import type { Connections, Executed, Request, SeenConnection, Update, UpstreamStats } from './protocol.js';

/** One client's connection, as far as the state cares. */
export interface Connection {
  readonly number: number;
  update(update: Update): void;
}

/** An operation that the upstream refuses. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Topic {
  sequence: number;
  readonly subscribers: Set<Connection>;
}

export class UpstreamState {
  readonly executed: Mutable<Executed>[] = [];
  readonly #values = new Map<string, unknown>();
  readonly #topics = new Map<string, Topic>();
  readonly #live = new Set<Connection>();
  readonly #ids = new Set<string>();
  readonly #seen: Mutable<SeenConnection>[] = [];
  #total = 0;
  #highest = 0;
  /** When the first and the last operation of a term were sent, and that last one. */
  readonly #terms = new Map<number, { from: number; until: number; last: Mutable<Executed> }>();
  #newestTerm = 0;
  #ranTwice = 0;

  connect(update: (update: Update) => void): Connection {
    const connection = { number: ++this.#total, update };
    this.#live.add(connection);
    this.#seen.push({ from: now() });
    this.#highest = Math.max(this.#highest, this.#live.size);
    return connection;
  }

  disconnect(connection: Connection): void {
    this.#live.delete(connection);
    this.#seen[connection.number - 1]!.until = now();
    for (const topic of this.#topics.values()) topic.subscribers.delete(connection);
  }

  /** Runs one operation and returns what to answer. Throws a {@link Refusal}. */
  run(connection: Connection, request: Request): unknown {
    this.#remember(connection, request);
    switch (request.op) {
      case 'get':
        return this.#values.get(request.key);
      case 'set':
        return void this.#values.set(request.key, request.value);
      case 'incr':
        return this.#increment(request.key);
      case 'echo':
        return request.value;
      case 'slow':
        return request.ms;
      case 'subscribe':
        return void this.#topic(request.topic).subscribers.add(connection);
      case 'unsubscribe':
        return void this.#topic(request.topic).subscribers.delete(connection);
      case 'publish':
        return this.#publish(request.topic, request.message);
      case 'stats':
        return this.stats();
      default:
        throw new Refusal('EUNKNOWN', `There is no operation ${JSON.stringify((request as Request).op)}.`);
    }
  }

  /** All connections that there ever were. */
  get seen(): readonly SeenConnection[] {
    return this.#seen;
  }

  ran(ids: readonly string[]): string[] {
    return ids.filter(id => this.#ids.has(id));
  }

  connections(): Connections {
    return { live: this.#live.size, total: this.#total, highest: this.#highest };
  }

  stats(): UpstreamStats {
    const topics = [...this.#topics].map(
      ([name, { sequence, subscribers }]) => [name, { sequence, subscribers: subscribers.size }] as const,
    );
    return {
      connections: this.connections(),
      operations: this.executed.length,
      ranTwice: this.#ranTwice,
      ranStale: this.executed.filter(({ isStale }) => isStale).length,
      topics: Object.fromEntries(topics),
    };
  }

  #remember({ number }: Connection, { op, id, term, at }: Request): void {
    const ran = { op, id, term, connection: number };
    this.executed.push(ran);
    if (id !== undefined) {
      if (this.#ids.has(id)) this.#ranTwice++;
      this.#ids.add(id);
    }
    if (term !== undefined) {
      this.#seen[number - 1]!.term ??= term;
      this.#judge(ran, term, at);
    }
  }

  /** Of two connections at once either may be read first: it is the clock of the clients that tells what came before. */
  #judge(ran: Mutable<Executed>, term: number, at: number): void {
    const own = this.#terms.get(term);
    const isNewest = term >= this.#newestTerm;
    this.#terms.set(term, { from: own?.from ?? at, until: at, last: ran });
    this.#newestTerm = Math.max(this.#newestTerm, term);
    if (own && isNewest) return;
    for (const [other, { from, until, last }] of this.#terms) {
      if (other > term && at > from) ran.isStale = true;
      // The last one of an older term, which was read before this first one of its own.
      else if (other < term && !own && until > at) last.isStale = true;
    }
  }

  #increment(key: string): number {
    const value = this.#values.get(key) ?? 0;
    if (typeof value !== 'number')
      throw new Refusal('EWRONGTYPE', `The value of ${JSON.stringify(key)} is not a number.`);
    this.#values.set(key, value + 1);
    return value + 1;
  }

  #publish(name: string, message: unknown): number {
    const topic = this.#topic(name);
    const sequence = ++topic.sequence;
    for (const connection of topic.subscribers) connection.update({ topic: name, sequence, message });
    return sequence;
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name) ?? { sequence: 0, subscribers: new Set() };
    this.#topics.set(name, topic);
    return topic;
  }
}
