// A PostgreSQL connection as a real client: notifications, and statements whose results can travel. Only types of `pg` are known.

import type { Client, QueryResult } from 'pg';
import type { OpenContext } from '../options/options.js';

/** PostgreSQL cuts longer names off, and the notifications then come under another name than was asked for. */
const MOST_CHANNEL_BYTES = 63;

/** What became of one statement. */
export interface PgRows<Row> {
  readonly rows: Row[];
  /** How many rows it changed or returned; `null` where that means nothing. */
  readonly rowCount: number | null;
}

/** One session of PostgreSQL, which all workers share. */
export interface PgSession {
  /**
   * `LISTEN`s to a channel. The listener gets the payload of each notification, `''` where it has none.
   * @throws {RangeError} for a name of more than 63 bytes, which PostgreSQL would cut off
   */
  subscribe(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>>;
  /** `NOTIFY`s a channel, of this or of any other session. */
  publish(channel: string, payload?: string): Promise<void>;
  /**
   * Runs a statement; of several in one text the last one's rows are returned. All statements of all workers run one
   * after the other in this session: a transaction is no caller's own here, and what takes long keeps the others waiting.
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<PgRows<Row>>;
  close(): Promise<void>;
}

/**
 * The option `open` for a connection of the package `pg`. When the connection is lost the term ends, another one is
 * opened, and subscribers hear `resync`.
 * @param createClient makes a client that is not connected, in the leader only
 */
export function openPg(createClient: () => Client): (context: OpenContext) => Promise<PgSession> {
  return async ({ fail, signal }) => {
    const client = createClient();
    const listeners = new Map<string, (payload: string) => void>();
    // Without a listener for it an error would end the process.
    client.on('error', fail);
    client.on('end', () => fail(new Error('The connection to PostgreSQL has ended.')));
    client.on('notification', ({ channel, payload = '' }) => listeners.get(channel)?.(payload));
    const end = () => client.end();
    // One that is still connecting is nobody's to close yet.
    signal.addEventListener('abort', () => void end().catch(() => {}), { once: true });
    await client.connect();

    // One after the other: a client of `pg` is not to be asked while it answers.
    let last: Promise<unknown> = Promise.resolve();
    const run = (text: string, values?: unknown[]): Promise<QueryResult | QueryResult[]> => {
      const ask = () => client.query(text, values);
      const result = last.then(ask, ask);
      last = result;
      return result;
    };

    return {
      async subscribe(channel, listener) {
        if (Buffer.byteLength(channel) > MOST_CHANNEL_BYTES)
          throw new RangeError(`A channel has at most ${MOST_CHANNEL_BYTES} bytes, but this one has more: ${channel}`);
        const name = client.escapeIdentifier(channel);
        // Before it is sent: notifications may come with its answer.
        listeners.set(channel, listener);
        await run(`LISTEN ${name}`);
        return async () => {
          listeners.delete(channel);
          await run(`UNLISTEN ${name}`);
        };
      },
      async publish(channel, payload = '') {
        await run('SELECT pg_notify($1, $2)', [channel, payload]);
      },
      async query<Row>(text: string, values?: readonly unknown[]) {
        const result = await run(text, values && [...values]);
        const { rows, rowCount } = Array.isArray(result) ? (result.at(-1) as QueryResult) : result;
        return { rows: rows as Row[], rowCount };
      },
      close: end,
    };
  };
}
