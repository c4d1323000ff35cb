// The one real client: opens it, finds its methods by role, listens to its events, and closes it.

import { OwnTypes } from '../codec/own-types.js';
import { openTimedOut } from '../errors/call-errors.js';
import { noSuchEvent } from '../errors/option-errors.js';
import { show } from '../errors/show.js';
import { noEvents, notClosed, unknownMethodNamed, unknownNamespace } from '../errors/warnings.js';
import { nearest } from '../options/nearest.js';
import type { MemberOptions, MethodRole, OpenContext } from '../options/options.js';
import { type AsyncContext, captureContext } from '../utils/async-context.js';
import { defer } from '../utils/deferred.js';
import { ClientMethods, type Method } from './client-methods.js';
import { isEmitter, listen } from './emitter-like.js';
import { attachHostHooks, type HostHooks } from './host-hooks.js';
import { release } from './results.js';
import type { ServedClient, ServedRealClient } from './served-client.js';

type Anything = Record<string | symbol, unknown>;

/** Events of the real client that are not answers to a call. */
export interface RealClientHandlers {
  /** It is lost: `fail(error)` was called, or an event of `failOn` was emitted. */
  broken(error: unknown): void;
  /** An `error` event. It never ends the process. */
  error(error: unknown): void;
  /** It reconnected by itself: `resync()` was called, or an event of `resyncOn` was emitted. */
  reconnected(): void;
  /** An event of `events`. */
  event(event: string, args: unknown[]): void;
  /** A problem with it needs attention. */
  warn(text: string): void;
}

/** The roles that are found by name unless `methods` states otherwise. */
const NATURAL_ROLES = ['subscribe', 'unsubscribe', 'publish', 'unpublish'] as const;

/**
 * Methods that close a client, in this order of preference. `destroy` is missing because in some clients it deletes data.
 */
const CLOSING: readonly string[] = ['close', 'quit', 'end', 'disconnect'];

/** Options with names of events. */
const EVENT_OPTIONS = ['events', 'readyOn', 'resyncOn', 'failOn'] as const;

/** The method for each role: the one that `methods` names, or else the method of that name, unless it has another role. */
export function rolesOf(methods: MemberOptions['methods']): ReadonlyMap<MethodRole, string> {
  const roles = new Map<MethodRole, string>();
  for (const role of NATURAL_ROLES) {
    const other = methods.get(role)?.role;
    if (other === undefined || other === role) roles.set(role, role);
  }
  for (const [name, { role }] of methods)
    if (role && role !== 'invoke' && role !== 'oneway' && role !== 'close') roles.set(role, name);
  return roles;
}

/** A real client that is being opened. */
export interface Opening<C extends ServedClient = ServedClient> {
  /** Rejects with what the client threw, or with `ERR_TIMEOUT`. */
  readonly ready: Promise<C>;
  /** Gives the client up, whether it is being opened or open. Resolves when what exists of it is closed. */
  abandon(reason: unknown): Promise<void>;
}

export class RealClient implements ServedRealClient {
  /** The application's own types. */
  readonly own: OwnTypes | undefined;
  readonly #client: Anything;
  readonly #context: AsyncContext;
  readonly #options: MemberOptions;
  readonly #roles: ReadonlyMap<MethodRole, string>;
  readonly #listeners: [event: string, listener: Method][] = [];
  readonly #methods: ClientMethods;
  /** The names of all methods that close it. The first one is called. */
  readonly #closingNames: readonly (string | symbol)[];
  /** Rejects with the first `error` event before it is open. */
  readonly #firstError = defer<never>();
  #closing: Promise<void> | undefined;

  private constructor(client: object, options: MemberOptions, context: AsyncContext) {
    this.own = OwnTypes.of(options.types, options.errors);
    this.#client = client as Anything;
    this.#context = context;
    this.#options = options;
    this.#roles = rolesOf(options.methods);
    this.#closingNames = this.#findClosingNames();
    this.#methods = new ClientMethods(client, options, this.#closingNames);
    this.#firstError.promise.catch(() => {});
  }

