// A client with the interface of cluster-client, based on a handle of the core.

import { accessOf, type HandleAccess } from '../client/shared.js';
import { invalidOption } from '../errors/option-errors.js';
import { rejectAfterTurn } from '../utils/after-turn.js';
import { bindToContext } from '../utils/async-context.js';
import { defer } from '../utils/deferred.js';
import { holdCall, releaseCall } from './by-reference.js';
import type { Invoke } from './delegated.js';
import { renamed } from './error-names.js';
import { firstValueTimedOut, leaderOccupied } from './errors.js';
import type { CompatGroup, CompatGroups, GroupClient, Handle } from './groups.js';
import type { ResolvedOptions } from './options.js';
import { ReadyEmitter, type ReadyListener } from './ready-emitter.js';
import { type CallKind, type ClientSpec, nameOfCall } from './real-client.js';
import { Registrations } from './registrations.js';
import { createLocalSend, createSend } from './send.js';
import { ASK, CLOSE, INVOKE, PUBLISH, SUBSCRIBE, UNSUBSCRIBE } from './symbols.js';
import { encodeAll } from './transcode.js';

type Callback = (...results: unknown[]) => void;

/** Numbers the clients of this process, so that each one has its own publications. */
let lastNumber = 0;

export class ClusterClient extends ReadyEmitter {
  declare readonly options: ResolvedOptions & ReadyEmitter['options'];
  readonly #number = ++lastNumber;
  readonly #groups: CompatGroups;
  readonly #group: CompatGroup;
  readonly #handle: Handle;
  readonly #access: HandleAccess;
  readonly #self: GroupClient;
  readonly #registrations: Registrations;
  /** By the name of the call. */
  readonly #asks = new Map<string, Invoke>();
  /** In single mode: the publications that are held, by their keys. */
  readonly #published = new Map<string, number>();
  /** Settles once, with the result of the start. */
  readonly #opened = defer();
  /** Whether a caller waits for the start. If none does, a failure is emitted as `error`. */
  #isAwaited = false;
  #state: 'opening' | 'open' | 'failed' = 'opening';
  #closing: Promise<void> | undefined;
  #closeFailure: { readonly error: unknown } | undefined;
  #isSilent = false;

