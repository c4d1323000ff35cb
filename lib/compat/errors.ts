// The error texts that only `/compat` has. Callers of cluster-client know some of them.

import { invalidChoice, invalidOption } from '../errors/option-errors.js';
import { type Outcome, SharedClientError } from '../errors/shared-client-error.js';
import { cut, quote } from '../errors/show.js';

// Callers of cluster-client check for the beginning of this text.
export const notImplemented = (name: string) =>
  new SharedClientError('ERR_UNKNOWN_METHOD', `[ClusterClient] api: ${cut(name)} not implement in client`);

export const notAMethod = (option: string, name: string) =>
  invalidOption(option, 'the name of a method of this object', name);

export const unknownDelegate = (name: string, to: unknown, kinds: readonly string[]) =>
  invalidChoice(`delegate(${quote(name)}, to): to`, `one of ${kinds.join(', ')}`, to);

export const leaderOccupied = (name: string) =>
  new SharedClientError(
    'ERR_LEADER_FAILED',
    `create ${quote(name)} leader failed: another client of this name leads already, and this one has isLeader: true.`,
  );

export const firstValueTimedOut = (key: string, waitedMs: number, expectedMs: number) =>
  new SharedClientError(
    'ERR_TIMEOUT',
    `subscribe timeout for ${cut(key)}: no value came in ${Math.round(waitedMs)} ms, expected within ${expectedMs} ms.`,
  );

export const notReadyInTime = (ms: number) => new SharedClientError('ERR_TIMEOUT', `It was not ready within ${ms} ms.`);

export const delegatedLost = (method: string, outcome: Outcome | undefined, cause: unknown) =>
  new SharedClientError(
    'ERR_LEADER_LOST',
    `The leader was lost while ${cut(method)}() was in its hands; it may have run or not.`,
    {
      outcome,
      cause,
    },
  );

export const noDataClient = () =>
  new SharedClientError('ERR_INVALID_OPTION', '[APIClient] DataClient is required: the class of the real client.');
