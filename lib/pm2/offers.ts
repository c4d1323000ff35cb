// The direct road's offers where everybody reads what is said: the log carries the address alone, and the secret is in a
// file that only this user reads. What a worker that died left behind is removed by all who read of it.

import type { LogState, Offer } from '../protocol/messages.js';
import { readBusAddress, writeBusAddress } from '../transport/bus-address.js';
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

export class Offers {
  /** Of the terms that are led here, by address. */
  readonly #secrets = new Map<string, Record<string, Kept>>();

  constructor(
    private readonly store: SecretStore,
    /** Our own. */
    private readonly workerId: number,
    /** Data may go over the bus, so secrets may too. */
    private readonly busData = false,
  ) {}

  /** An offer of ours. @returns what others may read of it; `undefined` where the secret can't be kept */
  hide(offer: Offer, args?: string): Offer | undefined {
    const { address, group, term, secret } = offer;
    if (this.busData) return { ...offer, address: writeBusAddress({ ...readBusAddress(address), secret }), secret: '' };
    const secrets = { ...this.#secrets.get(address), [keyOf(group, term)]: { secret, args } };
    try {
      this.store.keep(address, secrets);
    } catch {
      return undefined;
    }
    this.#secrets.set(address, secrets);
    return { ...offer, secret: '' };
  }

  /** The whole of somebody's offer; `undefined` where it is over. */
  complete(group: string, term: number, address: string): Completed | undefined {
    const { secret, socket, bus } = readBusAddress(address);
    if (secret !== undefined) {
      const reached = this.busData ? writeBusAddress({ socket, bus }) : socket;
      return reached === undefined ? undefined : { offer: this.#offer(group, term, reached, secret) };
    }
    try {
      const kept = own(this.store.read(address) as Readonly<Record<string, Kept>>, keyOf(group, term));
      return kept && { offer: this.#offer(group, term, address, kept.secret), kept };
    } catch {
      return undefined;
    }
  }

  #offer(group: string, term: number, address: string, secret: string): Offer {
    return { k: 'offer', group, term, address, secret: memberKey(secret, group, term, this.workerId) };
  }

  /** The state changed: who is gone listens no more. */
  see(before: LogState | undefined, after: LogState): void {
    for (const [id, { address }] of Object.entries(before?.peers ?? {}))
      if (address !== undefined && !own(after.peers, id)) this.store.remove(address);
  }
}

const keyOf = (group: string, term: number): string => `${term}|${group}`;
