// The options that natsFleet() and postgresFleet() have in common.

import { hostname } from 'node:os';
import { leaseTooShort, renewalTooRare } from '../errors/option-errors.js';
import { expecting, finite, flag } from './checks.js';
import { completeOptions, type OptionTable, readOptions } from './option-table.js';

/** Options that a fleet has on every engine. All hosts should have the same, but for `eligible`, `priority`, `hostName`. */
export interface FleetOptions {
  /** All hosts that use the same name on the same engine are one fleet: 1 to 64 characters of `A-Z a-z 0-9 _ -`. */
  name: string;
  /**
   * How long, in ms, the store must show no sign of life of a leading host before another one may lead: at least 2000. Groups
   * of a host that died are led again within `leaseMs` + 1 s + the time to open the real client. A leader that can't write
   * for two thirds of it stops by itself.
   * @default 20000
   */
  leaseMs?: number;
  /**
   * How often a leader writes that it lives, in ms: at most a quarter of `leaseMs`.
   * @default `leaseMs / 8`
   */
  renewMs?: number;
  /**
   * Whether this host may lead.
   * @default true
   */
  eligible?: boolean;
  /**
   * Hosts with a higher priority claim sooner, on average. A host that comes back does not take a leadership away.
   * @default 0
   */
  priority?: number;
  /**
   * How this host is shown in `status()` and events, and named in `transfer()`: 1 to 255 characters. Not its identity, which is
   * random.
   * @default `os.hostname()`
   */
  hostName?: string;
}

/** Checked and complete. */
export interface ResolvedFleetOptions {
  readonly name: string;
  readonly leaseMs: number;
  /** How long a leader may act after it has sent a write that was done. The rest of the lease is for closing. */
  readonly actMs: number;
  readonly renewMs: number;
  readonly eligible: boolean;
  readonly priority: number;
  readonly hostName: string;
}

const LEAST_LEASE_MS = 2000;
const MOST_LEASE_MS = 86_400_000;

const wholeMs = expecting(
  `a number of milliseconds from 1 to ${MOST_LEASE_MS}`,
  (value): value is number => typeof value === 'number' && value >= 1 && value <= MOST_LEASE_MS,
);

const fleetName = expecting(
  'a string of 1 to 64 characters of A-Z a-z 0-9 _ -',
  (value): value is string => typeof value === 'string' && /^[\w-]{1,64}$/.test(value),
);

const shownName = expecting(
  'a string of 1 to 255 characters',
  (value): value is string => typeof value === 'string' && value.length >= 1 && value.length <= 255,
);

const COMMON = {
  name: { check: fleetName, default: undefined },
  leaseMs: { check: wholeMs, default: 20_000 },
  renewMs: { check: wholeMs, default: undefined },
  eligible: { check: flag, default: true },
  priority: { check: finite, default: 0 },
  hostName: { check: shownName, default: undefined },
} as const satisfies OptionTable<FleetOptions>;

/**
 * Checks the options of a fleet.
 * @param own the rows of the options that only its engine has
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolveFleetOptions<Own extends object>(
  given: unknown,
  own: OptionTable<Own>,
): { readonly common: ResolvedFleetOptions; readonly own: Partial<Own> } {
  const read = readOptions<FleetOptions & Own>(given ?? {}, { ...COMMON, ...own } as OptionTable<FleetOptions & Own>);
  const { leaseMs, renewMs = leaseMs / 8, hostName = hostname(), ...rest } = completeOptions(COMMON, read);
  const name = fleetName('name', rest.name);
  if (leaseMs < LEAST_LEASE_MS) throw leaseTooShort(leaseMs, LEAST_LEASE_MS);
  if (renewMs > leaseMs / 4) throw renewalTooRare(renewMs, leaseMs);
  const common = { ...rest, name, leaseMs, renewMs, hostName, actMs: (leaseMs * 2) / 3 };
  return { common, own: completeOptions(own as never, read) };
}
