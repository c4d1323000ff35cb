// Errors of options and arguments, and of calls of setupPrimary() and configure() in the wrong place.

import { SharedClientError } from './shared-client-error.js';
import { cut, quote, show } from './show.js';

/** The path of an option. Its keys may have any length. */
const shorten = (path: string): string => (path.length > 200 ? `${path.slice(0, 200)}…` : path);

export const invalidOption = (option: string, expected: string, came: unknown) =>
  new SharedClientError('ERR_INVALID_OPTION', `${shorten(option)} must be ${expected}, but it is ${show(came)}.`);

/** A wrong word is shown, because it was meant as one of the allowed words. */
export const invalidChoice = (option: string, expected: string, came: unknown) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `${shorten(option)} must be ${expected}, but it is ${isWord(came) ? quote(came) : show(came)}.`,
  );

const isWord = (value: unknown): value is string => typeof value === 'string' && /^[\w -]{1,20}$/.test(value);

/** @param given what was passed in place of the class */
export const instanceGiven = (given: object) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `createSharedClient() takes no instance${nameOfClass(given)}. Pass the class, or { name, open } with a function open() ` +
      'that creates the client: each new leader creates a real client of its own.',
  );

function nameOfClass(instance: object): string {
  const Class: unknown = instance.constructor;
  return typeof Class === 'function' && Class.name ? ` of ${cut(Class.name)}` : '';
}

export const notAFleet = (option: string, came: unknown) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `${option} must be a fleet, as natsFleet() and postgresFleet() return it, but it is ${show(came)}.`,
  );

export const otherFleetVersion = (option: string) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `${option} is a fleet of another version of cluster-shared-client: this process has loaded two versions. Install one.`,
  );

export const leaseTooShort = (ms: number, least: number) =>
  new SharedClientError('ERR_INVALID_OPTION', `leaseMs must be at least ${least}, but it is ${ms}.`);

export const renewalTooRare = (renewMs: number, leaseMs: number) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `renewMs must be at most a quarter of leaseMs, ${leaseMs / 4}, but it is ${renewMs}: one late write would end the term.`,
  );

export const noCallsAcross = () =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    'across must be a fleet that carries calls between hosts, as natsFleet() makes it, but it is one on PostgreSQL. Use that ' +
      'for tasks: open the client inside whileLeader(name, task, { across }), which runs on one host of the fleet.',
  );

export const unknownOption = (option: string, known: readonly string[]) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `There is no option ${quote(option)}; the options are ${known.join(', ')}.`,
  );

export const misspelledOption = (option: string, nearest: readonly string[]) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `There is no option ${quote(option)}; did you mean ${nearest.join(' or ')}?`,
  );

/** Options that are, or may hold, functions or classes. */
const COMPARED_BY_IDENTITY: ReadonlySet<string> = new Set([
  'class',
  'args',
  'open',
  'close',
  'context',
  'chooseLeader',
]);

const EVALUATED_TWICE =
  'A module that is evaluated twice (hot reload, vi.resetModules(), jest.resetModules()) makes new functions and classes each time';

/** Another possible reason for a different option, and how to avoid it. */
const ifEvaluatedTwice = (option: string, remedy: string) =>
  COMPARED_BY_IDENTITY.has(option) ? ` ${EVALUATED_TWICE}: ${remedy}.` : '';

export const differentOption = (option: string, name: string) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `This process already has a shared client named ${quote(name)} with another ${option}. ` +
      `Use the same ${option} for the same name, or another name.${ifEvaluatedTwice(
        option,
        'close the old client before (client.close(); the newest definition counts from then on), or keep the client ' +
          'outside of that module, as in globalThis.client ??= createSharedClient(...)',
      )}`,
  );

export const taskExists = (name: string) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `This process already has a task named ${quote(name)}. Close that one before (task.close()), or give this one another name. ` +
      `${EVALUATED_TWICE}, so also for the same task: close the old one before, or keep it outside of that module, ` +
      'as in globalThis.task ??= whileLeader(...).',
  );

export const alreadySetUp = (option: string) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `setupPrimary() was called before with another ${option}. Call it once with all options, or without options after that.${ifEvaluatedTwice(
      option,
      `close the old primary before (await primary.close()), or keep ${option} outside of that module`,
    )}`,
  );

export const alreadyConfigured = (option: string) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `configure() came too late, or before with another ${option}. Call it once, before the first shared client of this process.${ifEvaluatedTwice(
      option,
      `keep ${option} outside of that module`,
    )}`,
  );

export const notUnderPm2 = () =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    "setupPrimary() belongs in the master script, but this is a worker of PM2's cluster mode, whose master is PM2's own " +
      'daemon. Leave it out: createSharedClient() works here without it, and configure() takes its options.',
  );

export const notAPrimary = (where: string) =>
  new SharedClientError('ERR_INVALID_OPTION', `setupPrimary() belongs in the master script, but this is ${where}.`);

export const noSuchEvent = (event: string, cause: unknown) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `The real client's on(${quote(event)}, listener) failed; the cause says why. Name only events that it has.`,
    { cause },
  );
