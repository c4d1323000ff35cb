// The names that a handle has for itself, and what becomes of a real client's methods of these names.

import type { ClientStatus, ReservedName, SharedClient, SharedClientMembers } from '../../lib/client/types.js';
import type { Equal, Expect } from './equal.js';
import { createSharedClient, Feed, Registry } from './registry.js';

// The list and the interface say the same.
export type AllNames = Expect<Equal<ReservedName, Exclude<keyof SharedClientMembers<object>, symbol>>>;

export type Members = [
  Expect<Equal<SharedClient<Registry>['ready'], () => Promise<void>>>,
  Expect<Equal<SharedClient<Registry>['close'], () => Promise<void>>>,
  Expect<Equal<SharedClient<Registry>['resign'], () => Promise<void>>>,
  Expect<Equal<SharedClient<Registry>['term'], number>>,
  Expect<Equal<SharedClient<Registry>['isLeader'], boolean>>,
  Expect<Equal<SharedClient<Registry>['leader'], { readonly workerId: number; readonly pid: number } | undefined>>,
  Expect<Equal<SharedClient<Registry>['status'], () => ClientStatus>>,
  Expect<Equal<SharedClient<Registry>['unpublish'], (key: unknown) => Promise<void>>>,
];

export async function clash() {
  // The class can be shared all the same.
  const client = createSharedClient(Registry, { name: 'r', args: [{ url: '' }] });
  // @ts-expect-error the handle's own status(), not that of the class
  const status: 'up' | 'down' = await client.status();
  // @ts-expect-error nor can the handle stand in for it
  const whole: Pick<Registry, 'status'> = client;
  await using disposed = client;
  return { status, whole, disposed };
}

export function emitter() {
  const client = createSharedClient(Feed, { name: 'f' });
  client.upstream.on('user.*', (id: number, name: string) => [id, name]).once('x', () => {});
  client.upstream.off('x', () => {});
  // @ts-expect-error the handle has events of its own
  client.on('user.created', () => {});
  return client;
}
