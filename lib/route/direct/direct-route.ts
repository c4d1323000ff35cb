// A follower's direct route to the leader of one term. It uses the relay until a connection is open, and again if none can
// be opened.
//
//            WELCOME: SWITCH goes by the relay            connection broke, and none can be made: RESUME goes by the relay
//   relay ───────────────────────────────────► direct ─────────────────────────────────────────► resuming
//     ▲                                          ▲ │ broke                                           │
//     │                                          └─┘ HELLO and WELCOME carry what each end received  │
//     └──────────────────────────────────────────────────────────────────────────────────────────────┘
//                                        RESUMED comes by the relay

import { notTheLeader } from '../../errors/call-errors.js';
import { brokenFrame } from '../../errors/value-errors.js';
import { type Bundle, Kind } from '../../protocol/bundle.js';
import { type About, BundleBuilder } from '../../protocol/frames.js';
import { newId, nextNumber } from '../../protocol/ids.js';
import type { Outbox } from '../../protocol/outbox.js';
import type { Part } from '../../protocol/payload.js';
import type { DirectTransport } from '../../transport/direct.js';
import { backoffMs } from '../../utils/backoff.js';
import type { Clock, Timer } from '../../utils/clock.js';
import type { Route } from '../route.js';
import { FramedConnection } from './framed-connection.js';
import { answerChallenge } from './handshake.js';
import { Stream } from './stream.js';
import { type DirectHello, encodeHandshake, What } from './wire.js';

/** Address of the leader. */
export interface Address {
  readonly address: string;
  /** For a member: its own key; see `memberKey`. */
  readonly secret: string;
  /** Why there is no address. */
  readonly problem?: string | undefined;
}

export interface DirectRouteOptions {
  readonly group: string;
  readonly term: number;
  /** This worker's id. */
  readonly from: number;
  readonly clock: Clock;
  readonly transport: DirectTransport;
  readonly outbox: Outbox;
  /** The relay is never used. */
  readonly hasNoRelay: boolean;
  /** The leader is on another machine, whose clock is not this one's. */
  readonly isElsewhere?: boolean;
  /** Delivers a bundle of the leader. */
  deliver(bundle: Bundle): void;
  /** Reports that the route may have changed; see `kind`. With `problem`, data stays on the relay for that reason. */
  changed(problem?: string): void;
  /** The leader has given this member up: what it had is lost, and a new route is needed. Without a relay only. */
  gone(): void;
}

/** How long to wait for the leader's WELCOME before the next attempt. */
const WELCOME_MS = 5000;

/**
 * How long attempts fail before a warning. At first the likely cause is that the leader is dead and that the primary, which
 * may be busy, has not reported it yet.
 */
const WARN_MS = 500;

/**
 * Delay after a connection that worked has broken. Most often the leader is dead and the next one is being appointed; an
 * attempt that can only fail would take CPU time from that.
 */
export const RECONNECT_MS = 10;

/** How long sent data may take to leave when this process leaves the group. */
const LEAVE_MS = 1000;

type Way =
  | { readonly at: 'relay' }
  | { readonly at: 'direct'; readonly id: number; readonly stream: Stream }
  | { readonly at: 'resuming'; readonly id: number; readonly stream: Stream };

/** The bundle numbers that one stream carried; `to` is set once the stream has ended. */
interface SequenceRange {
  readonly from: number;
  readonly stream: Stream;
  to: number;
}

export class DirectRoute implements Route {
  readonly term: number;
  readonly #options: DirectRouteOptions;
  readonly #numbers = { last: 0 };
  readonly #ranges: SequenceRange[] = [];
  #way: Way = { at: 'relay' };
  #relayed: BundleBuilder | undefined;
  #address: Address | undefined;
  #line: FramedConnection | undefined;
  #isWelcome = false;
  /** Consecutive failed attempts and connections that carried nothing. */
  #failures = 0;
  /** When the first of them began. */
  #failsSince = 0;
  /** These failures have been reported. */
  #isReported = false;
  #timer: Timer | undefined;
  /** The leader knows the stream. */
  #hasBegun = false;
  #isOver = false;

  constructor(options: DirectRouteOptions) {
    this.term = options.term;
    this.#options = options;
    if (options.hasNoRelay) this.#begin(nextNumber()).release();
  }

  get kind(): 'relay' | 'direct' {
    return this.#way.at === 'direct' ? 'direct' : 'relay';
  }

