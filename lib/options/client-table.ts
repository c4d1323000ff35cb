// One row for each option of `createSharedClient()`, except those that create the real client. Documented in
// client-options.ts.

import { type BackoffOption, resolveBackoff } from './backoff-option.js';
import {
  countOrInfinity,
  duration,
  eventNameOrNames,
  eventNames,
  finite,
  flag,
  oneOf,
  paths,
  signalNames,
} from './checks.js';
import type { ClientOptions } from './client-options.js';
import { resolveContext } from './context-option.js';
import { type FleetAccess, fleetWithCalls } from './fleet-option.js';
import { type ResolvedMethods, resolveMethods } from './methods-option.js';
import { type ResolvedOperations, resolveOperations } from './operations-option.js';
import type { Complete, OptionRow, OptionTable } from './option-table.js';
import { errorClasses, ownTypes } from './types-option.js';

/** Options that apply to one handle. */
type OfHandle = Pick<ClientOptions, 'timeoutMs' | 'readyTimeoutMs'>;

export const HANDLE_TABLE = {
  timeoutMs: { check: duration, default: 10_000 },
  readyTimeoutMs: { check: duration, default: 30_000 },
} as const satisfies OptionTable<OfHandle>;

/** Options that must be the same for all clients of one name in one process, as their checks return them. */
interface OfMember
  extends Omit<ClientOptions, keyof OfHandle | 'name' | 'methods' | 'operations' | 'readyOn' | 'across'> {
  across?: FleetAccess;
  methods?: ResolvedMethods;
  operations?: ResolvedOperations;
  readyOn?: readonly string[];
}

interface MemberRow<V> extends OptionRow<V> {
  /**
   * The JSON that is compared between workers. Without it, the option may differ. Called only for a value that is not the
   * default, so that a new option does not make a release differ from the one before.
   */
  readonly digest?: (value: never) => unknown;
  /** Whether it is also an option of `whileLeader()`. */
  readonly task?: true;
}

const NO_NAMES: readonly never[] = Object.freeze([]);

/** As text, because JSON has no `Infinity`. */
const asText = (value: number | string | readonly string[]) =>
  typeof value === 'number' ? String(value) : JSON.stringify(value);

const methodsText = (methods: ResolvedMethods['member']) =>
  methods.size > 0 ? JSON.stringify([...methods]) : undefined;

const namesText = (named: readonly { readonly name: string }[]) => asText(named.map(({ name }) => name));

/** If several options differ, the error names the first one in this order. */
export const MEMBER_TABLE = {
  openTimeoutMs: { check: duration, default: 10_000, digest: asText },
  // Less under PM2, see `ClientDefaults`.
  drainTimeoutMs: { check: duration, default: 5000, digest: asText, task: true },
  primaryTimeoutMs: { check: duration, default: 5000, digest: asText, task: true },
  maxLeadersLost: { check: countOrInfinity, default: 2, digest: asText },
  methods: { check: resolveMethods, default: resolveMethods('methods', {}), digest: methodsText },
  operations: {
    check: resolveOperations,
    default: resolveOperations('operations', {}),
    digest: (operations: ResolvedOperations) => asText([...operations.keys()]),
  },
  namespaces: { check: paths, default: NO_NAMES, digest: asText },
  types: { check: ownTypes, default: NO_NAMES, digest: namesText },
  errors: { check: errorClasses, default: NO_NAMES, digest: namesText },
  events: { check: eventNames, default: NO_NAMES, digest: asText },
  readyOn: { check: eventNameOrNames, default: NO_NAMES, digest: asText },
  resyncOn: { check: eventNames, default: NO_NAMES, digest: asText },
  failOn: { check: eventNames, default: NO_NAMES, digest: asText },
  // False in a primary, see `ClientDefaults`.
  eligible: { check: flag, default: true, task: true },
  priority: { check: finite, default: 0, task: true },
  backoff: {
    check: resolveBackoff,
    default: undefined,
    digest: ({ minMs, maxMs }: Required<BackoffOption>) => `${minMs} ${maxMs}`,
  },
  replay: { check: oneOf('last', 'none'), default: 'last', digest: asText },
  handover: { check: oneOf('exclusive', 'overlap'), default: 'exclusive', digest: asText },
  resignOn: { check: signalNames, default: NO_NAMES, digest: asText, task: true },
  standalone: { check: flag, default: false, task: true },
  context: { check: resolveContext, default: undefined, digest: () => true },
  across: { check: fleetWithCalls, default: undefined, digest: ({ name }: FleetAccess) => name },
} as const satisfies { readonly [K in keyof OfMember]-?: MemberRow<Exclude<OfMember[K], undefined>> };

export type MemberTable = typeof MEMBER_TABLE;
/** The options passed to a client, checked. */
export type GivenOptions = OfHandle & OfMember & Pick<ClientOptions, 'name'>;
export type CompleteForMember = Complete<MemberTable>;
export type CompleteForHandle = Complete<typeof HANDLE_TABLE>;

/** The options that `whileLeader()` has too. */
export type TaskOption = {
  [K in keyof MemberTable]: MemberTable[K] extends { task: true } ? K : never;
}[keyof MemberTable];
