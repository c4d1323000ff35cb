// Errors with the names that callers of cluster-client know, and with this library's codes.

import { type ErrorCode, SharedClientError } from '../errors/shared-client-error.js';
import { delegatedLost } from './errors.js';

/** The name that cluster-client uses for the same error. The others have no counterpart there and keep their name. */
export const ERROR_NAMES: Readonly<Partial<Record<ErrorCode, string>>> = Object.freeze({
  ERR_TIMEOUT: 'ResponseTimeoutError',
  ERR_LEADER_LOST: 'SocketCloseError',
  ERR_PRIMARY_LOST: 'SocketCloseError',
  ERR_CLOSED: 'ClusterSocketCloseError',
  ERR_NO_PRIMARY: 'ClusterClientNoResponseError',
  ERR_OVERLOADED: 'ClusterClientNoResponseError',
  ERR_PROTOCOL: 'ClusterRequestTypeError',
});

/** The error of a call or of the client. The real client's own errors are not changed. */
export function renamed(error: unknown, method?: string): unknown {
  if (!(error instanceof SharedClientError)) return thrownValue(error);
  if (error.code === 'ERR_LEADER_FAILED' && isForeign(error.cause)) return error.cause;
  const name = ERROR_NAMES[error.code];
  if (name === undefined) return error;
  const shown =
    error.code === 'ERR_LEADER_LOST' && method !== undefined ? delegatedLost(method, error.outcome, error) : error;
  return Object.defineProperty(shown, 'name', { value: name, configurable: true, writable: true });
}

/** Whether the cause is the real client's own error. */
const isForeign = (cause: unknown): boolean => cause !== undefined && !(cause instanceof SharedClientError);

/** Restores a thrown value that is not an error. */
function thrownValue(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'NonError' || !('value' in error)) return error;
  // A falsy value would pass for success.
  return error.value ? error.value : error;
}
