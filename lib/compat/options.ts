// The options of cluster-client with their defaults, and notices about those that have no effect here.

import { debuglog } from 'node:util';
import { canonicalKey } from '../codec/canonical-key.js';
import { lenient } from '../codec/lenient.js';
import { SharedClientError } from '../errors/shared-client-error.js';
import { defaultTranscode } from './transcode.js';
import type { ClusterOptions, Logger, Transcode } from './types.js';

const log = debuglog('cluster-shared-client');

/** A missing primary is a mistake in the application. Without this warning the client would silently never become ready. */
function logError(error: unknown): void {
  log(String(error));
  if (error instanceof SharedClientError && error.code === 'ERR_NO_PRIMARY')
    process.emitWarning(error.message, { type: 'SharedClientWarning', code: error.code });
}

/** {@link ClusterOptions} with all defaults. Unknown options are included too. */
export interface ResolvedOptions {
  readonly name: string;
  readonly port: number | string;
  readonly singleMode: boolean;
  readonly maxWaitTime: number;
  readonly responseTimeout: number;
  readonly subscribeTimeout: number | undefined;
  readonly autoGenerate: boolean;
  readonly isBroadcast: boolean;
  readonly isLeader: boolean | null | undefined;
  readonly logger: Partial<Logger>;
  readonly transcode: Transcode;
  readonly formatKey: (reg: never) => string;
  readonly maxListeners: number | undefined;
}

const DEFAULTS = {
  maxWaitTime: 30_000,
  connectTimeout: 10_000,
  responseTimeout: 3000,
  subscribeTimeout: undefined,
  heartbeatInterval: 20_000,
  isCheckHeartbeat: true,
  autoGenerate: true,
  isBroadcast: true,
  isLeader: undefined,
  logger: Object.freeze({ info: log, warn: log, error: logError }),
  transcode: defaultTranscode,
  formatKey: (reg: unknown) => canonicalKey(lenient([reg]), 'reg'),
  maxListeners: undefined,
} as const;

/** An option that is undefined has its default value. */
export function resolveOptions(className: string, given: ClusterOptions = {}): ResolvedOptions {
  const { env } = process;
  logIgnored(given, env);
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return Object.freeze({
    ...DEFAULTS,
    name: className,
    port: Number(env.NODE_CLUSTER_CLIENT_PORT) || 7777,
    singleMode: env.NODE_CLUSTER_CLIENT_SINGLE_MODE === '1',
    ...defined,
  });
}

/** The name of the group. Clients of one name are separated by their ports, and from those in single mode. */
export const groupOf = ({ name, port, singleMode }: ResolvedOptions): string =>
  singleMode ? `${name}@single` : `${name}@${port}`;

const IGNORED = ['port', 'connectTimeout', 'heartbeatInterval', 'isCheckHeartbeat'] as const;
const VARIABLES = ['NODE_CLUSTER_CLIENT_PORT', 'NODE_CLUSTER_CLIENT_CONNECT_TIMEOUT'] as const;

const logged = new Set<string>();

/** Logs each ignored option and variable once per process. */
function logIgnored(given: ClusterOptions, env: NodeJS.ProcessEnv): void {
  const options = IGNORED.filter(name => given[name] !== undefined).map(name => `The option ${name}`);
  const variables = VARIABLES.filter(name => env[name] !== undefined).map(name => `The variable ${name}`);
  for (const what of [...options, ...variables]) {
    if (logged.has(what)) continue;
    logged.add(what);
    log('%s opens no port and changes no timing here; only clients with different ports stay apart.', what);
  }
}