  /**
   * Begins to open the real client for a term. Later calls that the library makes on its own run in the context of this one.
   */
  static open(
    options: MemberOptions,
    term: number,
    hooks: HostHooks,
    handlers: RealClientHandlers,
  ): Opening<RealClient> {
    const context = captureContext();
    const giveUp = new AbortController();
    const failed = defer<never>();
    let real: RealClient | undefined;
    let isOpen = false;
    const broken = (error: unknown) => (isOpen ? handlers.broken(error) : failed.reject(error));
    const adopt = (client: object) => {
      real = new RealClient(client, options, context);
      // After the signal aborts, a client may report the abort as an error. That is expected.
      const error = (error: unknown) => {
        // At once: what it emits next, such as `close`, says less.
        if (!isOpen && options.readyOn.length > 0) failed.reject(error);
        return (giveUp.signal.aborted && isAbort(error)) || handlers.error(error);
      };
      real.#listen({ ...handlers, broken, error });
      return real;
    };
    // In a later turn: if open() calls something, such as the handle's close(), the opening must already be known.
    const made = Promise.resolve().then(async () => {
      giveUp.signal.throwIfAborted();
      const { name } = options;
      const resync = () => isOpen && handlers.reconnected();
      const given = attachHostHooks({ name, term, signal: giveUp.signal, fail: broken, resync }, hooks);
      const client = await make(options, given, adopt);
      client.#warnOfUnknownNames(handlers.warn);
      isOpen = true;
      return client;
    });
    const { openTimeoutMs } = options;
    const timer = hooks.clock.setTimer(() => failed.reject(openTimedOut(openTimeoutMs)), openTimeoutMs);
    const ready = Promise.race([made, failed.promise]).finally(() => timer.clear());
    return {
      ready,
      async abandon(reason) {
        context.runInAsyncScope(() => giveUp.abort(reason));
        failed.reject(reason);
        // Nothing waits for the result any more, but a client that opens late must be closed.
        made.then(late => late.close()).catch(() => {});
        await real?.close();
      },
    };
  }

  isSame(value: unknown): boolean {
    return value === this.#client;
  }

