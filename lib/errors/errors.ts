// The one error class, its table of codes, and every text a user can read. What is thrown where lives with its room.

/** What is known of a call that ended with a {@link SharedClientError}: `'not-started'` is safe to make again. */
export type Outcome = 'not-started' | 'unknown';

/** Every code a {@link SharedClientError} can have, with the reason for it. */
export const ERROR_CODES = {
  ERR_INVALID_OPTION: 'An option or argument is wrong, or differs from what this process already said under that name.',
  ERR_NO_PRIMARY: 'The primary of this cluster has not answered: it never called setupPrimary(), or is stalled.',
  ERR_PRIMARY_LOST: 'The channel to the primary closed.',
  ERR_LEADER_LOST: 'The leader died, hung or stepped down while the call was in its hands.',
  ERR_LEADER_FAILED: 'The real client could not be opened.',
  ERR_TIMEOUT: 'The deadline passed.',
  ERR_UNKNOWN_METHOD: 'The real client has no such public method.',
  ERR_NOT_SERIALIZABLE: 'A value cannot travel between processes without losing its meaning.',
  ERR_OVERLOADED: 'Too much is waiting for a process that does not read.',
  ERR_CLOSED: 'The client or the primary was closed.',
  ERR_PROTOCOL: 'Two versions of the library have no protocol in common, or a frame was broken.',
} as const;

/** One of the codes of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

const BRAND = Symbol.for('cluster-shared-client.error');

/**
 * The only error class of this library; test `code`, not the text.
 * `instanceof` is true for an error of another copy of the library too.
 */
export class SharedClientError extends Error {
  /** Why; see {@link ERROR_CODES}. */
  readonly code: ErrorCode;
  /** Set where a call ended: whether the real client may have run it. */
  declare readonly outcome?: Outcome;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; outcome?: Outcome } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    if (options.outcome) this.outcome = options.outcome;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
Object.defineProperty(SharedClientError.prototype, 'name', {
  value: 'SharedClientError',
  configurable: true,
  writable: true,
});
Object.defineProperty(SharedClientError.prototype, BRAND, { value: true });

/** Keeps a text that somebody else wrote from filling one of ours. */
export const cut = (text: string): string => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);

const MOST_SHOWN = 60;

/** A name that somebody gave, such as that of a group or an option, short and on one line. */
export const quote = (name: unknown): string => (typeof name === 'string' ? JSON.stringify(cut(name)) : show(name));

/**
 * Says what came in place of something else, for the text of an error. Numbers and the like are shown; of texts and
 * objects only what they are, because anything may be a secret: a URL has a password in it.
 */
export function show(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty string' : `a string of ${value.length} characters`;
  if (typeof value === 'function') return value.name ? `function ${cut(value.name)}` : 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'bigint' || typeof value === 'symbol') return `a ${typeof value}`;
  return String(value);
}

/** What was thrown, which may be anything, for a line that people read. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    // An object without a prototype, or whose own toString() throws.
    return show(thrown);
  }
}

/** Where an option lies; its keys may be of any length. */
const shorten = (path: string): string => (path.length > 200 ? `${path.slice(0, 200)}…` : path);

const MIB = 1024 * 1024;

const showSize = (limit: number): string =>
  limit % MIB === 0
    ? `${limit / MIB} MiB`
    : limit % 1024 === 0
      ? `${limit / 1024} KiB`
      : `${limit} characters or bytes`;

export const invalidOption = (option: string, expected: string, came: unknown) =>
  new SharedClientError('ERR_INVALID_OPTION', `${shorten(option)} must be ${expected}, but it is ${show(came)}.`);

/** Where it must be one of a few words, a word that came is shown: it was meant for one of them. */
export const invalidChoice = (option: string, expected: string, came: unknown) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `${shorten(option)} must be ${expected}, but it is ${isWord(came) ? quote(came) : show(came)}.`,
  );

const isWord = (value: unknown): value is string => typeof value === 'string' && /^[\w -]{1,20}$/.test(value);

