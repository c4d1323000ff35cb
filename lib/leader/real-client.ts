// The one real client: opened, asked by role, listened to, closed.

import { closingMethod, noSuchEvent, openTimedOut, show } from '../errors/errors.js';
import { notClosed } from '../errors/warnings.js';
import type { MemberOptions, MethodRole } from '../options/options.js';
import { type AsyncContext, captureContext } from '../utils/async-context.js';
import type { Clock } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import { isEmitter, listen } from './emitter-like.js';
import { isCallableOf, methodNames } from './method-names.js';

type Method = (...args: unknown[]) => unknown;
type Anything = Record<string | symbol, unknown>;

/** What the real client says of its own accord. */
export interface RealClientHandlers {
  /** It is lost: `fail(error)` or an event of `failOn`. */
  broken(error: unknown): void;
  /** An `error` event, which never kills anything. */
  error(error: unknown): void;
  /** An event of `events`. */
  event(event: string, args: unknown[]): void;
  /** Something about it needs attention. */
  warn(text: string): void;
}

/** The roles that are found by name where `methods` doesn't say otherwise. */
const NATURAL_ROLES = ['subscribe', 'unsubscribe', 'publish', 'unpublish', 'close'] as const;

/** By which a client ends that has no `close`, in this order. `destroy` isn't among them: in some clients it deletes things. */
const CLOSING = ['close', 'quit', 'end', 'disconnect'] as const;

/** The method for each role: what `methods` says, else the one of that name, unless it has another role. */
export function rolesOf(methods: MemberOptions['methods']): ReadonlyMap<MethodRole, string> {
  const roles = new Map<MethodRole, string>();
  for (const role of NATURAL_ROLES) {
    const other = methods.get(role)?.role;
    if (other === undefined || other === role) roles.set(role, role);
  }
  for (const [name, { role }] of methods) if (role && role !== 'invoke' && role !== 'oneway') roles.set(role, name);
  return roles;
}

/** A real client on its way. */
export interface Opening {
  /** Rejects with what the client threw, or `ERR_TIMEOUT`. */
  readonly ready: Promise<RealClient>;
  /** Gets rid of it at any point of its way, and when it is open; resolves when what is there is closed. */
  abandon(reason: unknown): Promise<void>;
}

export class RealClient {
  readonly #client: Anything;
  readonly #context: AsyncContext;
  readonly #options: MemberOptions;
  readonly #roles: ReadonlyMap<MethodRole, string>;
  readonly #listeners: [event: string, listener: Method][] = [];
  /** The name of the method that ends it, if it has one. */
  readonly #closingName: string | symbol | undefined;
  /** Names that were found to be callable. */
  readonly #callable = new Set<unknown>();
  #closing: Promise<void> | undefined;

  private constructor(client: object, options: MemberOptions, context: AsyncContext) {
    this.#client = client as Anything;
    this.#context = context;
    this.#options = options;
    this.#roles = rolesOf(options.methods);
    this.#closingName = this.#findClosingName();
  }

  /** Begins to open the real client for a term. What the library itself asks of it later runs in the context of this call. */
  static open(options: MemberOptions, term: number, clock: Clock, handlers: RealClientHandlers): Opening {
    const context = captureContext();
    const giveUp = new AbortController();
    const failed = defer<never>();
    let real: RealClient | undefined;
    let isOpen = false;
    const broken = (error: unknown) => (isOpen ? handlers.broken(error) : failed.reject(error));
    const adopt = (client: object) => {
      real = new RealClient(client, options, context);
      real.#listen({ ...handlers, broken });
      return real;
    };
    // Not in this turn: what the app does in its open(), such as to close the handle, must find the opening under way.
    const made = Promise.resolve().then(async () => {
      giveUp.signal.throwIfAborted();
      const client = await make(options, term, giveUp.signal, broken, adopt);
      isOpen = true;
      return client;
    });
    const { openTimeoutMs } = options;
    const timer = clock.setTimer(() => failed.reject(openTimedOut(openTimeoutMs)), openTimeoutMs);
    const ready = Promise.race([made, failed.promise]).finally(() => timer.clear());
    return {
      ready,
      async abandon(reason) {
        context.runInAsyncScope(() => giveUp.abort(reason));
        failed.reject(reason);
        // Nobody may care any more how it ends, but a client that comes late must not stay.
        made.then(late => late.close()).catch(() => {});
        await real?.close();
      },
    };
  }

