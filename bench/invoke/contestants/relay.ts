// This library over the relay, with the defaults of both sides.

import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { EchoClient, type Seat } from '../contestant.js';

export async function primary(): Promise<Record<string, string>> {
  setupPrimary();
  return {};
}

export async function join(): Promise<Seat> {
  const client = createSharedClient(EchoClient, { name: 'echo' });
  await client.ready();
  return { leads: client.isLeader, echo: value => client.echo(value) };
}
