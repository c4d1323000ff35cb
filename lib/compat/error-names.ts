// Errors as a caller of cluster-client knows them: under its names, with the code of this library beside them.

import { type ErrorCode, SharedClientError } from '../errors/errors.js';
import { delegatedLost } from './errors.js';

/** What cluster-client calls the same thing. The others have no counterpart there, and keep their name. */
export const ERROR_NAMES: Readonly<Partial<Record<ErrorCode, string>>> = Object.freeze({
  ERR_TIMEOUT: 'ResponseTimeoutError',
  ERR_LEADER_LOST: 'SocketCloseError',
  ERR_PRIMARY_LOST: 'SocketCloseError',
  ERR_CLOSED: 'ClusterSocketCloseError',
  ERR_NO_PRIMARY: 'ClusterClientNoResponseError',
  ERR_OVERLOADED: 'ClusterClientNoResponseError',
  ERR_PROTOCOL: 'ClusterRequestTypeError',
});

/** Of a call, or of the client. The real client's own errors are left as they are. */
export function renamed(error: unknown, method?: string): unknown {
  if (!(error instanceof SharedClientError)) return thrownValue(error);
  if (error.code === 'ERR_LEADER_FAILED' && isForeign(error.cause)) return error.cause;
  const name = ERROR_NAMES[error.code];
  if (name === undefined) return error;
  const shown =
    error.code === 'ERR_LEADER_LOST' && method !== undefined ? delegatedLost(method, error.outcome, error) : error;
  return Object.defineProperty(shown, 'name', { value: name, configurable: true, writable: true });
}

/** The real client's own, and no error of ours about it. */
const isForeign = (cause: unknown): boolean => cause !== undefined && !(cause instanceof SharedClientError);

/** Something thrown that is no error, as it was thrown. */
function thrownValue(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'NonError' || !('value' in error)) return error;
  // An absent or empty one would pass for success.
  return error.value ? error.value : error;
}
