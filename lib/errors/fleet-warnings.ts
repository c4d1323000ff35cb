// The texts of the warnings of fleets and their engines.

import { SharedClientError } from './shared-client-error.js';
import { quote } from './show.js';

const AGAIN = 'It is tried again with backoff.';

/** The message of an engine's own error may contain a password, so only its name and code are shown. */
export const cannotConnect = (error: unknown) => {
  if (error instanceof SharedClientError) return `${error.message} ${AGAIN}`;
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  const what = [name, code].filter(text => typeof text === 'string' && /^[\w$-]{1,60}$/.test(text)).join(', code ');
  return `There is no connection to the fleet's engine: ${what || 'an unknown error'}. See the cause. ${AGAIN}`;
};

export const connectsSlowly = (ms: number) =>
  `connect() of the fleet has not ended within ${ms} ms, and is waited for. It has to return a promise of the connection, and to ` +
  'pass on the defaults that it is given, which have short timeouts.';

export const storeWentBack = (name: string) =>
  `The store of the fleet has lost what was written of ${quote(name)}: an older record, or none, was found. This host leads ` +
  'from a new record, after a lease. Check the durability of the store.';

export const recordLost = (name: string) =>
  `The store of the fleet had lost the record of ${quote(name)}. Its leader, which is on this host, has written it again and ` +
  'leads on in the same term. Check the durability of the store.';

export const clockJumped = (name: string) =>
  `The wall clock of this host, which leads ${quote(name)}, went forward against its monotonic clock: the machine was suspended, or ` +
  'its clock was set. It counts as time of the lease, since other hosts may have waited for it to end.';

export const damagedRecord = (name: string) =>
  `The record of ${quote(name)} in the store of the fleet was of another version, or damaged, and did not change for a lease. ` +
  'This host replaces it.';

export const otherLease = (name: string, host: string, theirs: number, ours: number) =>
  `Host ${quote(host)} leads ${quote(name)} with leaseMs ${theirs}, this host has ${ours}. All hosts of a fleet should have the ` +
  'same options. Perhaps there are two fleets of one name.';

export const memoryBucket = (bucket: string) =>
  `The fleet's bucket, the stream ${bucket}, is in memory with one replica: when the server restarts, it forgets who leads.`;

export const notAnswered = (ms: number) =>
  `PostgreSQL has not answered within ${ms} ms. If it never does: connect() of the fleet has to await client.connect().`;

export const commitsAsynchronously = () =>
  'synchronous_commit is off for the connection of the fleet: when PostgreSQL crashes, it may forget who leads. Turn it on for ' +
  'this user or database.';
