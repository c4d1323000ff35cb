// The door to all options: what may be given, its limits and defaults, and what it is resolved to. Nothing else reads a raw option.

export type { ClassOptions, ClientClass, ClientDefinition, ClientOptions } from './options/client-options.js';
export { differingMemberOption } from './options/compare-members.js';
export {
  type ConfigureOptions,
  differingConfigureOption,
  type ResolvedConfigureOptions,
  resolveConfigureOptions,
} from './options/configure-options.js';
export type { ContextCarrier, ContextOption } from './options/context-option.js';
export type { CallContext, Candidate, ChooseLeader, OpenContext } from './options/contexts.js';
export {
  type LeaderTaskContext,
  type LeaderTaskFunction,
  type LeaderTaskOptions,
  resolveLeaderTask,
} from './options/leader-task-options.js';
export { digestDifference, memberDigest, withoutArgs } from './options/member-digest.js';
export {
  type HandleOptions,
  type MemberOptions,
  resolveCreateArguments,
} from './options/member-options.js';
export type { MethodOptions, MethodRole, MethodsOption } from './options/methods-option.js';
export {
  differingPrimaryOption,
  type PrimaryOptions,
  type ResolvedPrimaryOptions,
  resolvePrimaryOptions,
} from './options/primary-options.js';
export { type ResolvedWith, resolveWithOptions, type WithOptions } from './options/with-options.js';
