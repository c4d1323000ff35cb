// A fleet in one process: its connection to the engine, and the tasks that use it.

import { createHash } from 'node:crypto';
import type { CreateSharedClient } from '../client/types.js';
import type { LeaderTask } from '../client/types-leader-task.js';
import { fleetClosed, noFleetGroup } from '../errors/fleet-errors.js';
import { listenerThrew } from '../errors/warnings.js';
import type { HostedGroup } from '../leader/hosted-group.js';
import type { ResolvedFleetOptions } from '../options/options.js';
import {
  FLEET_ACCESS,
  FLEET_VERSION,
  type Fleet,
  type FleetAccess,
  type FleetEvents,
  type FleetStatus,
  type FleetView,
  type FleetWatcher,
  type ResolvedLeaderTask,
  type WatchedGroup,
} from '../options/options.js';
import { type Clock, systemClock } from '../utils/clock.js';
import { TypedEvents } from '../utils/typed-events.js';
import { Connection } from './connection.js';
import type { Engine } from './engine.js';
import { FleetTask } from './fleet-task.js';
import { HostClient } from './host-client.js';
import { type SeatOptions, unknownView } from './seat.js';

/** A task or a shared client of this process. */
interface Entry {
  readonly name: string;
  view: FleetView;
  /** Whether this process holds the fleet's lease of the group. */
  isLeading(): boolean;
  transfer(hostName: string | undefined): Promise<void>;
}

/** Keys are part of subjects and have to stay short. */
const MOST_KEY = 64;

export class FleetOnEngine extends TypedEvents<FleetEvents> implements Fleet {
  readonly #options: ResolvedFleetOptions;
  readonly #connection: Connection;
  readonly #tasks = new Set<FleetTask>();
  /** By group. */
  readonly #entries = new Map<string, Entry>();
  readonly #joined = new Set<HostClient>();
  #closing: Promise<void> | undefined;

  constructor(engine: Engine, options: ResolvedFleetOptions, clock: Clock = systemClock) {
    super(cause => this.#warn(listenerThrew(), cause));
    this.#options = options;
    this.#connection = new Connection(engine, clock, (message, cause) => this.#warn(message, cause));
    const access: FleetAccess = {
      version: FLEET_VERSION,
      name: options.name,
      carriesCalls: engine.carriesCalls === true,
      lead: this.#lead.bind(this) as never,
      join: this.#join.bind(this) as never,
      watch: this.#watch.bind(this),
    };
    Object.defineProperty(this, FLEET_ACCESS, { value: access });
  }

  get name(): string {
    return this.#options.name;
  }

  status(): FleetStatus {
    const entries = [...this.#entries.values()];
    return {
      name: this.name,
      connected: this.#connection.isUp || entries.some(({ view }) => view.connected),
      groups: entries.map(({ name, view: { term, hostName, isHere, state, leaseMs } }) => ({
        name,
        term,
        host: hostName,
        isHere,
        state,
        leaseMs,
      })),
    };
  }

  async transfer(name: string, hostName?: string): Promise<void> {
    const entries = [...this.#entries.values()];
    // A task and a client may have the same name.
    const named = entries.filter(entry => entry.name === name);
    if (named.length === 0) throw noFleetGroup(name, [...new Set(entries.map(entry => entry.name))]);
    await Promise.all(named.map(entry => entry.transfer(hostName)));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #lead(create: CreateSharedClient, task: ResolvedLeaderTask): LeaderTask {
    if (this.#closing) throw fleetClosed(this.name);
    const { name, group } = task;
    let created!: FleetTask;
    const entry = this.#entryOf(
      name,
      () => created.isLeading,
      to => created.transfer(to),
    );
    created = new FleetTask({
      ...this.#seatOptions(group),
      task,
      create,
      viewed: view => this.#viewed(entry, view),
      closed: () => {
        this.#tasks.delete(created);
        this.#forget(group, entry);
      },
    });
    this.#tasks.add(created);
    this.#entries.set(group, entry);
    return created;
  }

  /** This worker leads the group of its host. */
  #join(group: HostedGroup): HostClient {
    if (this.#closing) throw fleetClosed(this.name);
    const options = this.#seatOptions(group.options.name);
    const client: HostClient = new HostClient(options, group, () => this.#joined.delete(client));
    this.#joined.add(client);
    return client;
  }

  /** This process has a shared client. */
  #watch({ name, transfer }: WatchedGroup): FleetWatcher {
    if (this.#closing) throw fleetClosed(this.name);
    const isLeading = () => [...this.#joined].some(client => client.name === name && client.isLeading);
    const entry = this.#entryOf(name, isLeading, transfer);
    this.#entries.set(name, entry);
    return { viewed: view => this.#viewed(entry, view), left: () => this.#forget(name, entry) };
  }

  #entryOf(name: string, isLeading: Entry['isLeading'], transfer: Entry['transfer']): Entry {
    return { name, view: unknownView(this.#options.leaseMs), isLeading, transfer };
  }

  #forget(group: string, entry: Entry): void {
    if (this.#entries.get(group) === entry) this.#entries.delete(group);
  }

  #seatOptions(group: string): Omit<SeatOptions, 'name' | 'hasCalls'> {
    return {
      fleet: this.#options,
      connection: this.#connection,
      key: keyOf(group),
      leads: () => [...this.#entries].filter(([other, { isLeading }]) => other !== group && isLeading()).length,
      warn: message => this.#warn(message),
    };
  }

  #viewed(entry: Entry, view: FleetView): void {
    const { name, view: before } = entry;
    const { term, state, hostName: host, cause } = view;
    entry.view = view;
    const isLed = state === 'ready' && host !== undefined;
    const wasLed = before.state === 'ready' && before.hostName !== undefined;
    const isSame = isLed && wasLed && before.term === term;
    if (wasLed && !isSame) this.emit('lost', { name, term: before.term, host: before.hostName, cause });
    if (isLed && !isSame) this.emit('leader', { name, term, host });
  }

  #warn(message: string, cause?: unknown): void {
    this.emit('warning', { message, ...(cause !== undefined && { cause }) });
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#tasks].map(task => task.close()));
    await Promise.all([...this.#joined].map(client => client.close()));
    this.clear();
  }
}

/** A name may have any length and any characters. */
function keyOf(name: string): string {
  const key = Buffer.from(name).toString('base64url');
  return key.length <= MOST_KEY ? key : `h_${createHash('sha256').update(name).digest('base64url')}`;
}
