// The direct route's offers where everybody reads what is said: the log carries the address alone, and the secret is in a
// file that only this user reads. Where it can't be kept or read that is tried again, and the members hear why they can't
// reach their leader. What a worker that died left behind is removed by all who read of it.

import { leaderOf, termOf } from '../group/queries.js';
import type { LogState } from '../protocol/log-state.js';
import type { Offer } from '../protocol/messages.js';
import { readBusAddress, writeBusAddress } from '../transport/bus-address.js';
import { backoffMs } from '../utils/backoff.js';
import type { Clock, Timer } from '../utils/clock.js';
import { own } from '../utils/own.js';
import { memberKey } from '../utils/secret.js';

/** What only this user may read of a term. */
export interface Kept {
  readonly secret: string;
  /** The hash of the leader's arguments. */
  readonly args?: string | undefined;
}

/** Somebody's offer, with our own key. */
export interface Completed {
  readonly offer: Offer;
  /** `undefined` where nothing is known of the leader's arguments. */
  readonly kept?: Kept;
}

/** Where secrets are kept: those of one address in one place. */
export interface SecretStore {
  /** @throws where it can't */
  keep(address: string, secrets: Readonly<Record<string, Kept>>): void;
  /** @throws where there are none */
  read(address: string): unknown;
  /** Removes an address whose process is dead, secrets and all. Never throws. */
  remove(address: string): void;
}

/** What the log says of where a leader can be reached. */
export type Reach = Pick<Offer, 'group' | 'term' | 'problem'> & { readonly address?: string | undefined };

export interface OffersOptions {
  readonly clock: Clock;
  readonly store: SecretStore;
  /** Our own incarnation, and our worker. */
  readonly me: string;
  readonly workerId: number;
  /** Data may go over the bus, so secrets may too. @default false */
  readonly busData?: boolean | undefined;
  /** The secret of an offer of ours is kept at last: others may read this. */
  send(offer: Offer): void;
  /** Somebody's offer is known at last, or why it isn't. */
  offered(completed: Completed): void;
}

/** A leader that is gone by now is the reason of most failures to read; one that goes on for longer is told of. */
const FAILURES_TO_TELL = 4;

const MOST_RETRY_MS = 2000;

/** A term that waits for another attempt. */
interface Waiting {
  readonly term: number;
  readonly timer: Timer;
}

export class Offers {
  readonly #options: OffersOptions;
  /** Of the terms that are led here, by group. */
  readonly #led = new Map<string, { readonly offer: Offer; readonly kept: Kept }>();
  /** By group: ours that can't be kept, and those of others that can't be read. */
  readonly #unkept = new Map<string, Waiting>();
  readonly #unread = new Map<string, Waiting>();

  constructor(options: OffersOptions) {
    this.#options = options;
  }

  /** An offer of ours. @returns what others may read of it */
  hide(offer: Offer, args?: string): Offer {
    const { address, group, secret } = offer;
    if (this.#options.busData)
      return { ...offer, address: writeBusAddress({ ...readBusAddress(address), secret }), secret: '' };
    this.#led.set(group, { offer, kept: { secret, args } });
    return this.#keep(offer, 0);
  }

  #keep(offer: Offer, failures: number): Offer {
    const { clock, store, send } = this.#options;
    const { group, term, address } = offer;
    stop(this.#unkept, group);
    try {
      store.keep(address, this.#secretsAt(address));
      return { ...offer, secret: '' };
    } catch (error) {
      const again = () => {
        const next = this.#keep(offer, failures + 1);
        if (next.problem === undefined) send(next);
      };
      this.#unkept.set(group, { term, timer: clock.setTimer(again, backoffMs(failures + 1)) });
      return { k: 'offer', group, term, address: '', secret: '', problem: (error as Error).message };
    }
  }

  #secretsAt(address: string): Record<string, Kept> {
    const here = [...this.#led.values()].filter(({ offer }) => offer.address === address);
    return Object.fromEntries(here.map(({ offer, kept }) => [keyOf(offer.group, offer.term), kept]));
  }

  /** Somebody's offer, as far as it can be had now; what is missing is told later. */
  complete(reach: Reach): Completed | undefined {
    stop(this.#unread, reach.group);
    const { group, term, address, problem } = reach;
    if (address === undefined) return { offer: { ...NO_OFFER, group, term, problem } };
    const { secret, socket, bus } = readBusAddress(address);
    if (secret === undefined) return this.#read(reach, address, 0);
    const reached = this.#options.busData ? writeBusAddress({ socket, bus }) : socket;
    if (reached === undefined) return { offer: { ...NO_OFFER, group, term, problem: 'the leader has no socket' } };
    return { offer: this.#offer(group, term, reached, secret) };
  }

  #read(reach: Reach, address: string, failures: number): Completed | undefined {
    const { clock, store, offered } = this.#options;
    const { group, term } = reach;
    stop(this.#unread, group);
    try {
      const kept = own(store.read(address) as Readonly<Record<string, Kept>>, keyOf(group, term));
      if (!kept) throw new Error(`there is nothing for this term beside ${address}`);
      return { offer: this.#offer(group, term, address, kept.secret), kept };
    } catch (error) {
      const again = () => {
        const completed = this.#read(reach, address, failures + 1);
        if (completed) offered(completed);
      };
      this.#unread.set(group, { term, timer: clock.setTimer(again, Math.min(backoffMs(failures + 1), MOST_RETRY_MS)) });
      if (failures + 1 !== FAILURES_TO_TELL) return undefined;
      return { offer: { ...NO_OFFER, group, term, problem: (error as Error).message } };
    }
  }

  #offer(group: string, term: number, address: string, secret: string): Offer {
    return { k: 'offer', group, term, address, secret: memberKey(secret, group, term, this.#options.workerId) };
  }

  /** The state changed: who is gone listens no more, and what is over isn't waited for. */
  see(before: LogState | undefined, after: LogState): void {
    const { me, store } = this.#options;
    for (const [id, { address }] of Object.entries(before?.peers ?? {}))
      if (address !== undefined && !own(after.peers, id)) store.remove(address);
    const ledBy = (group: string, term: number) => {
      const led = own(after.groups, group);
      return led && termOf(led) === term ? leaderOf(led) : undefined;
    };
    for (const [group, { offer }] of this.#led) if (ledBy(group, offer.term) !== me) this.#forget(group);
    const isMember = (group: string) => own(after.groups, group)?.members[me] !== undefined;
    for (const [group, { term }] of this.#unread)
      if (ledBy(group, term) === undefined || !isMember(group)) stop(this.#unread, group);
  }

  #forget(group: string): void {
    this.#led.delete(group);
    stop(this.#unkept, group);
  }

  stop(): void {
    for (const group of this.#led.keys()) this.#forget(group);
    for (const group of this.#unread.keys()) stop(this.#unread, group);
  }
}

function stop(waiting: Map<string, Waiting>, group: string): void {
  waiting.get(group)?.timer.clear();
  waiting.delete(group);
}

const NO_OFFER = { k: 'offer', address: '', secret: '' } as const;

const keyOf = (group: string, term: number): string => `${term}|${group}`;
