// Converts what the members of this worker send into frames of the log, and stores what must be sent again if a new state
// lacks it.

import { unreached } from '../errors/warnings.js';
import { leaderOf, termOf } from '../group/queries.js';
import type { LogState } from '../protocol/log-state.js';
import type { Address, ControlFrame, Join, Offer, OnRoute } from '../protocol/messages.js';
import { own } from '../utils/own.js';
import type { Args } from './args.js';
import type { Downlink } from './downlink.js';
import type { Offers } from './offers.js';
import type { Transfers } from './transfers.js';

export interface OwnMembersParts {
  readonly me: string;
  readonly args: Args;
  readonly offers: Offers;
  readonly transfers: Transfers;
  readonly downlink: Downlink;
  /** The state, if it is known. */
  log(): LogState | undefined;
}

export class OwnMembers {
  readonly #parts: OwnMembersParts;
  /** The `join` frames of this worker's members, by group. */
  readonly #joins = new Map<string, Join>();
  /** The address at which this worker listens, or did. */
  #address: Address | undefined;
  #mayLead = true;

  constructor(parts: OwnMembersParts) {
    this.#parts = parts;
  }

  /** All frames for a state that does not contain this worker. */
  get all(): ControlFrame[] {
    return [...(this.#address ? [this.#address] : []), ...this.#joins.values()];
  }

  /** From now on, no member of this worker may lead. @returns the frames to write */
  leadNoMore(): ControlFrame[] {
    this.#mayLead = false;
    return [...this.#joins.values()].map(join => this.#noteJoin(join));
  }

  /** @returns the frames to write */
  note(frame: ControlFrame): ControlFrame[] {
    const { args, transfers, downlink, log } = this.#parts;
    switch (frame.k) {
      case 'join':
        return [this.#noteJoin(frame)];
      case 'leave':
        this.#joins.delete(frame.group);
        args.left(frame.group);
        return [frame];
      case 'heartbeat':
        downlink.noteBeat(frame.n);
        return log() ? [frame] : [];
      case 'address':
        this.#address = frame.gone ? undefined : frame;
        return [frame];
      case 'transfer':
        return transfers.ask(frame, log()) ? [frame] : [];
      case 'offer':
        return [this.#hide(frame)];
      case 'route':
        return this.#noteRoute(frame);
      default:
        return [frame];
    }
  }

  #noteJoin(frame: Join): Join {
    const join = this.#parts.args.note(this.#mayLead ? frame : { ...frame, eligible: false });
    this.#joins.set(join.group, join);
    return join;
  }

  /** The route of a member is not written. The reason why this leader can't be reached is, because all members need it. */
  #noteRoute({ group, term, problem }: OnRoute): ControlFrame[] {
    const led = own(this.#parts.log()?.groups ?? {}, group);
    if (problem === undefined || !led || leaderOf(led) !== this.#parts.me || termOf(led) !== term) return [];
    return [{ k: 'offer', group, term, address: '', secret: '', problem }];
  }

  #hide(offer: Offer): Offer {
    const { offers, args, downlink } = this.#parts;
    const hidden = offers.hide(offer, args.of(offer.group));
    const { group, problem } = hidden;
    if (problem !== undefined) downlink.deliver([{ k: 'warning', group, text: unreached(group, problem) }]);
    return hidden;
  }
}
