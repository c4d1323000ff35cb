// This library over the direct road, with the defaults of both sides.

import { setTimeout as sleep } from 'node:timers/promises';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { EchoClient, type Seat } from '../contestant.js';

export async function primary(): Promise<Record<string, string>> {
  setupPrimary({ road: 'direct' });
  return {};
}

export async function join(): Promise<Seat> {
  const client = createSharedClient(EchoClient, { name: 'echo' });
  await client.ready();
  // Until the connection stands, the relay would be measured.
  while (client.status().road === 'relay') await sleep(1);
  return { leads: client.isLeader, echo: value => client.echo(value) };
}
