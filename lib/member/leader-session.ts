// What a member holds for the term that it leads, or prepares for: its real client from the order to open it until it is
// closed, the service in between, and the routes to its members. Its role decides what it does, and when.

import { encodeError } from '../codec/encode-error.js';
import { MAX_CONTROL_ERROR } from '../codec/limits.js';
import { debug } from '../diagnostics/debug-log.js';
import { closed, textOf } from '../errors/errors.js';
import { closesSlowly } from '../errors/warnings.js';
import { handBack } from '../leader/hand-back.js';
import { type Opening, RealClient, type RealClientHandlers } from '../leader/real-client.js';
import { Service } from '../leader/service.js';
import type { ServiceOptions } from '../leader/service-options.js';
import type { Bundle } from '../protocol/bundle.js';
import type { Timer } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import { createSender, LeaderRoutes } from './leader-routes.js';
import type { MemberContext } from './member-context.js';
import type { RoleEvent } from './role.js';

/** A primary that has nothing to wait for, and doesn't answer for so long, is taken to hang. */
const ANSWER_MS = 1000;

export interface LeaderSessionOptions extends Pick<ServiceOptions, 'contextOf' | 'hasLease'> {
  play(event: RoleEvent): void;
  /** Reads what the leader says to its own member. */
  read(bundle: Bundle): void;
  /** The real client could not be opened here. */
  openFailed(error: unknown): void;
}

export class LeaderSession {
  readonly #member: MemberContext;
  readonly #options: LeaderSessionOptions;
  #opening: Opening | undefined;
  #client: RealClient | undefined;
  #service: Service | undefined;
  #routes: LeaderRoutes | undefined;
  #closing: { readonly term: number; readonly done: Promise<void> | undefined } | undefined;
  #yieldTimer: Timer | undefined;
  readonly #warned = new Set<string>();

  constructor(member: MemberContext, options: LeaderSessionOptions) {
    this.#member = member;
    this.#options = options;
  }

  get service(): Service | undefined {
    return this.#service;
  }

  /** Names of the open real client's methods. */
  get methods(): string[] {
    return this.#client!.methods;
  }

  /** Resolves once the real client that was let go of is closed. */
  get closing(): Promise<void> | undefined {
    return this.#closing?.done;
  }

