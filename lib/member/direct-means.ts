// What a process needs for the direct road of all its members: the way to other processes, and where they knock.

import type { Welcome } from '../protocol/messages.js';
import type { Limits } from '../road/direct/member-lane.js';
import { Reception, type ReceptionOptions } from '../road/direct/reception.js';
import type { DirectTransport } from '../transport/direct.js';
import type { Clock } from '../utils/clock.js';

export interface DirectMeans extends Limits {
  readonly transport: DirectTransport;
  readonly reception: Reception;
  /** Nothing goes by the relay. */
  readonly isOnly: boolean;
}

export function createDirectMeans(
  transport: DirectTransport,
  clock: Clock,
  welcome: Welcome,
  told: Pick<ReceptionOptions, 'announce' | 'removed'>,
): DirectMeans {
  const { road, maxQueuedBytes = Number.POSITIVE_INFINITY, maxQueuedTotalBytes = Number.POSITIVE_INFINITY } = welcome;
  return {
    transport,
    reception: new Reception({ transport, clock, ...told }),
    isOnly: road === 'only direct',
    maxQueuedBytes,
    maxQueuedTotalBytes,
  };
}
