// Diagnostics messages as readable lines.

import type { DiagnosticsMessages, DiagnosticsName, WorkerMessage } from './messages.js';

/** Characters of a key, which may be of any length. */
const MOST_KEY = 60;

const OVERLOADS = {
  calls: 'calls are refused',
  results: 'results are dropped',
  values: 'of values only the newest is kept',
} as const;

const LINES: { readonly [N in DiagnosticsName]: (message: DiagnosticsMessages[N]) => string } = {
  join: message => `${who(message)} joined`,
  leave: message => `${who(message)} left`,
  appointed: message => `${who(message)} is appointed for term ${message.term}`,
  ready: message => `${who(message)} is ready in term ${message.term}`,
  deposed: message =>
    `${who(message)} leads no longer, term ${message.term}: ${message.cause ?? 'cause unknown'}${because(message)}`,
  vacant: () => 'nobody may lead',
  resync: ({ key, fromTerm, toTerm, reason }) =>
    `values of ${key.slice(0, MOST_KEY)} may have been missed (${reason}, term ${fromTerm} to ${toTerm})`,
  overload: ({ workerId, what }) => `too much waits for worker ${workerId}: ${OVERLOADS[what]}`,
  warning: ({ message }) => `warning: ${message}`,
};

export function describe<N extends DiagnosticsName>(name: N, message: DiagnosticsMessages[N]): string {
  return LINES[name](message);
}

const because = ({ error }: DiagnosticsMessages['deposed']): string =>
  error ? `, ${error.name}: ${error.message}` : '';

const who = ({ member, workerId, pid }: WorkerMessage): string =>
  member === workerId ? 'this worker' : `worker ${workerId} (pid ${pid})`;
