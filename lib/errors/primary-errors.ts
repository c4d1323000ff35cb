// Errors of a process without a primary, or with an incompatible one.

import { type Outcome, SharedClientError } from './shared-client-error.js';
import { show } from './show.js';

const SET_UP = "Call setupPrimary() from 'cluster-shared-client' in the master script, or pass { standalone: true }.";

export const noPrimary = (waitedMs: number, outcome?: Outcome, advice = SET_UP) =>
  new SharedClientError('ERR_NO_PRIMARY', `The primary has not answered for ${waitedMs} ms. ${advice}`, { outcome });

export const noPrimaryInThread = () =>
  new SharedClientError('ERR_NO_PRIMARY', `A worker thread has no channel to the primary. ${SET_UP}`);

export const primaryLost = (outcome?: Outcome) =>
  new SharedClientError(
    'ERR_PRIMARY_LOST',
    'The channel to the primary closed; this process can share no client any more.',
    { outcome },
  );

export const primaryClosed = (outcome?: Outcome) =>
  new SharedClientError(
    'ERR_PRIMARY_LOST',
    'The primary closed its half; what is asked for from now on waits for the next setupPrimary().',
    { outcome },
  );

export const noCommonProtocol = (ours: readonly number[], theirs: readonly number[], outcome?: Outcome) =>
  new SharedClientError(
    'ERR_PROTOCOL',
    `The primary supports protocol ${theirs.join(', ')} and this worker ${ours.join(', ')}: ` +
      'install versions of cluster-shared-client that are at most one protocol apart.',
    { outcome },
  );

export const otherVersion = (theirs: unknown, ours: number) =>
  new SharedClientError(
    'ERR_PROTOCOL',
    'Two versions of cluster-shared-client are loaded in this process, and they can share no client: ' +
      `the interface between them is ${show(theirs)} in the one that was first, and ${ours} in this one. ` +
      'Install one version: "npm ls cluster-shared-client" shows which package brings which.',
  );
