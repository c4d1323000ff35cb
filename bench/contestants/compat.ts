// This library by the interface of cluster-client: the same real client and the same options as that one.

import { setupPrimary } from 'cluster-shared-client';
import cluster from 'cluster-shared-client/compat';
import type { Desk, Seat } from './contestant.js';
import { RealClient } from './real-client.js';

export async function primary(): Promise<Desk> {
  setupPrimary();
  return { env: {} };
}

/** The default of 3 s is too short for 8 Buffers of 1 MB at once. */
const RESPONSE_TIMEOUT_MS = 120_000;

export async function join(): Promise<Seat> {
  const client = cluster(RealClient, { name: 'bench', responseTimeout: RESPONSE_TIMEOUT_MS }).create();
  await client.ready();
  return { leads: () => client.isClusterClientLeader === true, echo: value => client.echo(value) };
}
