// Writes this worker's packets into the log and numbers them. The times of claims are stored until these are read back.

import type { Claim, State } from '../protocol/bus-frames.js';
import { type BusPacket, type ControlFrame, MARKER, PROTOCOL_VERSIONS } from '../protocol/messages.js';
import type { Bus } from '../transport/bus.js';
import type { Clock } from '../utils/clock.js';
import type { Seen } from './view.js';

/** The version of the protocol on the bus. */
export const VERSION = PROTOCOL_VERSIONS[0]!;

export interface LogWriterOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  /** The incarnation of this worker. */
  readonly me: string;
  /** Whether this worker knows the state. */
  hasState(): boolean;
  /** A packet with this number is about to be written. */
  writes(n: number): void;
}

export class LogWriter {
  readonly #options: LogWriterOptions;
  #packets = 0;
  /** The times at which claims were sent that were not read back yet, by the number of the packet. */
  readonly #claimedAt = new Map<number, number>();

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** @returns the packet, as all workers read it */
  write(frames: readonly ControlFrame[], written: () => void = () => {}): BusPacket {
    const { bus, me, hasState, writes } = this.#options;
    const n = this.#packets++;
    const packet: BusPacket = { [MARKER]: VERSION, i: me, n, y: hasState() ? 1 : 0, c: frames };
    writes(n);
    bus.send(packet, written);
    return packet;
  }

  claim(claim: Claim): void {
    const at = this.#options.clock.now();
    this.#claimedAt.set(this.write([claim]).n, at);
  }

  /** The time at which the claim that is being read was sent. The lease of a leader that it appoints starts then. */
  takeClaimTime(seen: Seen): number | undefined {
    if (seen.type !== 'packet' || seen.packet.i !== this.#options.me) return undefined;
    const { n } = seen.packet;
    const at = this.#claimedAt.get(n);
    this.#claimedAt.delete(n);
    return at;
  }

  /** Packets may be missed from now on, including those of this worker. */
  forgetClaims(): void {
    this.#claimedAt.clear();
  }

  /** Sends the state to one process. It is not part of the log, because no other process reads it, so it has no number. */
  answer(answer: State, process: string): void {
    const { bus, me } = this.#options;
    const packet: BusPacket = { [MARKER]: VERSION, i: me, n: 0, y: 1, c: [answer] };
    bus.send(packet, () => {}, process);
  }
}
