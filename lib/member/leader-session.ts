// What a member holds for the term that it leads or prepares for: the real client from the order to open it until it is
// closed, the service, and the routes to the members. The role decides what happens and when.

import { encodeError } from '../codec/encode-error.js';
import { MAX_CONTROL_ERROR } from '../codec/limits.js';
import { debug } from '../diagnostics/debug-log.js';
import { closed } from '../errors/call-errors.js';
import { textOf } from '../errors/show.js';
import { closesSlowly } from '../errors/warnings.js';
import { handBack } from '../leader/hand-back.js';
import type { HostHooks } from '../leader/host-hooks.js';
import { joinFleet } from '../leader/hosted-group.js';
import { type Opening, RealClient, type RealClientHandlers } from '../leader/real-client.js';
import type { ServedClient } from '../leader/served-client.js';
import { Service } from '../leader/service.js';
import type { ServiceOptions } from '../leader/service-options.js';
import type { Bundle } from '../protocol/bundle.js';
import type { Timer } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import { createSender, LeaderRoutes } from './leader-routes.js';
import type { MemberContext } from './member-context.js';
import type { RoleEvent } from './role.js';

/** A primary that has nothing to wait for and does not answer within this time is assumed to hang. */
const ANSWER_MS = 1000;

export interface LeaderSessionOptions extends Pick<ServiceOptions, 'contextOf' | 'hasLease'> {
  play(event: RoleEvent): void;
  /** Reads the frames that the leader sends to its own member. */
  read(bundle: Bundle): void;
  /** The real client could not be opened here. */
  openFailed(error: unknown): void;
}

export class LeaderSession {
  readonly #member: MemberContext;
  readonly #options: LeaderSessionOptions;
  #opening: Opening | undefined;
  #client: ServedClient | undefined;
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

  /** Resolves once the previous real client is closed; undefined if none is being closed. */
  get closing(): Promise<void> | undefined {
    return this.#closing?.done;
  }

  /** Bytes that wait for the lease, for their turn, or to leave this process. */
  get queuedBytes(): number {
    return (this.#service?.heldBytes ?? 0) + (this.#routes?.direct?.queuedBytes ?? 0);
  }

  /** Frames that arrived by the relay. They may have to wait for earlier ones on the member's direct connection. */
  receive(bundle: Bundle): void {
    const direct = this.#routes?.direct;
    if (direct?.term === bundle.t) direct.relayed(bundle);
    else this.#serve(bundle);
  }

  #serve(bundle: Bundle): void {
    if (this.#service?.term === bundle.t) this.#service.receive(bundle);
    // Until the primary knows that the real client is closed, calls still arrive.
    else if (this.#closing?.term === bundle.t) handBack(bundle, this.#senderOf(bundle.t));
  }

  /** If the term was never served there are no routes, so a sender is created. */
  #senderOf(term: number) {
    return this.#routes?.term === term ? this.#routes.sender : createSender(term, this.#member, this.#options.read);
  }

  /** This member will lead in this term. Without a relay, members connect now, so that nothing waits for that later. */
  expect(term: number): void {
    if (this.#member.link.direct?.hasNoRelay) this.#routesOf(term);
  }

  #routesOf(term: number): LeaderRoutes {
    if (this.#routes?.term !== term)
      this.#routes = new LeaderRoutes(term, this.#member, this.#options.read, bundle => this.#serve(bundle));
    return this.#routes;
  }

  async open(term: number): Promise<void> {
    const { source, options, clock, context, link } = this.#member;
    const { play, openFailed, hasLease } = this.#options;
    const handlers: RealClientHandlers = {
      broken: error => {
        debug(source, () => `its real client is lost (term ${term}): ${textOf(error)}`);
        // Errors that a client emits while it is being closed are not reported.
        if (this.#opening === opening) this.#report(error);
        play({ type: 'broken', term, error: encodeError(error, MAX_CONTROL_ERROR) });
      },
      error: error => this.#report(error),
      reconnected: () => this.#service?.reconnected(),
      event: (event, args) => this.#service?.event(event, args),
      warn: text => this.#warnOnce(text),
    };
    const { drainTimeoutMs } = options;
    const hooks: HostHooks = { clock, life: link.primaryLife, drainTimeoutMs, hasLease };
    const { across } = options;
    const open = () =>
      across ? joinFleet(across, { options, term, hooks, handlers }) : RealClient.open(options, term, hooks, handlers);
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

  /** Serves calls from now on, and notifies the primary. */
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
    if (!options.across) this.#member.observe(observer => observer.methods(methods));
  }

  #report(error: unknown): void {
    this.#member.observe(observer => observer.error(error));
  }

  /** The next real client is of the same kind, so each warning is emitted once. */
  #warnOnce(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#member.warning(text);
  }

  /** Asks the primary to end the term, now or once a successor is prepared, and waits for its answer. */
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

  /** Starts no further calls. @returns the service until now */
  stop(): Service | undefined {
    const service = this.#service;
    service?.stop();
    this.#service = undefined;
    return service;
  }

  /** Closes the real client, starting synchronously; waits at most `drainTimeoutMs`. */
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
