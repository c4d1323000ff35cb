// NODE_DEBUG=cluster-shared-client: logs what happens to each group. The library writes nothing else.

import { debuglog } from 'node:util';

const log = debuglog('cluster-shared-client');

/** The last line. Repeated lines of one kind are written once. */
let last = '';

/** The source of a line. */
export interface Speaker {
  /** The worker of the member that reports. Absent for the primary. */
  readonly member?: number | undefined;
  readonly group?: string | undefined;
  /** The fleet, if it is a fleet group. */
  readonly fleet?: string | undefined;
}

export function debug({ member, group, fleet }: Speaker, text: () => string): void {
  if (!log.enabled) return;
  /* c8 ignore next 6 -- Node reads NODE_DEBUG once, when the process starts: the process ring reads the lines */
  const worker = fleet === undefined ? `worker ${member}` : `fleet ${fleet}, candidate ${member}`;
  const who = member === undefined ? 'primary' : worker;
  const line = group === undefined ? `${who}: ${text()}` : `${who}: ${group}: ${text()}`;
  if (line === last) return;
  last = line;
  log('%s', line);
}
