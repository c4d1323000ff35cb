// What this worker writes into the log: numbered packets, of which those with claims are remembered until they are read back.

import type { Claim, State } from '../protocol/bus-frames.js';
import { type BusPacket, type ControlFrame, MARKER, PROTOCOL_VERSIONS } from '../protocol/messages.js';
import type { Bus } from '../transport/bus.js';
import type { Clock } from '../utils/clock.js';
import type { Seen } from './view.js';

/** What is spoken on the bus. */
export const VERSION = PROTOCOL_VERSIONS[0]!;

export interface LogWriterOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  /** Our own incarnation. */
  readonly me: string;
  /** Whether the state is known here. */
  hasState(): boolean;
  /** A packet with this number is about to be written. */
  writes(n: number): void;
}

export class LogWriter {
  readonly #options: LogWriterOptions;
  #packets = 0;
  /** When the packets with claims were sent that haven't come back yet, by number. */
  readonly #claimedAt = new Map<number, number>();

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** @returns the packet, as all read it */
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

  /** When the claim was sent that is read now: a leader that it appoints has its lease from then on. */
  takeClaimTime(seen: Seen): number | undefined {
    if (seen.type !== 'packet' || seen.packet.i !== this.#options.me) return undefined;
    const { n } = seen.packet;
    const at = this.#claimedAt.get(n);
    this.#claimedAt.delete(n);
    return at;
  }

  /** Packets may be missed from now on, our own too. */
  forgetClaims(): void {
    this.#claimedAt.clear();
  }

  /** To one process, past the log: nobody else reads it, so it has no number there. */
  answer(answer: State, process: string): void {
    const { bus, me } = this.#options;
    const packet: BusPacket = { [MARKER]: VERSION, i: me, n: 0, y: 1, c: [answer] };
    bus.send(packet, () => {}, process);
  }
}