  /** Bytes that wait for the lease, for their turn, or to leave this process. */
  get queuedBytes(): number {
    return (this.#service?.heldBytes ?? 0) + (this.#routes?.direct?.queuedBytes ?? 0);
  }

  /** Frames that came by the relay. Those of a member that also has a direct connection may have to wait for that one's. */
  receive(bundle: Bundle): void {
    const direct = this.#routes?.direct;
    if (direct?.term === bundle.t) direct.relayed(bundle);
    else this.#serve(bundle);
  }

  #serve(bundle: Bundle): void {
    if (this.#service?.term === bundle.t) this.#service.receive(bundle);
    // Until the primary hears that the real client is closed, calls still come.
    else if (this.#closing?.term === bundle.t) handBack(bundle, this.#senderOf(bundle.t));
  }

  /** A term that was never served has no routes. */
  #senderOf(term: number) {
    return this.#routes?.term === term ? this.#routes.sender : createSender(term, this.#member, this.#options.read);
  }

  /** It will lead in this term. Without a relay the others are told where to connect, so that nobody waits for that then. */
  expect(term: number): void {
    if (this.#member.link.direct?.hasNoRelay) this.#routesOf(term);
  }

  #routesOf(term: number): LeaderRoutes {
    if (this.#routes?.term !== term)
      this.#routes = new LeaderRoutes(term, this.#member, this.#options.read, bundle => this.#serve(bundle));
    return this.#routes;
  }

  async open(term: number): Promise<void> {
    const { source, options, clock, context } = this.#member;
    const { play, openFailed } = this.#options;
    const handlers: RealClientHandlers = {
      broken: error => {
        debug(source, () => `its real client is lost (term ${term}): ${textOf(error)}`);
        // What a client says of itself while it is closed is no news.
        if (this.#opening === opening) this.#report(error);
        play({ type: 'broken', term, error: encodeError(error, MAX_CONTROL_ERROR) });
      },
      error: error => this.#report(error),
      reconnected: () => this.#service?.reconnected(),
      event: (event, args) => this.#service?.event(event, args),
      warn: text => this.#warnOnce(text),
    };
    const open = () => RealClient.open(options, term, clock, handlers);
    const opening: Opening = context.runInAsyncScope(open);
    this.#opening = opening;
    try {
      const client = await opening.ready;
      if (this.#opening !== opening) return;
      this.#client = client;
      debug(source, () => `its real client is open (term ${term})`);
      play({ type: 'opened', term });
    } catch (error) {
      if (this.#opening !== opening) return;
      debug(source, () => `could not open the real client (term ${term}): ${textOf(error)}`);
      openFailed(error);
      play({ type: 'open failed', term, error: encodeError(error, MAX_CONTROL_ERROR) });
    }
  }

  /** Serves calls from now on, and tells the primary. */
  serve(term: number): void {
    const { name, link, clock, served, options } = this.#member;
    const { contextOf, hasLease } = this.#options;
    const { methods } = this;
    this.#service = new Service({
      term,
      client: this.#client!,
      options,
      sender: this.#routesOf(term).sender,
      clock,
      self: link.self.workerId,
      served,
      contextOf,
      hasLease,
      report: error => this.#report(error),
      warn: text => this.#warnOnce(text),
    });
    link.sendControl({ k: 'ready', group: name, term, methods });
    this.#member.observe(observer => observer.methods(methods));
  }

  #report(error: unknown): void {
    this.#member.observe(observer => observer.error(error));
  }

  /** The next real client is of the same kind. */
  #warnOnce(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#member.warning(text);
  }

  /** Asks the primary to let it go, now or once a successor is prepared, and waits for its word. */
  yield(term: number, now: boolean): void {
    const { name: group, link, clock } = this.#member;
    const { drainTimeoutMs } = this.#member.options;
    link.sendControl({ k: 'yield', group, term, ...(now && { now }) });
    this.#yieldTimer?.clear();
    const ms = now ? Math.min(drainTimeoutMs, ANSWER_MS) : drainTimeoutMs;
    this.#yieldTimer = clock.setTimer(() => this.#options.play({ type: 'waited enough' }), ms);
  }

  /** Lets the calls in progress end. */
  drain(term: number): void {
    this.#yieldTimer?.clear();
    const { drainTimeoutMs } = this.#member.options;
    this.#service!.drain(drainTimeoutMs, () => this.#options.play({ type: 'drained', term }));
  }

  /** Starts nothing any more. @returns what served until now */
  stop(): Service | undefined {
    const service = this.#service;
    service?.stop();
    this.#service = undefined;
    return service;
  }

  /** Lets go of the real client, beginning in this very turn; waits for it no longer than it may. */
  async close(term: number): Promise<void> {
    this.#yieldTimer?.clear();
    const opening = this.#opening;
    this.#opening = undefined;
    this.#client = undefined;
    const done = opening && this.#inTime(opening.abandon(closed('The shared client')));
    this.#closing = { term, done };
    await done;
    await this.#leaveRoutes();
    this.#closing = undefined;
    this.#options.play({ type: 'closed', term });
  }

  async #leaveRoutes(): Promise<void> {
    const routes = this.#routes;
    this.#routes = undefined;
    await routes?.finish();
  }

  /** There is no primary any more. */
  destroyRoutes(): void {
    this.#routes?.destroy();
    this.#routes = undefined;
  }

  async #inTime(closing: Promise<void>): Promise<void> {
    const { drainTimeoutMs } = this.#member.options;
    const limit = defer();
    const timer = this.#member.clock.setTimer(() => {
      this.#member.warning(closesSlowly(drainTimeoutMs));
      limit.resolve();
    }, drainTimeoutMs);
    const done = closing.catch(error => this.#report(error));
    await Promise.race([done, limit.promise]);
    timer.clear();
  }
}
