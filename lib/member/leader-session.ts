// What a member holds for the term it leads, or prepares to: its real client from the order to open it until it is
// closed, and the service in between. What it is to do, and when, its role decides.

import { encodeError } from '../codec/encode-error.js';
import { MAX_CONTROL_ERROR } from '../codec/limits.js';
import { debug } from '../diagnostics/debug-log.js';
import type { GroupMessage } from '../diagnostics/messages.js';
import { closed, textOf } from '../errors/errors.js';
import { closesSlowly } from '../errors/warnings.js';
import { type Opening, RealClient, type RealClientHandlers } from '../leader/real-client.js';
import { Sender } from '../leader/sender.js';
import { Service } from '../leader/service.js';
import type { Served } from '../metrics/served.js';
import type { MemberOptions } from '../options/options.js';
import type { Bundle } from '../protocol/messages.js';
import type { AsyncContext } from '../utils/async-context.js';
import type { Clock, Timer } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import type { Calls } from './calls.js';
import type { Link } from './link.js';
import type { MemberObserver } from './observer.js';
import type { RoleEvent } from './role.js';
import type { Routes } from './routes.js';

/** What is needed of the member itself. */
export interface Holder {
  readonly name: string;
  readonly options: MemberOptions;
  readonly link: Link;
  readonly clock: Clock;
  /** Of the code that asked for the client. */
  readonly context: AsyncContext;
  readonly calls: Pick<Calls, 'contextOf'>;
  /** Where it is counted what ran. */
  readonly served: Served;
  /** The real client could not be opened here. */
  openFailed(error: unknown): void;
  warning(text: string): void;
}

/** A primary that has nothing to wait for, and doesn't answer for so long, is taken to hang. */
const ANSWER_MS = 1000;

export interface LeaderSessionOptions {
  readonly member: Holder;
  readonly routes: Routes;
  /** Whose lines NODE_DEBUG prints. */
  readonly teller: GroupMessage;
  play(event: RoleEvent): void;
  observe(say: (observer: MemberObserver) => void): void;
  /** What the leader says to its own member. */
  read(bundle: Bundle): void;
  hasLease(now: number): boolean;
}

export class LeaderSession {
  readonly #options: LeaderSessionOptions;
  #opening: Opening | undefined;
  #client: RealClient | undefined;
  #service: Service | undefined;
  #closing: Promise<void> | undefined;
  /** By which the last term that was served here speaks. */
  #sender: Sender | undefined;
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

  /** Resolves once the last real client that was let go of is closed. */
  get closing(): Promise<void> | undefined {
    return this.#closing;
  }

  /** It will serve this term. */
  expect(term: number): void {
    this.#options.routes.expect(term, () => this.#sender!);
  }

  async open(term: number): Promise<void> {
    const { member, teller, play, observe } = this.#options;
    const handlers: RealClientHandlers = {
      broken: error => {
        debug(teller, () => `its real client is lost (term ${term}): ${textOf(error)}`);
        // What a client says of itself while it is closed is no news.
        if (this.#opening === opening) observe(observer => observer.error(error));
        play({ type: 'broken', term, error: encodeError(error, MAX_CONTROL_ERROR) });
      },
      error: error => observe(observer => observer.error(error)),
      reconnected: () => this.#service?.reconnected(),
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
      debug(teller, () => `its real client is open (term ${term})`);
      play({ type: 'opened', term });
    } catch (error) {
      if (this.#opening !== opening) return;
      debug(teller, () => `could not open the real client (term ${term}): ${textOf(error)}`);
      member.openFailed(error);
      play({ type: 'open failed', term, error: encodeError(error, MAX_CONTROL_ERROR) });
    }
  }

  /** Serves calls from now on, and tells the primary. */
  serve(term: number): void {
    const { member, routes, observe, hasLease } = this.#options;
    const { name, link, clock, served, options } = member;
    const { methods } = this;
    const sender = this.senderOf(
      term,
      routes.lead(term, () => this.#sender!),
    );
    this.#sender = sender;
    this.#service = new Service({
      term,
      client: this.#client!,
      options,
      sender,
      clock,
      self: link.self.workerId,
      served,
      contextOf: id => member.calls.contextOf(id),
      hasLease,
      report: error => observe(observer => observer.error(error)),
      warn: text => this.#warnOnce(text),
    });
    link.sendControl({ k: 'ready', group: name, term, methods });
    observe(observer => observer.methods(methods));
  }

  /** The next real client is of the same kind. */
  #warnOnce(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#options.member.warning(text);
  }

  /** By which a term that was served here speaks. */
  senderOf(term: number, lanes = this.#options.routes.lanesOf(term)): Sender {
    const { member, read } = this.#options;
    const { name, link, clock } = member;
    return new Sender({
      group: name,
      term,
      self: link.self.workerId,
      clock,
      outbox: link.outbox,
      maxQueuedBytes: link.maxQueuedBytes,
      whenRoom: callback => link.whenRoom(callback),
      deliverHere: read,
      lanes,
    });
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
    const { routes, play } = this.#options;
    this.#yieldTimer?.clear();
    const opening = this.#opening;
    this.#opening = undefined;
    this.#client = undefined;
    this.#closing = opening && this.#inTime(opening.abandon(closed('The shared client')));
    await this.#closing;
    await routes.stopLeading();
    play({ type: 'closed', term });
  }

  async #inTime(closing: Promise<void>): Promise<void> {
    const { member, observe } = this.#options;
    const { drainTimeoutMs } = member.options;
    const limit = defer();
    const timer = member.clock.setTimer(() => {
      member.warning(closesSlowly(drainTimeoutMs));
      limit.resolve();
    }, drainTimeoutMs);
    const done = closing.catch(error => observe(observer => observer.error(error)));
    await Promise.race([done, limit.promise]);
    timer.clear();
  }
}
