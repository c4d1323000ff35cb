// The engine of a fleet on NATS: the records are in a bucket of JetStream's key-value store, and announcements are messages.
// The only file that loads a package of NATS.

import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  bucketRefused,
  jetStreamMissing,
  noConnection,
  noRights,
  packageMissing,
  serverTooOld,
  tooFewServers,
  wrongCredentials,
} from '../errors/engine-errors.js';
import { memoryBucket } from '../errors/fleet-warnings.js';
import type { Engine, Reading, Register, Wire, WireHandlers } from '../fleet/engine.js';
import type { Messages } from '../fleet/messages.js';
import { NatsMessages } from './nats-messages.js';

/** Options of a NATS connection that a fleet needs, for `connect()` to pass on. Durations in ms. */
export interface NatsDefaults {
  /** -1: without limit. */
  readonly maxReconnectAttempts: number;
  readonly reconnectTimeWait: number;
  readonly timeout: number;
  readonly pingInterval: number;
  readonly maxPingOut: number;
}

const DEFAULTS: NatsDefaults = Object.freeze({
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  timeout: 2000,
  pingInterval: 2000,
  maxPingOut: 2,
});

/** Connects to NATS with the options that it is given, and its own. */
export type NatsConnect = (defaults: NatsDefaults) => Promise<NatsConnection>;

export interface NatsEngineOptions {
  /** The name of the fleet. */
  readonly name: string;
  readonly connect: NatsConnect;
  readonly replicas: number;
  readonly createBucket: boolean;
  readonly domain?: string | undefined;
  /** Loads the package. */
  readonly load?: () => Promise<typeof import('@nats-io/jetstream')>;
}

/** How long an operation waits for its answer, in ms. */
const TIMEOUT_MS = 2000;

/** Codes of JetStream's errors. */
const WRONG_SEQUENCE = 10071;
const STREAM_NOT_FOUND = 10059;
const NO_SUITABLE_PEERS = 10005;
const REPLICAS_NOT_SUPPORTED = 10074;

/** Before this, writes with an expected revision had more than one winner in a cluster. */
const LEAST_FOR_REPLICAS = [2, 9, 21] as const;

export function natsEngine(options: NatsEngineOptions): Engine {
  return {
    carriesCalls: true,
    async connect(handlers) {
      const connection = await openConnection(options);
      try {
        const manager = await openManager(connection, options);
        await checkBucket(connection, manager, options, handlers);
        return new NatsWire(connection, manager, options, handlers);
      } catch (error) {
        await connection.close().catch(() => {});
        throw error;
      }
    },
  };
}

async function openConnection({ connect }: NatsEngineOptions): Promise<NatsConnection> {
  let connection: NatsConnection;
  try {
    connection = await connect(DEFAULTS);
  } catch (error) {
    throw nameOf(error) === 'AuthorizationError' || nameOf(error) === 'UserAuthenticationExpiredError'
      ? wrongCredentials('the NATS server', error)
      : error;
  }
  const isConnection = typeof connection?.request === 'function' && typeof connection.status === 'function';
  if (!isConnection) throw noConnection('a connection of NATS', connection);
  if (connection.isClosed()) throw noConnection('a connection of NATS that is open', connection);
  return connection;
}

/** Only in the worker that needs it. */
const loadJetstream = () => import('@nats-io/jetstream');

async function openManager(
  connection: NatsConnection,
  { domain, load = loadJetstream }: NatsEngineOptions,
): Promise<JetStreamManager> {
  const { jetstreamManager } = await load().catch(error => {
    throw packageMissing('@nats-io/jetstream', error);
  });
  // It needs no right of its own: what is missing is noticed with the bucket.
  return jetstreamManager(connection, { timeout: TIMEOUT_MS, checkAPI: false, ...(domain && { domain }) });
}

async function checkBucket(
  connection: NatsConnection,
  manager: JetStreamManager,
  options: NatsEngineOptions,
  handlers: WireHandlers,
): Promise<void> {
  const bucket = bucketOf(options.name);
  // Before it is created, and if it was there.
  checkVersion(connection, options.replicas);
  const { config } = await findBucket(manager, options).catch(error => {
    throw explained(error, bucket, options.replicas);
  });
  checkVersion(connection, config.num_replicas);
  if (config.allow_direct) throw bucketRefused(bucket, 'allow_direct is on: reads may come from a replica');
  if (config.retention !== 'limits')
    throw bucketRefused(bucket, `retention is ${config.retention}, not limits: records would disappear`);
  if (config.max_age > 0) throw bucketRefused(bucket, 'max_age is set: records would disappear');
  if (config.discard === 'old' && (config.max_bytes > 0 || config.max_msgs > 0))
    throw bucketRefused(bucket, 'old records are discarded when it is full');
  if (config.storage === 'memory' && config.num_replicas === 1) handlers.warn(memoryBucket(bucket));
}

function checkVersion(connection: NatsConnection, replicas: number): void {
  const { version } = connection.info!;
  if (replicas > 1 && isOlder(version, LEAST_FOR_REPLICAS)) throw serverTooOld(version, replicas);
}

