// Errors of a fleet that an app asks for something it can't do.

import { SharedClientError } from './shared-client-error.js';
import { quote, show } from './show.js';

export const fleetClosed = (name: string) =>
  new SharedClientError('ERR_CLOSED', `The fleet ${quote(name)} is closed: whileLeader() can't use it any more.`);

export const noFleetGroup = (name: unknown, known: readonly string[]) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `The fleet has no group ${typeof name === 'string' ? quote(name) : show(name)} in this process; it has ` +
      `${known.length > 0 ? known.map(quote).join(', ') : 'none'}.`,
  );

export const noOtherHost = (name: string, hostName: string | undefined) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    hostName === undefined
      ? `${quote(name)} was not handed over: no other host that may lead has taken it.`
      : `${quote(name)} was not handed over to host ${quote(hostName)}, which has not taken it; another one leads now.`,
  );

export const notHandedOver = (name: string, ms: number) =>
  new SharedClientError(
    'ERR_TIMEOUT',
    `${quote(name)} was not handed over within ${ms} ms: no host leads and is ready.`,
  );
