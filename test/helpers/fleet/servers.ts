// The servers of the machine on which a fleet's engine is tested.

import type { ExecutionContext } from 'ava';
import { answers, skip } from '../services/services.js';

const NATS_PORT = 4222;
const POSTGRES_PORT = 5432;

/** The address of NATS. */
export async function findNats(t: ExecutionContext): Promise<string | undefined> {
  if (await answers(NATS_PORT)) return `127.0.0.1:${NATS_PORT}`;
  return skip(t, `NATS at port ${NATS_PORT}`) as undefined;
}

/** For `new Client()` of `pg`. */
export async function findPostgres(t: ExecutionContext) {
  if (await answers(POSTGRES_PORT))
    return { host: '127.0.0.1', port: POSTGRES_PORT, user: 'postgres', database: 'postgres' };
  return skip(t, `PostgreSQL at port ${POSTGRES_PORT}`) as undefined;
}