  /** Waits for its method with the role `ready`, and for the events of `readyOn`. */
  async becomeReady(): Promise<void> {
    const { readyOn, definition } = this.#options;
    const events = readyOn.map(event => this.#happens(event));
    // What `open` returned is open, unless the application states otherwise.
    const name = this.#roles.get('ready') ?? (definition.kind === 'class' ? 'ready' : undefined);
    const called = name === undefined ? undefined : this.#methods.named(name)?.();
    const all = Promise.all([called, ...events]);
    await (events.length > 0 ? Promise.race([all, this.#firstError.promise]) : all);
  }

  #happens(event: string): Promise<void> {
    const happened = defer<void>();
    this.#on(
      event,
      () => happened.resolve(),
      error => happened.reject(noSuchEvent(event, error)),
    );
    return happened.promise;
  }

  /** The names that can be called. */
  get methods(): string[] {
    return this.#methods.names;
  }

  /**
   * A method that other workers may call.
   * @throws `ERR_UNKNOWN_METHOD` for the one that would close the client of all workers
   */
  method(name: string): Method | undefined {
    return this.#methods.callable(name);
  }

  /** The method for a role, if there is one. */
  role(role: MethodRole): Method | undefined {
    const name = this.#roles.get(role);
    return name === undefined ? undefined : this.#methods.named(name);
  }

  /** The application's function that extracts the value of a subscription, from the option `methods`. */
  get valueFrom(): Method | undefined {
    return this.#options.methods.get(this.#roles.get('subscribe') ?? '')?.value;
  }

  /** Releases the handles in a result that nobody receives. */
  release(value: unknown, report: (error: unknown) => void): void {
    this.runInContext(() => release(value, this.#client, report));
  }

  /** Closes it, starting synchronously. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.runInContext(() => this.#close());
    return this.#closing;
  }

  /** Runs code that calls the client on behalf of the library, not of a caller. */
  runInContext<R>(fn: () => R): R {
    return this.#context.runInAsyncScope(fn);
  }

  async #close(): Promise<void> {
    this.#unlisten();
    const { definition } = this.#options;
    if (definition.kind === 'open' && definition.close) return void (await definition.close(this.#client));
    const [name] = this.#closingNames;
    if (name !== undefined) await this.#methods.named(name)?.();
  }

  #findClosingNames(): (string | symbol)[] {
    const { methods, operations } = this.#options;
    const named = [...methods].filter(([, { role }]) => role === 'close').map(([name]) => name);
    const usual = CLOSING.filter(name => methods.get(name)?.role === undefined);
    const names = named.length > 0 ? named : [...usual, Symbol.asyncDispose, Symbol.dispose];
    return names.filter(name => operations.has(name as string) || typeof this.#client[name] === 'function');
  }

  #warnIfNeverClosed(warn: RealClientHandlers['warn']): void {
    const { definition, name } = this.#options;
    if (this.#closingNames.length > 0 || (definition.kind === 'open' && definition.close)) return;
    if (isEmitter(this.#client) || typeof this.#client.destroy === 'function') warn(notClosed(name));
  }

  /** Names of the options that the real client turned out not to have. */
  #warnOfUnknownNames(warn: RealClientHandlers['warn']): void {
    const { name, namedMethods } = this.#options;
    for (const method of namedMethods)
      if (!this.#methods.has(method)) warn(unknownMethodNamed(name, method, nearest(method, this.methods)));
    for (const [path, known] of this.#methods.missingSpaces) warn(unknownNamespace(name, path, nearest(path, known)));
  }

  #warnIfSilent(warn: RealClientHandlers['warn']): void {
    if (typeof this.#client.on === 'function') return;
    const given = EVENT_OPTIONS.filter(option => this.#options[option].length > 0);
    if (given.length > 0) warn(noEvents(this.#options.name, given));
  }

  #listen(handlers: RealClientHandlers): void {
    const { events, failOn, resyncOn } = this.#options;
    this.#warnIfSilent(handlers.warn);
    const failed = (event: string) => (error: unknown) => handlers.error(noSuchEvent(event, error));
    for (const event of events) this.#on(event, (...args) => handlers.event(event, args), failed(event));
    for (const event of failOn)
      this.#on(event, reason => handlers.broken(isErrorLike(reason) ? reason : lostBy(event, reason)), failed(event));
    for (const event of resyncOn) this.#on(event, () => handlers.reconnected(), failed(event));
    // An emitter without an `error` listener would throw. A client that refuses this event is not reported.
    if (isEmitter(this.#client))
      this.#on(
        'error',
        error => {
          this.#firstError.reject(error);
          handlers.error(error);
        },
        () => {},
      );
    this.#warnIfNeverClosed(handlers.warn);
  }

  #on(event: string, listener: Method, failed: (error: unknown) => void): void {
    this.#listeners.push([event, listener]);
    listen(this.#client, this.#client.on, event, listener, failed);
  }

  /** Removes all listeners but that for `error`: a client may still fail while it closes, or long after. */
  #unlisten(): void {
    const off = this.#client.off ?? this.#client.removeListener;
    for (const [event, listener] of this.#listeners)
      if (event !== 'error') listen(this.#client, off, event, listener, () => {});
  }
}

const isErrorLike = (reason: unknown): boolean => typeof (reason as Error | undefined)?.message === 'string';

/** For an event that brings no error, such as the `close` of a WebSocket, which brings a code. */
function lostBy(event: string, reason: unknown): Error {
  const isShown = typeof reason === 'string' || typeof reason === 'number';
  return new Error(`The real client emitted ${JSON.stringify(event)}${isShown ? `: ${reason}` : ''}.`);
}

const isAbort = (error: unknown): boolean => (error as Error | undefined)?.name === 'AbortError';

type Adopt = (client: object) => RealClient;

async function make({ definition }: MemberOptions, context: OpenContext, adopt: Adopt): Promise<RealClient> {
  const client =
    definition.kind === 'open'
      ? requireObject(await definition.open(context))
      : new definition.Class(...definition.args);
  const real = adopt(client);
  await real.becomeReady();
  return real;
}

function requireObject(client: unknown): object {
  if ((typeof client === 'object' && client !== null) || typeof client === 'function') return client;
  throw new TypeError(`open() must return the real client, but it returned ${show(client)}.`);
}
