// A fleet in one process: its connection to the engine, and the tasks that use it.

import { createHash } from 'node:crypto';
import type { CreateSharedClient } from '../client/types.js';
import type { LeaderTask } from '../client/types-leader-task.js';
import { fleetClosed, noFleetGroup } from '../errors/fleet-errors.js';
import { listenerThrew } from '../errors/warnings.js';
import type { ResolvedFleetOptions } from '../options/options.js';
import {
  FLEET_ACCESS,
  FLEET_VERSION,
  type Fleet,
  type FleetAccess,
  type FleetEvents,
  type FleetStatus,
  type ResolvedLeaderTask,
} from '../options/options.js';
import { type Clock, systemClock } from '../utils/clock.js';
import { TypedEvents } from '../utils/typed-events.js';
import { Connection } from './connection.js';
import type { Engine } from './engine.js';
import { FleetTask } from './fleet-task.js';
import type { HostView } from './host-candidate.js';

/** Keys are part of subjects and have to stay short. */
const MOST_KEY = 64;

export class FleetOnEngine extends TypedEvents<FleetEvents> implements Fleet {
  readonly #options: ResolvedFleetOptions;
  readonly #connection: Connection;
  readonly #tasks = new Map<string, FleetTask>();
  #closing: Promise<void> | undefined;

  constructor(engine: Engine, options: ResolvedFleetOptions, clock: Clock = systemClock) {
    super(cause => this.#warn(listenerThrew(), cause));
    this.#options = options;
    this.#connection = new Connection(engine, clock, (message, cause) => this.#warn(message, cause));
    const access: FleetAccess = { version: FLEET_VERSION, lead: this.#lead.bind(this) as never };
    Object.defineProperty(this, FLEET_ACCESS, { value: access });
  }

  get name(): string {
    return this.#options.name;
  }

  status(): FleetStatus {
    const tasks = [...this.#tasks.values()];
    return {
      name: this.name,
      connected: this.#connection.isUp || tasks.some(({ view }) => view.connected),
      groups: tasks.map(({ name, view: { term, hostName, isHere, state, leaseMs } }) => ({
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
    const task = this.#tasks.get(name);
    if (!task) throw noFleetGroup(name, [...this.#tasks.keys()]);
    await task.transfer(hostName);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #lead(create: CreateSharedClient, task: ResolvedLeaderTask): LeaderTask {
    const { name } = task;
    if (this.#closing) throw fleetClosed(this.name);
    const created: FleetTask = new FleetTask({
      fleet: this.#options,
      connection: this.#connection,
      task,
      create,
      key: keyOf(task.group),
      leads: () => [...this.#tasks.values()].filter(other => other !== created && other.isLeading).length,
      warn: message => this.#warn(message),
      viewed: (before, after) => this.#viewed(name, before, after),
      closed: () => {
        if (this.#tasks.get(name) === created) this.#tasks.delete(name);
      },
    });
    this.#tasks.set(name, created);
    return created;
  }

  #viewed(name: string, before: HostView, { term, state, hostName: host, cause }: HostView): void {
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
    await Promise.all([...this.#tasks.values()].map(task => task.close()));
    this.clear();
  }
}

/** A name may have any length and any characters. */
function keyOf(name: string): string {
  const key = Buffer.from(name).toString('base64url');
  return key.length <= MOST_KEY ? key : `h_${createHash('sha256').update(name).digest('base64url')}`;
}
