// This library by the interface of cluster-client: the same real client and the same options as that one.

import { setupPrimary } from 'cluster-shared-client';
import cluster from 'cluster-shared-client/compat';
import { EchoClient, type Seat } from '../contestant.js';

export async function primary(): Promise<Record<string, string>> {
  setupPrimary();
  return {};
}

/** The default of 3 s is too short for 8 Buffers of 1 MB at once. */
const RESPONSE_TIMEOUT_MS = 120_000;

export async function join(): Promise<Seat> {
  const client = cluster(EchoClient, { name: 'echo', responseTimeout: RESPONSE_TIMEOUT_MS }).create();
  await client.ready();
  return { leads: client.isClusterClientLeader === true, echo: value => client.echo(value) };
}
