// Entry point to all options: their types, checks, defaults and resolved forms. No other folder reads an unchecked option.

export type { BackoffOption } from './backoff-option.js';
export type { ClassOptions, ClientClass, ClientDefinition, ClientOptions } from './client-options.js';
export { differingMemberOption } from './compare-members.js';
export {
  type ConfigureOptions,
  type ResolvedConfigureOptions,
  resolveConfigureOptions,
} from './configure-options.js';
export type { ContextCarrier, ContextOption } from './context-option.js';
export type { CallContext, Candidate, ChooseLeader, OpenContext } from './contexts.js';
export {
  FLEET_ACCESS,
  FLEET_VERSION,
  type FleetAccess,
  type FleetView,
  type FleetWatcher,
  type WatchedGroup,
} from './fleet-option.js';
export { type FleetOptions, type ResolvedFleetOptions, resolveFleetOptions } from './fleet-options.js';
export {
  type LeaderTaskContext,
  type LeaderTaskFunction,
  type LeaderTaskOptions,
  type ResolvedLeaderTask,
  resolveLeaderTask,
} from './leader-task-options.js';
export { digestDifference, memberDigest, withoutArgs } from './member-digest.js';
export {
  type HandleOptions,
  type MemberOptions,
  resolveCreateArguments,
} from './member-options.js';
export type { MemberMethod, MethodOptions, MethodRole, MethodsOption, OptionsOf } from './methods-option.js';
export type { OperationsOption } from './operations-option.js';
export { differingOption } from './option-table.js';
export {
  differingPrimaryOption,
  type PrimaryOptions,
  type ResolvedPrimaryOptions,
  resolvePrimaryOptions,
} from './primary-options.js';
export type {
  Fleet,
  FleetEvents,
  FleetGroupStatus,
  FleetStatus,
  FleetTermEvent,
} from './types-fleet.js';
export type { ErrorClass, ValueType } from './types-option.js';
export { type ResolvedWith, resolveWithOptions, type WithOptions } from './with-options.js';
