// Entry point of fleets on NATS.

import { type NatsConnect, natsEngine } from './engines/nats-engine.js';
import { FleetOnEngine } from './fleet/fleet.js';
import { count, expecting, flag, functionOf } from './options/checks.js';
import { type Fleet, type FleetOptions, resolveFleetOptions } from './options/options.js';

export type { NatsConnect, NatsDefaults } from './engines/nats-engine.js';
export type { FleetOptions } from './options/options.js';
export type * from './options/types-fleet.js';

/** The options of {@link natsFleet}. */
export interface NatsFleetOptions extends FleetOptions {
  /**
   * Connects to NATS: `defaults => connect({ servers, ...defaults })` with `connect()` of `@nats-io/transport-node`. Called only
   * in the worker that leads a group of its host, once for all its groups. `defaults` has what a fleet needs: short timeouts,
   * reconnects without limit.
   */
  connect: NatsConnect;
  /**
   * Replicas of the bucket, if it has to be created: 3 for a cluster of NATS servers.
   * @default 1
   */
  replicas?: number;
  /**
   * Whether the bucket, the stream `KV_csc1_<name>`, is created if it is missing.
   * @default true
   */
  createBucket?: boolean;
  /** The domain of JetStream, with leaf nodes. */
  domain?: string;
}

type Own = Pick<NatsFleetOptions, 'connect' | 'replicas' | 'createBucket' | 'domain'>;

const domainName = expecting(
  'a string of 1 to 255 characters without dots and spaces',
  (value): value is string => typeof value === 'string' && /^[^.\s*>]{1,255}$/.test(value),
);

const connectFunction = functionOf<NatsConnect>();

/**
 * A fleet on NATS with JetStream: all hosts that use the same `name` on the same account.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function natsFleet(options: NatsFleetOptions): Fleet {
  const { common, own } = resolveFleetOptions<Own>(options, {
    connect: { check: connectFunction, default: undefined },
    replicas: { check: count, default: 1 },
    createBucket: { check: flag, default: true },
    domain: { check: domainName, default: undefined },
  });
  const { replicas = 1, createBucket = true, domain } = own;
  const connect = connectFunction('connect', own.connect);
  return new FleetOnEngine(natsEngine({ name: common.name, connect, replicas, createBucket, domain }), common);
}
