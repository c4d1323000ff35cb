// A leader's parts without a member: a real client to play with, and what is said to whom.

import type { HostHooks } from '../../../lib/leader/host-hooks.js';
import { RealClient, type RealClientHandlers } from '../../../lib/leader/real-client.js';
import { type Lanes, Sender } from '../../../lib/leader/sender.js';
import { type MemberOptions, resolveCreateArguments } from '../../../lib/options/options.js';
import type { Bundle } from '../../../lib/protocol/bundle.js';
import type { Packet } from '../../../lib/protocol/messages.js';
import { Outbox } from '../../../lib/protocol/outbox.js';
import type { Clock } from '../../../lib/utils/clock.js';
import { UnitClock } from '../clocks/unit-clock.js';
import { bundlesOf, frameWords } from './frames.js';

export function memberOptions(open: () => unknown, given: object = {}): MemberOptions {
  const defaults = { eligible: true, drainTimeoutMs: 5000 };
  return resolveCreateArguments({ name: 'g', open, ...given }, undefined, defaults).member;
}

/** The leader is worker 1, in term 5. */
export const SELF = 1;
export const TERM = 5;

export class UnitSender {
  readonly clock: UnitClock;
  readonly packets: Packet[] = [];
  readonly here: Bundle[] = [];
  readonly outbox: Outbox;
  readonly maxQueuedBytes = 16 * 1024 * 1024;
  /** The primary doesn't read. */
  isStuck = false;
  readonly #unwritten: (() => void)[] = [];
  readonly #whenRoom: (() => void)[] = [];
  readonly sender: Sender;

  constructor(clock = new UnitClock(), lanes?: Lanes) {
    this.clock = clock;
    this.outbox = new Outbox({
      clock: this.clock,
      version: 1,
      link: 7,
      direction: 'up',
      carriesBytes: true,
      send: (packet, written) => {
        this.packets.push(packet);
        if (this.isStuck) this.#unwritten.push(written);
        else this.clock.defer(written);
      },
      onRoom: () => {
        for (const callback of this.#whenRoom.splice(0)) callback();
      },
    });
    this.sender = new Sender({
      group: 'g',
      term: TERM,
      self: SELF,
      clock: this.clock,
      outbox: this.outbox,
      maxQueuedBytes: this.maxQueuedBytes,
      whenRoom: callback => this.#whenRoom.push(callback),
      deliverHere: bundle => this.here.push(bundle),
      lanes,
    });
  }

  /** The primary reads so many packets, or all. */
  free(count = Number.POSITIVE_INFINITY): void {
    this.clock.turn();
    if (count === Number.POSITIVE_INFINITY) this.isStuck = false;
    for (let i = 0; i < count && this.#unwritten.length > 0; i++) {
      this.#unwritten.shift()!();
      this.clock.turn();
    }
  }

  /** What was said since this was last asked, in the order said: `2 RESULT 7 "a"`; first what was for the leader itself. */
  said(): string[] {
    this.clock.turn();
    const here = frameWords(this.here.splice(0)).map(words => `${SELF} ${words}`);
    const bundles = this.packets.splice(0).flatMap(bundlesOf);
    return [...here, ...bundles.flatMap(bundle => frameWords([bundle]).map(words => `${String(bundle.to)} ${words}`))];
  }
}

/** What a real client said of its own accord. */
export class HeardClient implements RealClientHandlers {
  readonly received: string[] = [];

  broken = (error: unknown): void => this.#write('broken', error);
  error = (error: unknown): void => this.#write('error', error);
  reconnected = (): void => void this.received.push('reconnected');
  event = (event: string, args: unknown[]): void => void this.received.push(`event ${event} ${JSON.stringify(args)}`);
  warn = (text: string): void => void this.received.push(`warning ${text}`);

  #write(what: string, error: unknown): void {
    this.received.push(`${what} ${error instanceof Error ? error.message : error}`);
  }
}

export const hostHooks = (clock: Clock): HostHooks => ({
  clock,
  life: 'the primary',
  drainTimeoutMs: 5000,
  hasLease: () => true,
});

export function openReal(client: object, given: object = {}, clock = new UnitClock()): Promise<RealClient> {
  return RealClient.open(
    memberOptions(() => client, given),
    TERM,
    hostHooks(clock),
    new HeardClient(),
  ).ready;
}
