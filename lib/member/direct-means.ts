// What a process needs for the direct route of all its members: outgoing connections, and the server for incoming ones.

import type { Welcome } from '../protocol/messages.js';
import type { Limits } from '../route/direct/direct-sender.js';
import { DirectServer, type DirectServerOptions } from '../route/direct/direct-server.js';
import type { DirectTransport } from '../transport/direct.js';
import type { Clock } from '../utils/clock.js';

export interface DirectMeans extends Limits {
  readonly transport: DirectTransport;
  readonly server: DirectServer;
  /** Nothing is sent by the relay (`'direct-only'`). */
  readonly hasNoRelay: boolean;
}

export function createDirectMeans(
  transport: DirectTransport,
  clock: Clock,
  welcome: Welcome,
  callbacks: Pick<DirectServerOptions, 'announce' | 'removed'>,
): DirectMeans {
  const { route, maxQueuedBytes = Number.POSITIVE_INFINITY, maxQueuedTotalBytes = Number.POSITIVE_INFINITY } = welcome;
  return {
    transport,
    server: new DirectServer({ transport, clock, ...callbacks }),
    hasNoRelay: route === 'direct-only',
    maxQueuedBytes,
    maxQueuedTotalBytes,
  };
}
