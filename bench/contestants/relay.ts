// This library over the relay, with the defaults of both sides.

import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import type { Desk, Seat } from './contestant.js';
import { RealClient } from './real-client.js';

export async function primary(): Promise<Desk> {
  const primary = setupPrimary();
  return { env: {}, frames: () => primary.status().messages };
}

export async function join(): Promise<Seat> {
  const client = createSharedClient(RealClient, { name: 'bench' });
  await client.ready();
  return {
    leads: () => client.isLeader,
    echo: value => client.echo(value),
    subscribe: (topic, listener) => client.subscribe(topic, listener).ready,
    acknowledge: heard => client.acknowledge(heard),
    items: ({ name, maxQueued }) => (maxQueued ? client.with({ maxQueued }) : client).items(name),
    item: name => client.item(name),
    leaderPid: () => client.leaderPid(),
    close: () => client.close(),
  };
}
