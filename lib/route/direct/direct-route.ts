// A follower's way to the leader of one term, past the primary: the relay until a connection is there, and again where
// none can be had.
//
//            WELCOME: SWITCH goes by the relay            connection broke, and none can be made: RESUME goes by the relay
//   relay ───────────────────────────────────► direct ─────────────────────────────────────────► resuming
//     ▲                                          ▲ │ broke                                           │
//     │                                          └─┘ HELLO and WELCOME say how far each end got      │
//     └──────────────────────────────────────────────────────────────────────────────────────────────┘
//                                        RESUMED comes by the relay

import { brokenFrame, notTheLeader } from '../../errors/errors.js';
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
import { type DirectHello, encodeWords, What } from './wire.js';

/** Where the leader can be reached. */
export interface Address {
  readonly address: string;
  /** To members it is told as their own key; see `memberKey`. */
  readonly secret: string;
  /** Why there is none. */
  readonly problem?: string | undefined;
}

export interface DirectRouteOptions {
  readonly group: string;
  readonly term: number;
  /** Our own worker. */
  readonly from: number;
  readonly clock: Clock;
  readonly transport: DirectTransport;
  readonly outbox: Outbox;
  /** Nothing goes by the relay, whatever happens. */
  readonly hasNoRelay: boolean;
  /** A bundle of the leader's. */
  deliver(bundle: Bundle): void;
  /** Our data may take another route from now on: `kind` tells. With `problem` it stays on the relay, for that reason. */
  changed(problem?: string): void;
}

/** A leader that doesn't answer for so long is tried again. */
const WELCOME_MS = 5000;

/**
 * For how long attempts fail before it is told: at first it is likely that the leader is dead, and that the primary, which
 * may be busy, hasn't said so yet.
 */
const WARN_MS = 500;

/**
 * A connection that had carried something may just have broken. Most often its leader is dead, though, and the next one is
 * being appointed: an attempt that can only fail would take the processor from that.
 */
export const RECONNECT_MS = 10;

/** How long what was sent may take to leave when this process leaves the group. */
const LEAVE_MS = 1000;

type Way =
  | { readonly at: 'relay' }
  | { readonly at: 'direct'; readonly id: number; readonly stream: Stream }
  | { readonly at: 'resuming'; readonly id: number; readonly stream: Stream };

/** Bundles that went by a stream, by their numbers; `to` once it is over. */
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
  /** Attempts that failed, and connections that carried nothing, in a row. */
  #failures = 0;
  /** When the first of them began. */
  #failsSince = 0;
  /** Of these failures it was told. */
  #isTold = false;
  #timer: Timer | undefined;
  /** The leader knows of the stream. */
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

  /** By a stream: the leader's from when it began to be written. By the relay: from when the primary had it. */
  isInHands(bundle: number, received: number): boolean {
    const range = this.#ranges.find(({ from, to }) => bundle >= from && bundle <= to);
    return range ? range.stream.mayHaveArrived(bundle) : bundle <= received;
  }

  /** The leader can be reached here; what is connected already stays so. */
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

  /** All that the leader sent by the relay before the stream has come. */
  #switched(id: number): void {
    const way = this.#way;
    if (way.at !== 'relay' && way.id === id) way.stream.release();
  }

  /** The leader had all of the stream up to bundle `received`; the rest goes by the relay. Unasked: it takes nothing more. */
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
    const { transport, clock, group, from, hasNoRelay } = this.#options;
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
      words: (what, words) => {
        if (isProved) return this.#words(id, what, words);
        const proof = what === What.CHALLENGE ? answerChallenge(hello, secret, words) : undefined;
        if (!proof) throw notTheLeader(address);
        isProved = true;
        line.trust();
        line.connection.write([encodeWords(What.PROOF, proof)]);
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
    line.connection.write([encodeWords(What.HELLO, hello)]);
    this.#timer?.clear();
    this.#timer = clock.setTimer(() => {
      line.destroy();
      this.#closed(new Error(`the leader did not answer within ${WELCOME_MS} ms`));
    }, WELCOME_MS);
  }

  /** The stream that the connection belongs to. */
  get #stream(): Stream {
    if (this.#way.at !== 'direct' || !this.#isWelcome) throw brokenFrame('what came first', 'a welcome');
    return this.#way.stream;
  }

  #words(id: number, what: number, words: unknown): void {
    const { received } = (words ?? {}) as { received?: unknown };
    if (what !== What.WELCOME || this.#isWelcome || !Number.isSafeInteger(received))
      throw brokenFrame('what came first', 'a welcome');
    this.#timer?.clear();
    this.#isWelcome = true;
    if (this.#way.at === 'relay') {
      this.#tellByRelay(Kind.SWITCH, id, String(this.#numbers.last + 1));
      this.#relayed = undefined;
      this.#begin(id);
    }
    this.#hasBegun = true;
    this.#stream.attach(this.#line!.connection, received as number);
    this.#options.changed();
  }

  /** The leader takes nothing more in this term. */
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
    if (isFirst) this.#isTold = false;
    // Until now it worked.
    if (isFirst && wasWelcome) this.#failsSince = now;
    if (this.#way.at === 'direct') {
      if (wasWelcome && isFirst) return this.#retry(RECONNECT_MS);
      if (!this.#options.hasNoRelay) return this.#resume();
    }
    if (!this.#isTold && now - this.#failsSince >= WARN_MS) {
      this.#isTold = true;
      this.#options.changed(problem?.message ?? 'the leader closed the connection');
    }
    this.#retry();
  }

  #resume(): void {
    const { id, stream } = this.#way as Extract<Way, { stream: Stream }>;
    this.#way = { at: 'resuming', id, stream };
    this.#hasBegun = false;
    this.#tellByRelay(Kind.RESUME, id, String(stream.received));
  }

  #retry(ms = backoffMs(this.#failures)): void {
    if (this.#isOver) return;
    this.#timer = this.#options.clock.setTimer(() => this.#connect(), ms);
  }

  /** In a bundle that has no number: it's nobody's call. */
  #tellByRelay(kind: number, id: number, text: string): void {
    const bundle = new BundleBuilder(this.#options.group, this.term);
    bundle.add(kind, id, text);
    bundle.sealed = true;
    this.#options.outbox.open(bundle);
  }
}