export const unknownOption = (option: string, known: readonly string[]) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `There is no option ${quote(option)}; the options are ${known.join(', ')}.`,
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

/** What else may be the reason for an option that differs, and what to write then. */
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

export const leaderLost = (method: string, outcome: Outcome) =>
  new SharedClientError(
    'ERR_LEADER_LOST',
    `The leader was lost while ${cut(method)}() was in its hands; it may have run or not. ` +
      `Mark the method idempotent to have it sent again to the next leader.`,
    { outcome },
  );

export const costLeaders = (method: string, count: number) =>
  new SharedClientError(
    'ERR_LEADER_LOST',
    `${count} leaders were lost one after the other while ${cut(method)}() was in their hands, so it is not sent to the ` +
      'next one. It may be what ended them. See maxLeadersLost.',
    { outcome: 'unknown' },
  );

export const leaderFailed = (name: string, cause: unknown, outcome?: Outcome) =>
  new SharedClientError(
    'ERR_LEADER_FAILED',
    `No worker could open the real client of ${quote(name)}; the cause says why. It is tried again with backoff.`,
    { cause, outcome },
  );

export const openTimedOut = (ms: number) =>
  new SharedClientError('ERR_TIMEOUT', `The real client was not ready within openTimeoutMs, ${ms} ms.`);

export const timedOut = (method: string, ms: number, outcome: Outcome, why?: string) =>
  new SharedClientError('ERR_TIMEOUT', `${cut(method)}() did not end within ${ms} ms${why ? `: ${why}` : ''}.`, {
    outcome,
  });

export const cameLate = (method: string) =>
  new SharedClientError(
    'ERR_TIMEOUT',
    `${cut(method)}() was not started: its deadline had passed when it came to the leader.`,
    {
      outcome: 'not-started',
    },
  );

export const readyTimedOut = (name: string, ms: number, why: string) =>
  new SharedClientError(
    'ERR_TIMEOUT',
    `No leader of ${quote(name)} was ready within readyTimeoutMs, ${ms} ms: ${why}.`,
  );

/** Why a group has no leader that is ready, or none that data gets to; then what is known follows. */
export const NO_LEADER = {
  opening: 'its real client is still being opened',
  broken: 'its real client broke, and is opened again after a pause',
  unreached: "its leader can't be reached past PM2's bus",
  unknown: 'it has not said where',
  nobody:
    'no member of the group may lead now; if all have eligible: false (isLeader: false in cluster()), let one of them lead',
} as const;

/** As {@link leaderFailed}, where nobody tried: `cause` says why. */
export const noLeader = (cause: SharedClientError) =>
  new SharedClientError('ERR_LEADER_FAILED', cause.message, { cause });

export const unknownMethod = (method: unknown) =>
  new SharedClientError(
    'ERR_UNKNOWN_METHOD',
    `The real client has no public method ${typeof method === 'symbol' ? cut(String(method)) : quote(method)}. ` +
      `Names that begin with _, symbols and what is inherited from Object.prototype can't be called from elsewhere.`,
    { outcome: 'not-started' },
  );

/** A TypeError, as for any other name that is no function. */
export const notKnownYet = (group: string, name: string) =>
  new TypeError(
    `${cut(name)} is not a method that this handle of ${quote(group)} knows yet: only an open real client can tell the names of its ` +
      `methods. Await ready() first, declare it, by methods: { ${cut(name)}: {} }, or call invoke(${JSON.stringify(cut(name))}, ...).`,
  );

export const closingMethod = (method: string) =>
  new SharedClientError(
    'ERR_UNKNOWN_METHOD',
    `${method}() would close the real client of all workers. Call client.close() to let go of it in this worker; ` +
      `it is closed when the last worker has. If ${method}() does something else, say methods: { ${method}: { role: 'invoke' } }.`,
    { outcome: 'not-started' },
  );