  get isNextBundle(): boolean {
    if (this.#way.at !== 'relay') return this.#way.stream.isNextBundle;
    return !this.#relayed || this.#relayed.isFull;
  }

  get waitingBytes(): number {
    return this.#way.at === 'relay' ? this.#options.outbox.waitingBytes : this.#way.stream.waitingBytes;
  }

  get queuedBytes(): number {
    return this.#way.at === 'relay' ? 0 : this.#way.stream.queuedBytes;
  }

  send(kind: number, id: number, text: string, parts?: readonly Part[], about?: About): number {
    if (this.#way.at !== 'relay') return this.#way.stream.put(kind, id, text, parts, about);
    if (!this.#relayed || this.#relayed.isFull) {
      const { group, outbox } = this.#options;
      this.#relayed = new BundleBuilder(group, this.term, undefined, ++this.#numbers.last);
      outbox.open(this.#relayed);
    }
    this.#relayed.add(kind, id, text, parts, about);
    return this.#numbers.last;
  }

  flushEarly(inFlight: number): void {
    if (this.#way.at !== 'relay') this.#way.stream.flushEarly(inFlight);
    else if (this.#relayed!.isWorthAWrite(inFlight)) this.#options.outbox.flush();
  }

  /** On a stream, the leader may have a bundle once writing it has begun; on the relay, once the primary has it. */
  isInHands(bundle: number, received: number): boolean {
    const range = this.#ranges.find(({ from, to }) => bundle >= from && bundle <= to);
    return range ? range.stream.mayHaveArrived(bundle) : bundle <= received;
  }

  /** Sets the leader's address. An existing connection is kept. */
  offered(address: Address): void {
    const { problem } = address;
    if (problem !== undefined) {
      if (!this.#isWelcome) this.#options.changed(problem);
      return;
    }
    this.#address = address;
    if (!this.#line && !this.#isOver && this.#way.at !== 'resuming') this.#connect();
  }

  handle(kind: number, id: number, value: unknown): boolean {
    if (kind === Kind.SWITCHED) this.#switched(id);
    else if (kind === Kind.RESUMED) this.#resumed(id, Number(value));
    else return false;
    return true;
  }

  finish(done: () => void): void {
    const line = this.#stop();
    const finished = () => {
      line?.destroy();
      if (this.#way.at !== 'relay') this.#way.stream.release();
      done();
    };
    if (line && this.#isWelcome) line.connection.settle(finished);
    else finished();
  }

  leave(done: () => void): void {
    const line = this.#stop();
    if (!line || this.#way.at !== 'direct' || !this.#isWelcome) {
      line?.destroy();
      return done();
    }
    let isDone = false;
    const left = () => {
      if (isDone) return;
      isDone = true;
      timer.clear();
      line.destroy();
      done();
    };
    const timer = this.#options.clock.setTimer(left, LEAVE_MS);
    this.#way.stream.flush(true);
    line.connection.end(left);
  }

  destroy(): void {
    this.#stop()?.destroy();
  }

  /** Everything that the leader sent over the relay before the stream has arrived. */
  #switched(id: number): void {
    const way = this.#way;
    if (way.at !== 'relay' && way.id === id) way.stream.release();
  }

  /**
   * The leader has received the stream up to bundle `received`; the rest uses the relay. Without a preceding RESUME, the
   * leader accepts nothing more.
   */
  #resumed(id: number, received: number): void {
    const way = this.#way;
    if (way.at === 'relay' || way.id !== id) return;
    if (way.at === 'direct') return this.#final(way.stream, received);
    way.stream.release();
    this.#ranges.at(-1)!.to = received;
    this.#way = { at: 'relay' };
    for (const bundle of way.stream.takeRest(received)) this.#options.outbox.open(bundle.readdress());
    this.#options.changed();
    this.#retry();
  }

  #stop(): FramedConnection | undefined {
    this.#isOver = true;
    this.#timer?.clear();
    return this.#line;
  }

  #begin(id: number): Stream {
    const { group, clock, deliver } = this.#options;
    const stream = new Stream({ group, term: this.term, clock, numbers: this.#numbers, first: 1, deliver });
    this.#ranges.push({ from: this.#numbers.last + 1, stream, to: Number.POSITIVE_INFINITY });
    this.#way = { at: 'direct', id, stream };
    return stream;
  }

  // ---------------------------------------------------------------------------------------------- the connection

  #connect(): void {
    const way = this.#way;
    const { transport, clock, group, from, hasNoRelay, isElsewhere } = this.#options;
    const { address, secret } = this.#address!;
    const id = way.at === 'direct' ? way.id : nextNumber();
    const received = way.at === 'direct' ? way.stream.received : 0;
    const goesOn = way.at === 'direct' && this.#hasBegun;
    const hello: DirectHello = {
      group,
      term: this.term,
      nonce: newId(),
      from,
      stream: id,
      goesOn,
      received,
      hasNoRelay,
    };
    let isProved = false;
    const line = new FramedConnection({
      fields: (what, fields) => {
        if (isProved) return this.#handshake(id, what, fields);
        const now = isElsewhere ? clock.now() : undefined;
        const proof = what === What.CHALLENGE ? answerChallenge(hello, secret, fields, now) : undefined;
        if (!proof) throw notTheLeader(address);
        isProved = true;
        line.trust();
        line.connection.write([encodeHandshake(What.PROOF, proof)]);
      },
      ack: number => {
        this.#failures = 0;
        this.#stream.acked(number);
      },
      final: number => this.#final(this.#stream, number),
      bundle: (number, acked, bundle) => {
        this.#stream.acked(acked);
        if (!this.#stream.receive(number, bundle)) throw brokenFrame('a number', 'the next');
        this.#failures = 0;
      },
      drained: () => this.#isWelcome && this.#stream.drained(),
      closed: problem => this.#closed(problem),
    });
    this.#line = line;
    this.#isWelcome = false;
    if (this.#failures === 0) this.#failsSince = clock.now();
    line.connection = transport.connect(address, line.events);
    line.connection.write([encodeHandshake(What.HELLO, hello)]);
    this.#timer?.clear();
    this.#timer = clock.setTimer(() => {
      line.destroy();
      this.#closed(new Error(`the leader did not answer within ${WELCOME_MS} ms`));
    }, WELCOME_MS);
  }

  /** The stream of the connection. */
  get #stream(): Stream {
    if (this.#way.at !== 'direct' || !this.#isWelcome) throw brokenFrame('what came first', 'a welcome');
    return this.#way.stream;
  }

  #handshake(id: number, what: number, fields: unknown): void {
    if (what === What.CLOCK && this.#isWelcome) {
      const now = this.#options.clock.now();
      return void this.#line!.connection.write([encodeHandshake(What.CLOCK, { now })]);
    }
    if (what === What.GONE && !this.#isWelcome) {
      this.destroy();
      return this.#options.gone();
    }
    const { received } = (fields ?? {}) as { received?: unknown };
    if (what !== What.WELCOME || this.#isWelcome || !Number.isSafeInteger(received))
      throw brokenFrame('what came first', 'a welcome');
    this.#timer?.clear();
    this.#isWelcome = true;
    if (this.#way.at === 'relay') {
      this.#sendByRelay(Kind.SWITCH, id, String(this.#numbers.last + 1));
      this.#relayed = undefined;
      this.#begin(id);
    }
    this.#hasBegun = true;
    this.#stream.attach(this.#line!.connection, received as number);
    this.#options.changed();
  }

  /** The leader accepts nothing more in this term. */
  #final(stream: Stream, received: number): void {
    stream.final = received;
    stream.detach();
    this.#isOver = true;
  }

  #closed(problem: Error | undefined): void {
    this.#timer?.clear();
    this.#line = undefined;
    const wasWelcome = this.#isWelcome;
    this.#isWelcome = false;
    if (this.#way.at === 'direct') this.#way.stream.detach();
    if (this.#isOver) return;
    const now = this.#options.clock.now();
    const isFirst = this.#failures++ === 0;
    if (isFirst) this.#isReported = false;
    // The connection worked until now.
    if (isFirst && wasWelcome) this.#failsSince = now;
    if (this.#way.at === 'direct') {
      if (wasWelcome && isFirst) return this.#retry(RECONNECT_MS);
      if (!this.#options.hasNoRelay) return this.#resume();
    }
    if (!this.#isReported && now - this.#failsSince >= WARN_MS) {
      this.#isReported = true;
      this.#options.changed(problem?.message ?? 'the leader closed the connection');
    }
    this.#retry();
  }

  #resume(): void {
    const { id, stream } = this.#way as Extract<Way, { stream: Stream }>;
    this.#way = { at: 'resuming', id, stream };
    this.#hasBegun = false;
    this.#sendByRelay(Kind.RESUME, id, String(stream.received));
  }

  #retry(ms = backoffMs(this.#failures)): void {
    if (this.#isOver) return;
    this.#timer = this.#options.clock.setTimer(() => this.#connect(), ms);
  }

  /** In a bundle without a number, because it carries no calls. */
  #sendByRelay(kind: number, id: number, text: string): void {
    const bundle = new BundleBuilder(this.#options.group, this.term);
    bundle.add(kind, id, text);
    bundle.sealed = true;
    this.#options.outbox.open(bundle);
  }
}
