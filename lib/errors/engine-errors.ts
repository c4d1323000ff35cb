// Why a fleet can't use its engine, and what to do about it. No text has a word of the engine's own error, which may contain
// a password: that is the cause.

import { SharedClientError } from './shared-client-error.js';
import { cut, quote, show } from './show.js';

const invalid = (text: string, cause?: unknown) =>
  new SharedClientError('ERR_INVALID_OPTION', text, cause === undefined ? undefined : { cause });

export const noConnection = (expected: string, came: unknown) =>
  invalid(`connect() of the fleet must return ${expected}, but it returned ${show(came)}.`);

export const poolGiven = () =>
  invalid(
    'connect() of the fleet must return a connected Client of pg, but it returned a Pool: a lease needs a connection of its own. ' +
      'Write: async defaults => { const client = new Client({ connectionString, ...defaults }); await client.connect(); return client; }',
  );

export const packageMissing = (name: string, cause: unknown) =>
  invalid(
    `The fleet needs the package ${name}, which can't be loaded: install it beside the one that connects.`,
    cause,
  );

export const wrongCredentials = (server: string, cause: unknown) =>
  invalid(
    `${server} refuses the credentials that connect() of the fleet uses. Check the user and the password.`,
    cause,
  );

export const noRights = (engine: 'NATS' | 'PostgreSQL', cause: unknown) =>
  invalid(
    `The user of the fleet's connection lacks a right at ${engine}: see the cause, and the rights that a fleet needs in its page.`,
    cause,
  );

// --------------------------------------------------------------------------------------------------------------- NATS

export const jetStreamMissing = (cause: unknown) =>
  invalid('JetStream is not enabled for the account of the fleet. Start nats-server with -js, or enable it.', cause);

export const serverTooOld = (version: string, replicas: number) =>
  invalid(
    `nats-server ${cut(version)} is too old for a bucket with ${replicas} replicas: before 2.9.21 more than one host could win an ` +
      'election. Upgrade all servers, to 2.10 at best.',
  );

export const tooFewServers = (replicas: number, cause: unknown) =>
  invalid(`There are fewer NATS servers than the ${replicas} that the option replicas asks for.`, cause);

export const bucketRefused = (bucket: string, why: string, cause?: unknown) =>
  invalid(`The fleet can't use its bucket, the stream ${bucket}: ${why}. Correct or delete it.`, cause);

// --------------------------------------------------------------------------------------------------------- PostgreSQL

export const readOnlyServer = (cause: unknown) =>
  invalid(
    'The PostgreSQL server of the fleet is read-only, perhaps a replica. connect() must reach the primary.',
    cause,
  );

export const tableMissing = (table: string, cause: unknown) =>
  invalid(
    `The fleet's table ${quote(table)} does not exist and is not created by this user. Run the statement that fleetTable() returns.`,
    cause,
  );

export const tableRefused = (table: string, cause: unknown) =>
  invalid(
    `${quote(table)} is no table of a fleet: it has other columns or another primary key. Drop it, or name another one by the option table.`,
    cause,
  );

export const noDatabase = (cause: unknown) =>
  invalid('The database that connect() of the fleet names does not exist. Create it, or name another one.', cause);
