// Sends the members of this worker the messages that follow from each new state of the log.

import { otherOptions } from '../errors/warnings.js';
import { leaderOf } from '../group/queries.js';
import { Kind } from '../protocol/bundle.js';
import { signal } from '../protocol/frames.js';
import type { LogState } from '../protocol/log-state.js';
import type { BusPacket, FromPrimary } from '../protocol/messages.js';
import { own } from '../utils/own.js';
import type { Args } from './args.js';
import { diffState } from './diff-state.js';
import { warningsOf } from './differences.js';
import type { Downlink } from './downlink.js';
import type { LogWriter } from './log-writer.js';
import type { Completed, Offers, Reach } from './offers.js';

export interface StateFeedParts {
  readonly me: string;
  readonly workerId: number;
  readonly args: Args;
  readonly offers: Offers;
  readonly downlink: Downlink;
  readonly writer: LogWriter;
}

export class StateFeed {
  readonly #parts: StateFeedParts;
  /** The last state that was sent to the members. */
  #state: LogState | undefined;

  constructor(parts: StateFeedParts) {
    this.#parts = parts;
  }

  get state(): LogState | undefined {
    return this.#state;
  }

  /** @param leasedAt the time from which the lease of a member that it appoints here counts */
  update(log: LogState, leasedAt?: number): void {
    const { me, offers, downlink } = this.#parts;
    const before = this.#state;
    if (before === log) return;
    this.#state = log;
    offers.see(before, log);
    const { control, addresses, ended, gone } = diffState(before, log, me);
    const ends = ended.map(({ group, term }) => signal(group, term, Kind.END, 0));
    const reached = addresses.flatMap(reach => this.#reached(reach));
    const lease = leasedAt !== undefined && { leasedAt };
    const frames = control.map(frame => (lease && this.#appoints(frame) ? { ...frame, ...lease } : frame));
    downlink.deliver([...frames, ...reached, ...warningsOf(before, log, me)], [...ends, ...gone]);
  }

  /** The offer of a leader, or why there is none, and a warning if its arguments differ. */
  offered({ offer, kept }: Completed): FromPrimary[] {
    const { args, writer, workerId } = this.#parts;
    const { group } = offer;
    if (!kept || !args.isNewlyOther(group, kept.args)) return [offer];
    writer.write([{ k: 'differs', group, option: 'args' }]);
    return [offer, { k: 'warning', group, text: otherOptions(workerId, 'args', group) }];
  }

  /** Warns about members of other workers whose options differ from those of a leader in this worker. */
  warnOfOthers({ i, c = [] }: BusPacket, log: LogState | undefined): void {
    const { peers = {}, groups = {} } = log ?? {};
    const other = own(peers, i);
    for (const frame of c) {
      const led = frame.k === 'differs' ? own(groups, frame.group) : undefined;
      if (frame.k !== 'differs' || !other || !led || leaderOf(led) !== this.#parts.me) continue;
      const { group, option } = frame;
      this.#parts.downlink.deliver([{ k: 'warning', group, text: otherOptions(other.workerId, option, group) }]);
    }
  }

  #reached(reach: Reach): FromPrimary[] {
    const completed = this.#parts.offers.complete(reach);
    return completed ? this.offered(completed) : [];
  }

  #appoints(frame: FromPrimary): boolean {
    return frame.k === 'update' && frame.phase === 'opening' && frame.leader?.workerId === this.#parts.workerId;
  }
}
