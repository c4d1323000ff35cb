// The leader's service in one term. Frames enter through the lease gate and are dispatched to the running calls, the topics
// or the sticky publications.

import { type Bundle, Kind } from '../protocol/bundle.js';
import type { FrameView } from '../protocol/frame-reader.js';
import { type FrameHandler, LeaseGate } from './lease-gate.js';
import { RunningCalls } from './running-calls.js';
import type { Sender } from './sender.js';
import type { ServiceOptions } from './service-options.js';
import { StickyRegister } from './sticky-register.js';
import { Suspects } from './suspects.js';
import { Topics } from './topics.js';
import { UpstreamEvents } from './upstream-events.js';

export class Service implements FrameHandler {
  readonly term: number;
  readonly sender: Sender;
  /** The number of the last bundle from each member, by worker. */
  readonly received = new Map<number, number>();
  readonly #options: ServiceOptions;
  readonly #gate: LeaseGate;
  readonly #suspects: Suspects;
  readonly #sticky: StickyRegister;
  readonly #calls: RunningCalls;
  readonly #topics: Topics;
  readonly #events: UpstreamEvents;
  #state: 'serving' | 'draining' | 'stopped' = 'serving';

  constructor(options: ServiceOptions) {
    this.term = options.term;
    this.sender = options.sender;
    this.#options = options;
    this.#gate = new LeaseGate(options, this);
    this.#suspects = new Suspects(this.#gate, options.sender);
    this.#sticky = new StickyRegister(options);
    this.#calls = new RunningCalls(options, { gate: this.#gate, suspects: this.#suspects, sticky: this.#sticky });
    this.#topics = new Topics(options, this.#suspects);
    this.#events = new UpstreamEvents(options);
  }

  /** Bytes that wait for the lease, for their turn, or for the primary to read. */
  get heldBytes(): number {
    return this.#gate.heldBytes + this.sender.keptBytes;
  }

  hasLease(): boolean {
    return this.#options.hasLease(this.#options.clock.now());
  }

  /** Frames of a member. A bundle without `f` is from the primary. */
  receive(bundle: Bundle): void {
    if (this.#state === 'stopped') return;
    const { f, n } = bundle;
    // Bundles arrive in order, except for withdrawals that the primary had no space for: they arrive later, with their old
    // number.
    if (f !== undefined && n !== undefined && n > (this.received.get(f) ?? 0)) this.received.set(f, n);
    this.#gate.receive(bundle);
  }

  /** @returns false if the frame has to wait after all */
  handle(from: number, frame: FrameView, now: number): boolean {
    switch (frame.kind) {
      case Kind.CALL:
      case Kind.ONEWAY:
      case Kind.PUBLISH:
      case Kind.UNPUBLISH:
        if (this.#state !== 'draining') return this.#calls.handle(from, frame, now);
        this.sender.to(from, Kind.RETURNED, frame.id, '0');
        break;
      case Kind.SUSPECT:
        this.#suspects.add(from, frame.id);
        break;
      case Kind.CANCEL:
        this.#calls.cancel(from, frame);
        break;
      case Kind.PULL:
        this.#calls.pull(from, frame);
        break;
      case Kind.ITEM:
      case Kind.ITEMS_END:
        this.#calls.input(from, frame);
        break;
      case Kind.SUBSCRIBE:
        // Members subscribe with the next leader by themselves, so nothing has to be returned.
        return this.#state === 'draining' || this.#topics.subscribe(from, frame);
      case Kind.UNSUBSCRIBE:
        this.#topics.unsubscribe(from, frame.id);
    }
    return true;
  }

  /** A member left or died. */
  memberLeft(workerId: number): void {
    this.#calls.memberLeft(workerId);
    this.#topics.memberLeft(workerId);
    this.#suspects.memberLeft(workerId);
    this.#sticky.memberLeft(workerId);
  }

  /** An event of the real client. */
  event(event: string, args: unknown[]): void {
    if (this.#state !== 'stopped') this.#events.add(event, args);
  }

  /** The real client reconnected by itself: subscribers may have missed values. */
  reconnected(): void {
    if (this.#state !== 'stopped') this.#topics.reconnected();
  }

  /** The lease is valid again. */
  release(): void {
    if (this.#state === 'stopped' || !this.hasLease()) return;
    this.#calls.release();
    this.#topics.release();
    this.#events.release();
    this.#gate.schedule();
  }

  /**
   * Starts no further calls: those that wait go to the next leader. Calls `done` once the others have ended, or after `ms`.
   */
  drain(ms: number, done: () => void): void {
    this.#returnWaiting();
    this.#calls.drain(ms, done);
  }

  /** Ends the term here. Nothing is sent in it any more. */
  stop(): void {
    if (this.#state === 'stopped') return;
    this.#returnWaiting();
    this.sender.end();
    this.#state = 'stopped';
    this.#gate.close();
    this.#calls.stop();
    this.#topics.stop();
  }

  #returnWaiting(): void {
    this.#state = 'draining';
    this.#gate.open();
  }
}
