// The one real client: opened, asked by role, listened to, closed.

import { openTimedOut } from '../errors.js';
import type { MemberOptions, MethodRole } from '../options.js';
import { type AsyncContext, captureContext } from '../utils/async-context.js';
import type { Clock } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import { isCallableName, methodNames } from './method-names.js';

type Method = (...args: unknown[]) => unknown;
type Anything = Record<string | symbol, unknown>;

/** What the real client says of its own accord. */
export interface RealClientHandlers {
  /** It is lost: `fail(error)` or an event of `restartOn`. */
  broken(error: unknown): void;
  /** An `error` event, which never kills anything. */
  error(error: unknown): void;
  /** An event of `events`. */
  event(event: string, args: unknown[]): void;
}

/** The roles that are found by name where `methods` doesn't say otherwise. */
const NATURAL_ROLES = ['subscribe', 'unsubscribe', 'publish', 'unpublish', 'close'] as const;

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
  #closing: Promise<void> | undefined;

  private constructor(client: object, options: MemberOptions, context: AsyncContext) {
    this.#client = client as Anything;
    this.#context = context;
    this.#options = options;
    this.#roles = rolesOf(options.methods);
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
    const made = make(options, term, giveUp.signal, broken, adopt).then(client => {
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

  /** Waits for its own `ready()`, if it has one. */
  async becomeReady(): Promise<void> {
    await this.#method('ready')?.();
  }

  /** The names that can be called. */
  get methods(): string[] {
    return methodNames(this.#client);
  }

  /** A method that may be called from elsewhere. */
  method(name: unknown): Method | undefined {
    return isCallableName(name) ? this.#method(name) : undefined;
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
    const close = this.role('close') ?? this.#method(Symbol.asyncDispose) ?? this.#method(Symbol.dispose);
    await close?.();
  }

  #method(name: string | symbol): Method | undefined {
    const method = this.#client[name];
    return typeof method === 'function' ? (...args) => Reflect.apply(method, this.#client, args) : undefined;
  }

  #listen(handlers: RealClientHandlers): void {
    if (!this.#method('on')) return;
    const { events, restartOn } = this.#options;
    for (const event of events) this.#on(event, (...args) => handlers.event(event, args));
    for (const event of restartOn)
      this.#on(event, error =>
        handlers.broken(error ?? new Error(`The real client emitted ${JSON.stringify(event)}.`)),
      );
    // Without a listener an emitter would throw it.
    this.#on('error', error => handlers.error(error));
  }

  #on(event: string, listener: Method): void {
    this.#listeners.push([event, listener]);
    this.#method('on')!(event, listener);
  }

  /** All but the `error` listener: a client may still fail while it closes, or long after. */
  #unlisten(): void {
    const off = this.#method('off') ?? this.#method('removeListener');
    for (const [event, listener] of this.#listeners) if (event !== 'error') off?.(event, listener);
  }
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
  throw new TypeError(`open() must return the real client, but it returned ${String(client)}.`);
}
