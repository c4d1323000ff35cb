// This library over the direct route, with the defaults of both sides.

import { setTimeout as sleep } from 'node:timers/promises';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import type { Desk, Seat } from './contestant.js';
import { RealClient } from './real-client.js';

export async function primary(): Promise<Desk> {
  const primary = setupPrimary({ route: 'direct' });
  return { env: {}, frames: () => primary.status().messages };
}

export async function join(): Promise<Seat> {
  const client = createSharedClient(RealClient, { name: 'bench' });
  await client.ready();
  // Until the connection stands, the relay would be measured.
  while (client.status().route === 'relay') await sleep(1);
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