async function findBucket(manager: JetStreamManager, options: NatsEngineOptions): Promise<StreamInfo> {
  const bucket = bucketOf(options.name);
  try {
    return await manager.streams.info(bucket);
  } catch (error) {
    if (codeOf(error) !== STREAM_NOT_FOUND || !options.createBucket) throw error;
  }
  // If another host creates it at the same time, the server gives both the same one.
  return manager.streams.add({
    name: bucket,
    subjects: [`${subjectOf(options.name)}.>`],
    max_msgs_per_subject: 1,
    discard: 'new',
    storage: 'file',
    num_replicas: options.replicas,
    allow_direct: false,
    allow_rollup_hdrs: true,
    deny_delete: true,
  } as Parameters<JetStreamManager['streams']['add']>[0]);
}

/** The text for an error that somebody has to do something about. */
function explained(error: unknown, bucket: string, replicas: number): unknown {
  const name = nameOf(error);
  if (name === 'JetStreamNotEnabled') return jetStreamMissing(error);
  if (nameOf((error as Error).cause) === 'PermissionViolationError') return noRights('NATS', error);
  if (codeOf(error) === STREAM_NOT_FOUND)
    return bucketRefused(bucket, 'it does not exist, and createBucket is false', error);
  if (codeOf(error) === NO_SUITABLE_PEERS || codeOf(error) === REPLICAS_NOT_SUPPORTED)
    return tooFewServers(replicas, error);
  return error;
}

class NatsWire implements Wire {
  readonly announces = true;
  readonly messages: Messages;
  readonly register: Register;
  readonly #connection: NatsConnection;
  readonly #options: NatsEngineOptions;
  readonly #handlers: WireHandlers;
  #isUp = true;
  #isClosed = false;

  constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    options: NatsEngineOptions,
    handlers: WireHandlers,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#handlers = handlers;
    this.register = createRegister(manager, options);
    this.messages = new NatsMessages(connection, options.name);
    void this.#watch();
  }

  announce(key: string, { revision, text }: Reading): void {
    if (!this.#isUp) return;
    try {
      this.#connection.publish(this.#announcements(key), JSON.stringify({ revision, text }));
    } catch {
      // It is being closed. The others find the record when they read it.
    }
  }

  listen(key: string, announced: (reading: Reading) => void): () => void {
    const subscription = this.#connection.subscribe(this.#announcements(key), {
      callback: (_error, message) => {
        try {
          const reading = readAnnouncement(() => message.json());
          if (reading) announced(reading);
        } catch {
          // It would end the reader of the connection. The record is found when it is read.
        }
      },
    });
    return () => {
      if (!this.#isClosed) subscription.unsubscribe();
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection.close().catch(() => {});
  }

  #announcements(key: string): string {
    return `csc1.${this.#options.name}.n.${key}`;
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') this.#changed(false);
      else if (status.type === 'reconnect') this.#changed(true);
      else if (status.type === 'error' && nameOf(status.error) === 'PermissionViolationError')
        this.#handlers.warn(noRights('NATS', status.error).message);
    }
    // It is closed, by us or by somebody else.
    this.#changed(false);
    if (!this.#isClosed) this.#handlers.lost();
  }

  #changed(isUp: boolean): void {
    if (this.#isUp === isUp || this.#isClosed) return;
    this.#isUp = isUp;
    if (isUp) this.#handlers.up();
    else this.#handlers.down();
  }
}

function createRegister(manager: JetStreamManager, options: NatsEngineOptions): Register {
  const { name, domain } = options;
  const bucket = bucketOf(name);
  const subject = subjectOf(name);
  const prefix = domain ? `$JS.${domain}.API.` : '';
  const client = manager.jetstream();
  return {
    async read(key) {
      try {
        // Answered by the leader of the stream. A direct read might be answered by a replica that is behind.
        const message = await manager.streams.getMessage(bucket, { last_by_subj: `${subject}.${key}` });
        if (!message) return { revision: 0, text: undefined };
        const isDeleted = message.header?.has('KV-Operation') === true || message.data.length === 0;
        return { revision: message.seq, text: isDeleted ? undefined : message.string() };
      } catch (error) {
        if (codeOf(error) !== STREAM_NOT_FOUND) throw error;
        // Somebody has deleted it.
        await findBucket(manager, options);
        return { revision: 0, text: undefined };
      }
    },
    async write(key, text, expected) {
      const condition = { expect: { lastSubjectSequence: expected }, retries: 0, timeout: TIMEOUT_MS };
      try {
        return (await client.publish(`${prefix}${subject}.${key}`, text, condition)).seq;
      } catch (error) {
        if (codeOf(error) === WRONG_SEQUENCE) return 'conflict';
        throw error;
      }
    },
  };
}

const bucketOf = (name: string): string => `KV_csc1_${name}`;
const subjectOf = (name: string): string => `$KV.csc1_${name}`;

/** The content of an announcement, if it is one. */
function readAnnouncement(json: () => unknown): Reading | undefined {
  try {
    const { revision, text } = json() as Reading;
    return Number.isSafeInteger(revision) && typeof text === 'string' ? { revision, text } : undefined;
  } catch {
    return undefined;
  }
}

const nameOf = (error: unknown): string | undefined => (error as Error | null | undefined)?.name;

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code;

/** Whether a version such as `2.9.10` or `2.10.0-beta.1` is older. */
function isOlder(version: string, least: readonly number[]): boolean {
  const parts = version.split(/[.-]/).map(Number);
  for (const [index, number] of least.entries()) {
    const part = parts[index]!;
    if (part !== number) return part < number;
  }
  return false;
}
