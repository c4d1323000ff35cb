// The members of other hosts that have connected to a leader: which of them are gone, and when.

import type { StreamPeer } from './fleet-streams.js';
import type { Presence, PresenceWatcher } from './presence.js';

export interface PeersOptions {
  /** @param successor the member that takes its place: everything of the older one is to be processed before anything of it */
  gone(peer: StreamPeer, successor?: number): void;
}

export class Peers implements PresenceWatcher {
  /** By member. */
  readonly #peers = new Map<number, StreamPeer>();
  #stopWatching: (() => void) | undefined;
  #term: number | undefined;

  constructor(
    private readonly presence: Presence,
    private readonly self: StreamPeer,
    private readonly options: PeersOptions,
  ) {
    presence.add(self.member);
  }

  /** The term that this host leads; undefined if it leads none. */
  lead(term: number | undefined): void {
    if (term === this.#term) return;
    this.#term = term;
    this.#peers.clear();
    if (term !== undefined) this.#stopWatching ??= this.presence.watch(this);
    else this.#stop();
  }

  /** @returns whether it may connect: not if its host has another leader by now */
  connected(peer: StreamPeer): boolean {
    const ofHost = [...this.#peers.values(), this.self].filter(({ host }) => host === peer.host);
    if (ofHost.some(({ hostTerm }) => hostTerm > peer.hostTerm)) return false;
    for (const older of ofHost)
      if (older.hostTerm < peer.hostTerm && older !== this.self) this.#gone(older, peer.member);
    this.#peers.set(peer.member, peer);
    return true;
  }

  left({ member }: StreamPeer): void {
    const peer = this.#peers.get(member);
    if (peer) this.#gone(peer);
  }

  heard(process: string, members: ReadonlySet<number>): void {
    for (const peer of [...this.#peers.values()])
      if (peer.process === process && !members.has(peer.member)) this.#gone(peer);
  }

  checked(isGone: (process: string) => boolean): void {
    for (const peer of [...this.#peers.values()]) if (isGone(peer.process)) this.#gone(peer);
  }

  close(): void {
    this.#stop();
    this.presence.remove(this.self.member);
  }

  #stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  #gone(peer: StreamPeer, successor?: number): void {
    this.#peers.delete(peer.member);
    this.options.gone(peer, successor);
  }
}
