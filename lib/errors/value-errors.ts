// Errors of values that can't be encoded or decoded.

import { type Outcome, SharedClientError } from './shared-client-error.js';
import { cut, quote, show } from './show.js';

const MIB = 1024 * 1024;

const showSize = (limit: number): string =>
  limit % MIB === 0
    ? `${limit / MIB} MiB`
    : limit % 1024 === 0
      ? `${limit / 1024} KiB`
      : `${limit} characters or bytes`;

export const notSerializable = (path: string, what: string) =>
  new SharedClientError(
    'ERR_NOT_SERIALIZABLE',
    `${path} is ${what}, which can't travel to another process. ` +
      (what === 'a function'
        ? 'If the method takes a callback, say methods: { itsName: { callback: true } } and call it without; else define an operation.'
        : 'Send plain data, or a type that lib/codec/README.md lists.'),
    { outcome: 'not-started' },
  );

export const handleNotSerializable = (path: string, className: string) =>
  new SharedClientError(
    'ERR_NOT_SERIALIZABLE',
    `${path} is ${cut(className)}, a handle that can be used only where the real client is. ` +
      // `result` receives the stream itself.
      (path.startsWith('an item')
        ? 'Define an operation that reads the stream in the leader and yields data: async *itsName(client) { ... }.'
        : 'Define an operation that does the work in the leader and returns data, or say what to send of it, by ' +
          'methods: { itsName: { result: value => ... } }.'),
    { outcome: 'not-started' },
  );

export const nestedStream = (path: string) =>
  new SharedClientError(
    'ERR_NOT_SERIALIZABLE',
    `${path} is a stream within an argument. Only an argument itself can be a stream: pass it as an argument of its own.`,
    { outcome: 'not-started' },
  );

export const unknownOwnType = (name: string) =>
  new SharedClientError(
    'ERR_NOT_SERIALIZABLE',
    `A value of the type ${quote(name)} came, which this worker doesn't know. Name the same types in all workers, by the option types.`,
    { outcome: 'not-started' },
  );

export const ownTypeFailed = (name: string, what: 'decode', cause: unknown) =>
  new SharedClientError('ERR_NOT_SERIALIZABLE', `${what}() of the type ${quote(name)} threw.`, {
    cause,
    outcome: 'not-started',
  });

/** @param limit characters and bytes */
export const tooLarge = (path: string, limit: number) =>
  new SharedClientError(
    'ERR_NOT_SERIALIZABLE',
    `${path} is too large to travel to another process: what it is part of has over ${showSize(limit)}, the most that it may ` +
      'have. Send it in pieces, or say where it lies, such as the path of a file.',
    { outcome: 'not-started' },
  );

export const resultNotSerializable = (method: string, cause: SharedClientError) =>
  new SharedClientError('ERR_NOT_SERIALIZABLE', `What ${cut(method)}() returned can't travel: ${cause.message}`, {
    cause,
    outcome: 'unknown',
  });

export const chainRefused = (method: string) =>
  Object.assign(
    new SharedClientError(
      'ERR_NOT_SERIALIZABLE',
      `${cut(method)}() returned a chain that begins when it is awaited, which can't be continued from another worker. Define an ` +
        `operation that builds and runs it, or set methods: { ${JSON.stringify(method)}: { thenable: 'await' } } to run it as it is.`,
      { outcome: 'not-started' },
    ),
    // A mark by which the caller's side recognizes the error.
    { chain: true },
  );

export const unsendableResult = (method: string) =>
  new SharedClientError(
    'ERR_NOT_SERIALIZABLE',
    `What ${cut(method)}() returned could not be put into a message, for which there may have been too little memory. ` +
      'Return less at once, or give the process more memory.',
    { outcome: 'unknown' },
  );

export const brokenFrame = (field: string, expected: string, outcome?: Outcome) =>
  new SharedClientError('ERR_PROTOCOL', `A broken frame came: ${field} must be ${expected}.`, { outcome });

export const brokenResult = (method: string, cause: unknown) =>
  new SharedClientError('ERR_PROTOCOL', `What ${cut(method)}() returned came broken: ${(cause as Error).message}`, {
    cause,
    outcome: 'unknown',
  });

export const brokenArguments = (cause?: unknown) =>
  new SharedClientError('ERR_PROTOCOL', 'The arguments of the call came broken.', {
    ...(cause !== undefined && { cause }),
    outcome: 'not-started',
  });

export const notAStream = (came: unknown) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `What a call resolved with was iterated, but it is ${show(came)} and not a stream. Await the call instead.`,
  );

export const stickyStream = () =>
  new SharedClientError(
    'ERR_NOT_SERIALIZABLE',
    'A sticky publication is made again for each new leader, so its arguments can hold no stream. Publish the data itself.',
    { outcome: 'not-started' },
  );
