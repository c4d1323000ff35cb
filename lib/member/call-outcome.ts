// How a call ends that was lost, or whose answer is an error.

import { type Outcome, SharedClientError } from '../errors/shared-client-error.js';
import type { FailureReason } from '../metrics/call-counts.js';
import type { Call } from './call.js';

/** If the next leader never began the call, the leader that was lost may still have run it. */
export function withOutcomeOf(call: Call, error: Error): Error {
  const isWrong = call.wasLost && error instanceof SharedClientError && error.outcome === 'not-started';
  // The error was decoded for this call alone.
  return isWrong ? Object.assign(error, { outcome: 'unknown' }) : error;
}

export const reasonOf = (error: unknown): FailureReason =>
  error instanceof SharedClientError ? error.code : 'rejected';

export const outcomeOf = (call: Call): Outcome => (call.route || call.wasLost ? 'unknown' : 'not-started');
