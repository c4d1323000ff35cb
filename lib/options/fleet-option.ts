// The option `across`: a fleet. What is behind it is loaded only by those who have one.

import { notAFleet, otherFleetVersion } from '../errors/option-errors.js';

/** Under this key a fleet offers {@link FleetAccess}. All copies of the library share it. */
export const FLEET_ACCESS = Symbol.for('cluster-shared-client.fleet');

/** A later version may change what {@link FleetAccess} means. */
export const FLEET_VERSION = 1;

/** What `whileLeader()` calls of a fleet. The types of its parameters are known to the fleet. */
export interface FleetAccess {
  readonly version: number;
  /** Creates a task that runs on one of all hosts. */
  readonly lead: (create: never, task: never) => never;
}

export function fleetAccess(option: string, value: unknown): FleetAccess {
  const access = (value as { readonly [FLEET_ACCESS]?: FleetAccess } | null)?.[FLEET_ACCESS];
  if (!access) throw notAFleet(option, value);
  if (access.version !== FLEET_VERSION) throw otherFleetVersion(option);
  return access;
}
