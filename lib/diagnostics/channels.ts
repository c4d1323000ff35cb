// The only file that imports node:diagnostics_channel. Without subscribers a call costs one `hasSubscribers` check.

import { type Channel, channel, tracingChannel } from 'node:diagnostics_channel';
import { neutralContext } from '../utils/async-context.js';
import { debug } from './debug-log.js';
import { describe } from './describe.js';
import type { CallTrace, DiagnosticsMessages, DiagnosticsName } from './messages.js';

const PREFIX = 'cluster-shared-client:';

/** The channel of calls. `hasSubscribers` must be checked once for each call. */
export const callChannel = tracingChannel<unknown, CallTrace>(`${PREFIX}call`);

const channels: { readonly [name in DiagnosticsName]: Channel } = {
  join: channel(`${PREFIX}join`),
  leave: channel(`${PREFIX}leave`),
  appointed: channel(`${PREFIX}appointed`),
  ready: channel(`${PREFIX}ready`),
  deposed: channel(`${PREFIX}deposed`),
  vacant: channel(`${PREFIX}vacant`),
  resync: channel(`${PREFIX}resync`),
  overload: channel(`${PREFIX}overload`),
  warning: channel(`${PREFIX}warning`),
};

/**
 * Publishes a message to subscribers and to NODE_DEBUG. Runs in no context of the user, because it belongs to no request.
 */
export function publishDiagnostic<N extends DiagnosticsName>(name: N, message: DiagnosticsMessages[N]): void {
  if (channels[name].hasSubscribers) neutralContext.runInAsyncScope(() => channels[name].publish(message));
  debug(message, () => describe(name, message));
}
