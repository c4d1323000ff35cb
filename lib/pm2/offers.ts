// Offers of the direct route under PM2, where every app can read the bus. The log contains only the address; the secret is
// in a file that only this user may read. Writing and reading the file is retried, and members receive the reason why they
// can't reach their leader. The files of a worker that exited are removed by every worker that reads of the exit.

import { leaderOf, termOf } from '../group/queries.js';
import type { LogState } from '../protocol/log-state.js';
import type { Offer } from '../protocol/messages.js';
import { readBusAddress, writeBusAddress } from '../transport/bus-address.js';
import { backoffMs } from '../utils/backoff.js';
import type { Clock, Timer } from '../utils/clock.js';
import { own } from '../utils/own.js';
import { memberKey } from '../utils/secret.js';

/** The data of a term that only this user may read. */
export interface Kept {
  readonly secret: string;
  /** The hash of the leader's arguments. */
  readonly args?: string | undefined;
}

/** The offer of another worker, with the key of this one. */
export interface Completed {
  readonly offer: Offer;
  /** `undefined` if nothing is known about the leader's arguments. */
  readonly kept?: Kept;
}

/** Stores secrets. Those of one address are stored together. */
export interface SecretStore {
  /** @throws if they can't be stored */
  keep(address: string, secrets: Readonly<Record<string, Kept>>): void;
  /** @throws if there are none */
  read(address: string): unknown;
  /** Removes the socket and the secrets at an address whose process has exited. Never throws. */
  remove(address: string): void;
}

/** The entry of the log about the address of a leader. */
export type Reach = Pick<Offer, 'group' | 'term' | 'problem'> & { readonly address?: string | undefined };

export interface OffersOptions {
  readonly clock: Clock;
  readonly store: SecretStore;
  /** The incarnation of this worker. */
  readonly me: string;
  readonly workerId: number;
  /** Data may be sent over the bus, so secrets may be too. @default false */
  readonly busData?: boolean | undefined;
  /** Sends an offer of this worker whose secret could be stored after a retry. */
  send(offer: Offer): void;
  /** A retry completed the offer of another worker, or the offer contains the reason why it failed. */
  offered(completed: Completed): void;
}

/** Failed attempts after which the reason is reported. Before that, it is most often that the leader has just exited. */
const FAILURES_TO_TELL = 4;

const MOST_RETRY_MS = 2000;

/** A term that waits for the next attempt. */
interface Waiting {
  readonly term: number;
  readonly timer: Timer;
}

export class Offers {
  readonly #options: OffersOptions;
  /** The offers of the terms that this worker leads, by group. */
  readonly #led = new Map<string, { readonly offer: Offer; readonly kept: Kept }>();
  /** Offers of this worker that can't be stored, and offers of others that can't be read, by group. */
  readonly #unkept = new Map<string, Waiting>();
  readonly #unread = new Map<string, Waiting>();

  constructor(options: OffersOptions) {
    this.#options = options;
  }

  /** Stores the secret of an offer of this worker. @returns the offer that may be written into the log */
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

  /** Completes the offer of another worker with its secret. If that can't be read yet, `offered` is called later. */
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

  /**
   * Called when the state changes. Removes the files of workers that left, and stops attempts for terms that have ended.
   */
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
