// A real Redis. Its CLIENT LIST is asked for connections with the demo's client name; the one that asks has another.

import { createClient } from 'redis';
import type { Connections } from '../../helpers/upstream/protocol.js';
import { Refusal } from './options.js';
import type { Upstream } from './upstream.js';

const COUNT_EVERY_MS = 50;
const CONNECT_TIMEOUT_MS = 3000;

let opened = 0;

export async function openRedis(url: string, stop: AbortController): Promise<Upstream> {
  const clientName = `csc-demo-${process.pid}-${++opened}`;
  const keys = { counter: `${clientName}:counter`, sequence: `${clientName}:sequence` };
  const redis = await connect(url);
  redis.on('error', (error: Error) => {
    stop.abort(new Refusal(`The connection to Redis at ${shown(url)} was lost: ${reason(error)}.`));
  });
  const count = new Count();
  const timer = setInterval(async () => {
    // Where it fails the connection is lost, and the listener above says so.
    const clients = await redis.clientList().catch(() => []);
    count.seen(clients.filter(({ name }) => name === clientName).map(({ id }) => id));
  }, COUNT_EVERY_MS);
  return {
    title: `Redis at ${shown(url)}`,
    address: { kind: 'redis', url, clientName, keys },
    get connections() {
      return count.connections;
    },
    ran: async () => undefined,
    async close() {
      clearInterval(timer);
      if (!redis.isReady) return redis.destroy();
      await redis.del(Object.values(keys));
      await redis.close();
    },
  };
}

async function connect(url: string) {
  try {
    const redis = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: CONNECT_TIMEOUT_MS } });
    redis.on('error', () => {});
    await redis.connect();
    return redis;
  } catch (error) {
    throw new Refusal(`Redis can't be reached at ${shown(url)}: ${reason(error as NodeJS.ErrnoException)}.`);
  }
}

/** To stand at the end of a sentence. */
const reason = ({ message, code }: NodeJS.ErrnoException) => (message || `${code}`).replace(/\.$/, '');

/** Without the password. */
function shown(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.password) parsed.password = '***';
  return parsed.href;
}

/** From samples: a connection that lives for less than a sample's distance may be missed. */
class Count {
  connections: Connections = { live: 0, total: 0, highest: 0 };
  readonly #ids = new Set<number>();

  seen(ids: readonly number[]): void {
    for (const id of ids) this.#ids.add(id);
    const highest = Math.max(this.connections.highest, ids.length);
    this.connections = { live: ids.length, total: this.#ids.size, highest };
  }
}
