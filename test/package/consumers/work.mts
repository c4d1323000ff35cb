// What a worker of the app does: it counts together with the others, and prints what it found.

import assert from 'node:assert/strict';
import { createSharedClient, type SharedClient, SharedClientError } from 'cluster-shared-client';
import { Counter } from './counter.mjs';

export async function work(): Promise<void> {
  const counter: SharedClient<Counter> = createSharedClient(Counter, { name: 'counter', resignOn: ['SIGTERM'] });
  await counter.add();
  const count: number = await counter.reach(2);
  const error: unknown = await counter.invoke('nothing').catch(error => error);
  assert.ok(error instanceof SharedClientError);
  console.log(`${count} ${error.code}`);
  process.send?.('counted');
}