  isSame(value: unknown): boolean {
    return value === this.#client;
  }

  /** Waits for its own `ready()`, if it has one. */
  async becomeReady(): Promise<void> {
    await this.#method('ready')?.();
  }

  /** The names that can be called. */
  get methods(): string[] {
    return methodNames(this.#client);
  }

  /**
   * A method that may be called from elsewhere.
   * @throws `ERR_UNKNOWN_METHOD` for the one that would close the client of all workers
   */
  method(name: unknown): Method | undefined {
    if (!this.#callable.has(name)) {
      if (!isCallableOf(this.#client, name)) return undefined;
      if (name === this.#closingName) throw closingMethod(name);
      if (name in this.#client) this.#callable.add(name);
    }
    return this.#method(name as string);
  }

  /** The method with a role, if the client has one. */
  role(role: MethodRole): Method | undefined {
    const name = this.#roles.get(role);
    return name === undefined ? undefined : this.#method(name);
  }

  /** Closes it, beginning in this very turn. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.runInContext(() => this.#close());
    return this.#closing;
  }

  /** Runs what the library asks of the client for no caller. */
  runInContext<R>(fn: () => R): R {
    return this.#context.runInAsyncScope(fn);
  }

  async #close(): Promise<void> {
    this.#unlisten();
    const { definition } = this.#options;
    if (definition.kind === 'open' && definition.close) return void (await definition.close(this.#client));
    if (this.#closingName !== undefined) await this.#method(this.#closingName)?.();
  }

  #findClosingName(): string | symbol | undefined {
    const { methods } = this.#options;
    const own = this.#roles.get('close');
    const names = own === undefined || own === 'close' ? CLOSING.filter(name => isFree(methods, name)) : [own];
    return [...names, Symbol.asyncDispose, Symbol.dispose].find(name => this.#method(name));
  }

  #warnIfNeverClosed(warn: RealClientHandlers['warn']): void {
    const { definition, name } = this.#options;
    if (this.#closingName !== undefined || (definition.kind === 'open' && definition.close)) return;
    if (isEmitter(this.#client) || this.#method('destroy')) warn(notClosed(name));
  }

  #method(name: string | symbol): Method | undefined {
    const method = this.#client[name];
    return typeof method === 'function' ? (...args) => Reflect.apply(method, this.#client, args) : undefined;
  }

  #listen(handlers: RealClientHandlers): void {
    const { events, failOn } = this.#options;
    const failed = (event: string) => (error: unknown) => handlers.error(noSuchEvent(event, error));
    for (const event of events) this.#on(event, (...args) => handlers.event(event, args), failed(event));
    for (const event of failOn)
      this.#on(
        event,
        error => handlers.broken(error ?? new Error(`The real client emitted ${JSON.stringify(event)}.`)),
        failed(event),
      );
    // Without a listener an emitter would throw it. Nobody asked for it, so a client that knows no such event may refuse.
    if (isEmitter(this.#client))
      this.#on(
        'error',
        error => handlers.error(error),
        () => {},
      );
    this.#warnIfNeverClosed(handlers.warn);
  }

  #on(event: string, listener: Method, failed: (error: unknown) => void): void {
    this.#listeners.push([event, listener]);
    listen(this.#client, this.#client.on, event, listener, failed);
  }

  /** All but the `error` listener: a client may still fail while it closes, or long after. */
  #unlisten(): void {
    const off = this.#client.off ?? this.#client.removeListener;
    for (const [event, listener] of this.#listeners)
      if (event !== 'error') listen(this.#client, off, event, listener, () => {});
  }
}

/** Nothing else is said of this method. */
function isFree(methods: MemberOptions['methods'], name: string): boolean {
  const role = methods.get(name)?.role;
  return role === undefined || role === 'close';
}

type Adopt = (client: object) => RealClient;

async function make(
  { definition, name }: MemberOptions,
  term: number,
  signal: AbortSignal,
  fail: (error: unknown) => void,
  adopt: Adopt,
): Promise<RealClient> {
  if (definition.kind === 'open') return adopt(requireObject(await definition.open({ name, term, signal, fail })));
  const real = adopt(new definition.Class(...definition.args));
  await real.becomeReady();
  return real;
}

function requireObject(client: unknown): object {
  if ((typeof client === 'object' && client !== null) || typeof client === 'function') return client;
  throw new TypeError(`open() must return the real client, but it returned ${show(client)}.`);
}
