// Hand-overs that members of this worker asked for: whether one begins is read from the log, and so is what became of it.

import type { BusGroup, LogState, Transfer, TransferFailure, Transferred } from '../protocol/messages.js';
import { own } from '../utils/own.js';
import { candidatesOf, hasFailedOnAll } from './read-log.js';

interface Waiting {
  readonly request: Transfer;
  /** The term that is to end. */
  readonly term: number;
}

export class Transfers {
  #waiting: Waiting[] = [];

  constructor(private readonly answer: (frame: Transferred) => void) {}

  /** An own request was read; `before`: the state that it found. */
  begin(request: Transfer, before: LogState | undefined): void {
    const group = before && own(before.groups, request.group);
    if (!group) return this.#end(request, 'no group');
    const { led } = group;
    if (led?.at !== 'ready') return this.#end(request, 'vacant');
    if (before.peers[led.leader]!.workerId === request.to) return this.#end(request);
    const others = candidatesOf(group, led.leader).map(id => before.peers[id]!.workerId);
    const isPossible = request.to === undefined ? others.length > 0 : others.includes(request.to);
    if (!isPossible) return this.#end(request, 'no candidate');
    this.#waiting.push({ request, term: led.term });
  }

  /** The state changed; `undefined`: it isn't known any more, nor what will become of what was asked for. */
  see(log: LogState | undefined): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter(({ request, term }) => {
      const group = log && own(log.groups, request.group);
      if (log && group && !isOver(group, term)) return true;
      const leader = group?.led && log?.peers[group.led.leader]?.workerId;
      const isDone = leader !== undefined && (request.to ?? leader) === leader;
      this.#end(request, isDone ? undefined : 'failed');
      return false;
    });
  }

  #end({ group, id }: Transfer, failed?: TransferFailure): void {
    this.answer({ k: 'transferred', group, id, ...(failed && { failed }) });
  }
}

/** The next leader is ready, or nobody could be. */
const isOver = (group: BusGroup, term: number): boolean =>
  (group.led !== undefined && group.led.term !== term && group.led.at !== 'opening') || hasFailedOnAll(group);
