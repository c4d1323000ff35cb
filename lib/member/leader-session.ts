// What a member holds for the term that it leads, or prepares for: its real client from the order to open it until it is
// closed, the service in between, and the routes to its members. Its role decides what it does, and when.

import { encodeError } from '../codec/encode-error.js';
import { MAX_CONTROL_ERROR } from '../codec/limits.js';
import { debug } from '../diagnostics/debug-log.js';
import type { GroupMessage } from '../diagnostics/messages.js';
import { closed, textOf } from '../errors/errors.js';
import { closesSlowly } from '../errors/warnings.js';
import { handBack } from '../leader/hand-back.js';
import { type Opening, RealClient, type RealClientHandlers } from '../leader/real-client.js';
import { Service } from '../leader/service.js';
import type { Served } from '../metrics/served.js';
import type { MemberOptions } from '../options/options.js';
import type { Bundle } from '../protocol/messages.js';
import type { AsyncContext } from '../utils/async-context.js';
import type { Clock, Timer } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import type { Calls } from './calls.js';
import { createSender, LeaderRoutes } from './leader-routes.js';
import type { Link } from './link.js';
import type { MemberObserver } from './observer.js';
import type { RoleEvent } from './role.js';
import type { RouteProblem } from './route-problem.js';

/** The member whose session it is. */
export interface Holder {
  readonly name: string;
  readonly options: MemberOptions;
  readonly link: Link;
  readonly clock: Clock;
  /** Of the code that asked for the client. */
  readonly context: AsyncContext;
  readonly calls: Pick<Calls, 'contextOf'>;
  /** Counts the calls that ran. */
  readonly served: Served;
  /** The real client could not be opened here. */
  openFailed(error: unknown): void;
  warning(text: string): void;
  observe(say: (observer: MemberObserver) => void): void;
}

/** A primary that has nothing to wait for, and doesn't answer for so long, is taken to hang. */
const ANSWER_MS = 1000;

export interface LeaderSessionOptions {
  readonly member: Holder;
  /** Whose lines NODE_DEBUG prints. */
  readonly source: GroupMessage;
  readonly problem: RouteProblem;
  play(event: RoleEvent): void;
  /** What the leader says to its own member. */
  read(bundle: Bundle): void;
  hasLease(now: number): boolean;
}

export class LeaderSession {
  readonly #options: LeaderSessionOptions;
  #opening: Opening | undefined;
  #client: RealClient | undefined;
  #service: Service | undefined;
  #routes: LeaderRoutes | undefined;
  #closing: { readonly term: number; readonly done: Promise<void> | undefined } | undefined;
  #yieldTimer: Timer | undefined;
  readonly #warned = new Set<string>();

  constructor(options: LeaderSessionOptions) {
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
    const { member, read } = this.#options;
    if (this.#routes?.term === term) return this.#routes.sender;
    return createSender(term, { group: member.name, link: member.link, read });
  }

  /** It will lead in this term. Without a relay the others are told where to connect, so that nobody waits for that then. */
  expect(term: number): void {
    if (this.#options.member.link.direct?.hasNoRelay) this.#routesOf(term);
  }

  #routesOf(term: number): LeaderRoutes {
    if (this.#routes?.term === term) return this.#routes;
    const { member, problem, read } = this.#options;
    const { name, link } = member;
    const warn = (text: string) => member.warning(text);
    const deliver = (bundle: Bundle) => this.#serve(bundle);
    this.#routes = new LeaderRoutes(term, { group: name, link, problem, read, deliver, warn });
    return this.#routes;
  }

  async open(term: number): Promise<void> {
    const { member, source, play } = this.#options;
    const handlers: RealClientHandlers = {
      broken: error => {
        debug(source, () => `its real client is lost (term ${term}): ${textOf(error)}`);
        // What a client says of itself while it is closed is no news.
        if (this.#opening === opening) this.#report(error);
        play({ type: 'broken', term, error: encodeError(error, MAX_CONTROL_ERROR) });
      },
      error: error => this.#report(error),
      event: (event, args) => this.#service?.event(event, args),
      warn: text => this.#warnOnce(text),
    };
    const open = () => RealClient.open(member.options, term, member.clock, handlers);
    const opening: Opening = member.context.runInAsyncScope(open);
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
      member.openFailed(error);
      play({ type: 'open failed', term, error: encodeError(error, MAX_CONTROL_ERROR) });
    }
  }

  /** Serves calls from now on, and tells the primary. */
  serve(term: number): void {
    const { member, hasLease } = this.#options;
    const { name, link, clock, served, options } = member;
    const { methods } = this;
    this.#service = new Service({
      term,
      client: this.#client!,
      options,
      sender: this.#routesOf(term).sender,
      clock,
      self: link.self.workerId,
      served,
      contextOf: id => member.calls.contextOf(id),
      hasLease,
      report: error => this.#report(error),
      warn: text => this.#warnOnce(text),
    });
    link.sendControl({ k: 'ready', group: name, term, methods });
    member.observe(observer => observer.methods(methods));
  }

  #report(error: unknown): void {
    this.#options.member.observe(observer => observer.error(error));
  }

  /** The next real client is of the same kind. */
  #warnOnce(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#options.member.warning(text);
  }

  /** Asks the primary to let it go, now or once a successor is prepared, and waits for its word. */
  yield(term: number, now: boolean): void {
    const { member, play } = this.#options;
    const { drainTimeoutMs } = member.options;
    member.link.sendControl({ k: 'yield', group: member.name, term, ...(now && { now }) });
    this.#yieldTimer?.clear();
    const ms = now ? Math.min(drainTimeoutMs, ANSWER_MS) : drainTimeoutMs;
    this.#yieldTimer = member.clock.setTimer(() => play({ type: 'waited enough' }), ms);
  }

  /** Lets the calls in progress end. */
  drain(term: number): void {
    const { member, play } = this.#options;
    this.#yieldTimer?.clear();
    this.#service!.drain(member.options.drainTimeoutMs, () => play({ type: 'drained', term }));
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
    const { member } = this.#options;
    const { drainTimeoutMs } = member.options;
    const limit = defer();
    const timer = member.clock.setTimer(() => {
      member.warning(closesSlowly(drainTimeoutMs));
      limit.resolve();
    }, drainTimeoutMs);
    const done = closing.catch(error => this.#report(error));
    await Promise.race([done, limit.promise]);
    timer.clear();
  }
}