  constructor(options: ResolvedOptions, recipe: ClientSpec, groups: CompatGroups) {
    super(options);
    if (options.maxListeners !== undefined) this.setMaxListeners(options.maxListeners);
    this.#groups = groups;
    this.#self = {
      options,
      recipe,
      event: (name, args) => this.#emitSafely(name, ...args),
      error: error => this.#error(error),
      closeFailed: error => {
        // The promise of close() reports the error to its caller.
        if (this.#closing) this.#closeFailure = { error };
        else this.#error(error);
      },
    };
    const { group, handle } = groups.join(this.#self);
    this.#group = group;
    this.#handle = handle;
    this.#access = accessOf(handle);
    this.#registrations = new Registrations(
      options.isBroadcast ? handle : handle.with({ delivery: 'one' }),
      options,
      this.#access.clock,
      (key, waited, expected) => this.#error(firstValueTimedOut(key, waited, expected)),
    );
    handle.on('error', error => this.#error(error));
    handle.on('warning', ({ message }) => options.logger.warn?.(message));
    // ready() may never be called.
    this.#opened.promise.catch(ignore);
    void this.#open();
  }

  /** If this process leads, the oldest of its clients is the leader. `undefined` before there is any leader. */
  get isClusterClientLeader(): boolean | undefined {
    return this.#handle.term === 0 ? undefined : this.#leads;
  }

  override get isReady(): boolean {
    return this.#state === 'open';
  }

  override ready(): Promise<void>;
  override ready(listener: ReadyListener): void;
  override ready(state: boolean | Error): void;
  override ready(given?: ReadyListener | boolean | Error): Promise<void> | void {
    const ready = rejectAfterTurn(this.#whenReady());
    if (typeof given !== 'function') return ready;
    const { clock } = this.#access;
    const notify = bindToContext(given);
    // Outside the promise chain, so that errors thrown by the listener are uncaught exceptions.
    ready.then(
      () => clock.defer(() => notify(null)),
      error => clock.defer(() => notify(error)),
    );
  }

  close(): Promise<void> {
    return this[CLOSE]();
  }

  protected override unhandled(error: unknown): void {
    this.options.logger.error?.(error);
  }

  [SUBSCRIBE](reg: unknown, listener: (value: unknown) => void): void {
    if (typeof listener !== 'function')
      throw invalidOption('subscribe(reg, listener): listener', 'a function', listener);
    if (!this.#closing) this.#registrations.add(reg, listener);
  }

  [UNSUBSCRIBE](reg: unknown, listener?: (value: unknown) => void): void {
    this.#registrations.remove(reg, listener);
  }

  [PUBLISH](reg: unknown): void {
    if (this.#closing) return;
    const key = this.#stickyKey(reg);
    // It waits for a leader without a limit.
    const sticky = this.#handle.with({ sticky: key, oneway: true, timeoutMs: Number.POSITIVE_INFINITY });
    sticky.publish(this.#publication(key, reg)).catch(error => this.#error(error));
  }

  #publication(key: string, reg: unknown): unknown {
    const { transcode, singleMode } = this.options;
    if (!singleMode) return encodeAll(transcode, [reg]);
    releaseCall(this.#published.get(key));
    const number = holdCall({ args: [reg] });
    this.#published.set(key, number);
    return number;
  }

  /** Calls a method of the real client. Without a callback, errors are emitted. */
  [INVOKE](method: string, args: readonly unknown[], callback?: Callback): void {
    const ask = this[ASK](callback ? 'invoke' : 'invokeOneway', method);
    if (callback) this.#callBack(ask, [...args], callback);
    else ask([...args], ignore, error => this.#error(error));
  }

  /** The function that calls a method of the real client. */
  [ASK](kind: CallKind, method: string): Invoke {
    const name = nameOfCall(kind, method);
    const known = this.#asks.get(name);
    if (known) return known;
    const ask = this.#createAsk(name, method);
    this.#asks.set(name, ask);
    return ask;
  }

  /** Closes once the start has succeeded or failed. After it, only `close` is emitted. */
  [CLOSE](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // ------------------------------------------------------------------------------------------------------ ready

  async #open(): Promise<void> {
    try {
      await this.#handle.ready();
      if (this.options.isLeader === true && !this.#leads) throw await this.#giveUp();
      this.#state = 'open';
      this.#opened.resolve();
    } catch (error) {
      const reason = renamed(error);
      this.#state = 'failed';
      this.#opened.reject(reason);
      if (!this.#isAwaited) this.#emitSafely('error', reason);
    }
  }

  /** The option `isLeader` requires this client to lead, but another one does. */
  async #giveUp(): Promise<Error> {
    await this.#groups.leave(this.#group, this.#self, this.#handle);
    return leaderOccupied(this.options.name);
  }

  /** After the start, a leader must be there now. If the start failed, a leader may have become available since. */
  async #whenReady(): Promise<void> {
    this.#isAwaited = true;
    if (this.#state === 'opening') return this.#opened.promise;
    if (this.#state === 'failed' && !this.#hasLeader) return this.#opened.promise;
    if (this.#closing) return;
    await this.#handle.ready().catch(error => Promise.reject(renamed(error)));
  }

  get #leads(): boolean {
    return this.#handle.isLeader && this.#group.represents(this.#self);
  }

  get #hasLeader(): boolean {
    return this.#access.hasRoute;
  }

  // ------------------------------------------------------------------------------------------------------ calls

  #createAsk(name: string, method: string): Invoke {
    const isUnpublish = IS_UNPUBLISH.test(method);
    const { transcode, singleMode } = this.options;
    const begin = (args: unknown[]) => {
      if (isUnpublish) this.#forget(args[0]);
      return singleMode ? args : encodeAll(transcode, args);
    };
    const create = singleMode ? createLocalSend : createSend;
    const send = create({ handle: this.#handle, name, method, transcode, begin });
    return (args, succeed, fail) =>
      this.#state === 'open' ? send(args, succeed, fail) : this.#later(send, args, succeed, fail);
  }

  /** Before the client is ready, a call waits for that, and its timeout does not run. */
  #later(send: Invoke, ...[args, succeed, fail]: Parameters<Invoke>): void {
    rejectAfterTurn(this.#whenReady()).then(() => send(args, succeed, fail), fail);
  }

  #callBack(ask: Invoke, args: unknown[], callback: Callback): void {
    const { clock } = this.#access;
    const callBack = bindToContext(callback);
    // In a later turn, so that an error thrown by the callback is an uncaught exception and affects nothing else.
    ask(
      args,
      results => clock.defer(() => callBack(null, ...results)),
      error => clock.defer(() => callBack(error)),
    );
  }

  // ------------------------------------------------------------------------------------------------------ the rest

  /** A withdrawn publication is not republished. */
  #forget(reg: unknown): void {
    const key = this.#stickyKey(reg);
    releaseCall(this.#published.get(key));
    this.#published.delete(key);
    this.#handle.unpublish(key).catch(error => this.#error(error));
  }

  #stickyKey(reg: unknown): string {
    return `${this.#number} ${this.options.formatKey(reg as never)}`;
  }

  #error(error: unknown): void {
    this.#emitSafely('error', renamed(error));
  }

  /** Emits nothing after `close`. An API client forwards every call of `emit`, so the check is here and not in `emit`. */
  #emitSafely(event: string | symbol, ...args: unknown[]): void {
    if (!this.#isSilent) this.emit(event, ...args);
  }

  async #close(): Promise<void> {
    await this.#opened.promise.catch(ignore);
    this.#registrations.clear();
    await this.#groups.leave(this.#group, this.#self, this.#handle);
    for (const number of this.#published.values()) releaseCall(number);
    this.emit('close');
    this.#isSilent = true;
    if (this.#closeFailure) throw this.#closeFailure.error;
  }
}

const ignore = () => {};

const IS_UNPUBLISH = /^un[pP]ublish$/;
