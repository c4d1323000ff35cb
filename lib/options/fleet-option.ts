// The option `across`: a fleet. What is behind it is loaded only by those who have one.

import { noCallsAcross, notAFleet, otherFleetVersion } from '../errors/option-errors.js';

/** Under this key a fleet offers {@link FleetAccess}. All copies of the library share it. */
export const FLEET_ACCESS = Symbol.for('cluster-shared-client.fleet');

/** A later version may change what {@link FleetAccess} means. */
export const FLEET_VERSION = 2;

/** What the library calls of a fleet. The types of the parameters are known to the fleet. */
export interface FleetAccess {
  readonly version: number;
  readonly name: string;
  /** Whether calls can be passed on to other hosts. */
  readonly carriesCalls: boolean;
  /** Creates a task that runs on one of all hosts. */
  readonly lead: (create: never, task: never) => never;
  /** This worker leads the group of its host: see lib/leader/hosted-group.ts. */
  readonly join: (group: never) => never;
  /** This process has a shared client in the fleet. @returns what to tell the fleet about it */
  readonly watch: (group: WatchedGroup) => FleetWatcher;
}

/** A shared client of this process. */
export interface WatchedGroup {
  readonly name: string;
  /** Asks the worker that leads the group of this host to hand the fleet's leadership over. */
  transfer(hostName: string | undefined): Promise<void>;
}

export interface FleetWatcher {
  /** What is known of the fleet has changed. */
  viewed(view: FleetView): void;
  /** The client is closed. */
  left(): void;
}

/** What the workers of a host know of a fleet group. Plain data: it is sent as a value. */
export interface FleetView {
  readonly term: number;
  readonly hostName?: string;
  readonly isHere: boolean;
  readonly state: 'unknown' | 'vacant' | 'opening' | 'ready';
  readonly leaseMs: number;
  /** How the last term ended. */
  readonly cause?: string;
  /** How often in a row the real client could not be opened or was lost, and the last error. */
  readonly failures: number;
  readonly error?: Error;
  readonly connected: boolean;
  readonly isDone: boolean;
  /** Whether this host reaches the one that leads. */
  readonly isReached?: boolean;
  /** The names of the real client's methods. */
  readonly methods?: readonly string[];
}

export function fleetAccess(option: string, value: unknown): FleetAccess {
  const access = (value as { readonly [FLEET_ACCESS]?: FleetAccess } | null)?.[FLEET_ACCESS];
  if (!access) throw notAFleet(option, value);
  if (access.version !== FLEET_VERSION) throw otherFleetVersion(option);
  return access;
}

/** For a shared client, which needs more than a task. */
export function fleetWithCalls(option: string, value: unknown): FleetAccess {
  const access = fleetAccess(option, value);
  if (!access.carriesCalls) throw noCallsAcross();
  return access;
}
