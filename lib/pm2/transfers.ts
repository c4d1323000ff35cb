// Hand-overs that members of this worker asked for: whether one begins is read from the log, and so is what became of it.

import type { BusGroup, LogState, Transfer, TransferFailure, Transferred } from '../protocol/messages.js';
import { own } from '../utils/own.js';
import { candidatesOf } from './read-log.js';

interface Waiting {
  readonly request: Transfer;
  /** The term that is to end, and whose it is. */
  readonly term: number;
  readonly from: string;
}

export class Transfers {
  /** Those that were said and haven't come back yet, by their ids. */
  readonly #unread = new Map<number, Transfer>();
  #waiting: Waiting[] = [];

  constructor(private readonly answer: (frame: Transferred) => void) {}

  /** @returns whether it is to be said; else it was answered */
  ask(request: Transfer, log: LogState | undefined): boolean {
    if (log) this.#unread.set(request.id, request);
    else this.#end(request, 'vacant');
    return log !== undefined;
  }

  /** An own request was read; `before`: the state that it found. */
  begin(request: Transfer, before: LogState | undefined): void {
    if (!before || !this.#unread.delete(request.id)) return;
    const group = own(before.groups, request.group);
    if (!group) return this.#end(request, 'no group');
    const { led } = group;
    if (led?.at !== 'ready') return this.#end(request, 'vacant');
    if (before.peers[led.leader]!.workerId === request.to) return this.#end(request);
    const others = candidatesOf(group, led.leader).map(id => before.peers[id]!.workerId);
    const isPossible = request.to === undefined ? others.length > 0 : others.includes(request.to);
    if (!isPossible) return this.#end(request, 'no candidate');
    this.#waiting.push({ request, term: led.term, from: led.leader });
  }

  /** The state changed; `undefined`: it isn't known any more, nor what will become of what was asked for. */
  see(log: LogState | undefined): void {
    if (!log) return this.#lose();
    this.#waiting = this.#waiting.filter(({ request, term, from }) => {
      const group = own(log.groups, request.group);
      if (group && !isOver(group, term)) return true;
      const leader = group?.led && group.led.leader !== from && log.peers[group.led.leader]!.workerId;
      const isDone = leader && (request.to ?? leader) === leader;
      this.#end(request, isDone ? undefined : 'failed');
      return false;
    });
  }

  #lose(): void {
    const lost = [...this.#unread.values(), ...this.#waiting.map(({ request }) => request)];
    this.#unread.clear();
    this.#waiting = [];
    for (const request of lost) this.#end(request, 'lost');
  }

  #end({ group, id }: Transfer, failed?: TransferFailure): void {
    this.answer({ k: 'transferred', group, id, ...(failed && { failed }) });
  }
}

/** The next leader is ready, or the old one leads as before, or nobody may lead. */
function isOver(group: BusGroup, term: number): boolean {
  const { led } = group;
  if (!led) return candidatesOf(group).length === 0;
  return led.term === term ? led.at === 'ready' : led.at !== 'opening';
}