export const noSuchEvent = (event: string, cause: unknown) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `The real client's on(${quote(event)}, listener) failed; the cause says why. Name only events that it has.`,
    { cause },
  );

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
    `${path} is ${cut(className)}, a handle that can be used only where the real client is. Define an operation that does the ` +
      'work in the leader and returns data, or say what to send of it, by methods: { itsName: { result: value => ... } }.',
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
    // By which the caller's side knows it.
    { chain: true },
  );

export const unsendableResult = (method: string) =>
  new SharedClientError(
    'ERR_NOT_SERIALIZABLE',
    `What ${cut(method)}() returned could not be put into a message, for which there may have been too little memory. ` +
      'Return less at once, or give the process more memory.',
    { outcome: 'unknown' },
  );

export const overloaded = (outcome: Outcome) =>
  new SharedClientError(
    'ERR_OVERLOADED',
    outcome === 'not-started'
      ? 'Too much is waiting for the leader; the call was not sent. Make fewer calls at once, or try again later.'
      : 'Too much is waiting for this worker; the result was dropped, the call may have run.',
    { outcome },
  );

export const overloadedSubscription = () =>
  new SharedClientError(
    'ERR_OVERLOADED',
    'Too much is waiting for the leader; it was not subscribed to. Subscribe to less at once, or try again later.',
    { outcome: 'not-started' },
  );

export const closed = (what: string, outcome?: Outcome) =>
  new SharedClientError('ERR_CLOSED', `${what} was closed.`, { outcome });

export const takenBack = (outcome: Outcome) =>
  new SharedClientError('ERR_CLOSED', 'The publication was taken back before it was known to be said.', { outcome });

export const noCommonProtocol = (ours: readonly number[], theirs: readonly number[], outcome?: Outcome) =>
  new SharedClientError(
    'ERR_PROTOCOL',
    `The primary speaks protocol ${theirs.join(', ')} and this worker ${ours.join(', ')}: ` +
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

export const brokenFrame = (field: string, expected: string, outcome?: Outcome) =>
  new SharedClientError('ERR_PROTOCOL', `A broken frame came: ${field} must be ${expected}.`, { outcome });

export const notTheLeader = (address: string) =>
  new SharedClientError(
    'ERR_PROTOCOL',
    `Whoever listens at ${address} didn't prove that it is the leader, and was told nothing. If this comes again, look who made that socket.`,
  );

export const brokenResult = (method: string, cause: unknown) =>
  new SharedClientError('ERR_PROTOCOL', `What ${cut(method)}() returned came broken: ${(cause as Error).message}`, {
    cause,
    outcome: 'unknown',
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

export const brokenArguments = (cause?: unknown) =>
  new SharedClientError('ERR_PROTOCOL', 'The arguments of the call came broken.', {
    ...(cause !== undefined && { cause }),
    outcome: 'not-started',
  });

export const misspelledOption = (option: string, nearest: readonly string[]) =>
  new SharedClientError(
    'ERR_INVALID_OPTION',
    `There is no option ${quote(option)}; did you mean ${nearest.join(' or ')}?`,
  );

export const noTransfer = (name: string, workerId: number | undefined, why: string) => {
  if (why === 'no group') {
    return new SharedClientError('ERR_INVALID_OPTION', `There is no group ${quote(name)}: no worker has joined it.`);
  }
  if (why === 'no candidate') {
    const expected =
      workerId === undefined
        ? 'another member that may lead'
        : `the id of a member that may lead, not ${show(workerId)}`;
    return new SharedClientError(
      'ERR_INVALID_OPTION',
      `${quote(name)} can't be handed over: there must be ${expected}.`,
    );
  }
  if (why === 'lost') {
    const text = `Whether ${quote(name)} was handed over isn't known: this worker lost its connection to PM2's bus.`;
    return new SharedClientError('ERR_LEADER_FAILED', text);
  }
  const text =
    why === 'vacant'
      ? 'it has no leader that is ready now'
      : 'the successor left, or could not open the real client; another member leads now';
  return new SharedClientError('ERR_LEADER_FAILED', `${quote(name)} was not handed over: ${text}.`);
};
