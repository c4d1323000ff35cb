// The public names, each on its own.

export { RESERVED_NAMES } from './client/reserved-names.js';
export type {
  CallCounts,
  ClientEvents,
  ClientStatus,
  ClientWarning,
  CreateSharedClient,
  FleetPosition,
  Leader,
  Listener,
  MethodName,
  Publish,
  Remote,
  RemoteMethods,
  ReservedName,
  ResyncEvent,
  SharedClient,
  SharedClientMembers,
  StreamCall,
  StreamReader,
  Subscription,
  SubscriptionIterator,
  TopicOf,
  Upstream,
  UpstreamListener,
  ValueInfo,
  ValueOf,
} from './client/types.js';
export type { LeaderTask, LeaderTaskEvents, LeaderTaskStatus } from './client/types-leader-task.js';
export { configure } from './configure.js';
export { createSharedClient } from './create-shared-client.js';
export type {
  CallTrace,
  DiagnosticsMessages,
  DiagnosticsName,
  GroupMessage,
  Teller,
  WorkerMessage,
} from './diagnostics/messages.js';
export { ERROR_CODES, type ErrorCode, type Outcome, SharedClientError } from './errors/shared-client-error.js';
export { callContext } from './leader/call-context.js';
export type { RoleChange } from './member/observer.js';
export type { FailureReason } from './metrics/call-counts.js';
export type { ErrorSummary, Failover, FailoverStatus, TermEndStatus } from './metrics/failovers.js';
export type { Histogram } from './metrics/histogram.js';
export type { ServedStatus, StreamCounts } from './metrics/served.js';
export type {
  BackoffOption,
  CallContext,
  Candidate,
  ChooseLeader,
  ClassOptions,
  ClientClass,
  ClientDefinition,
  ClientOptions,
  ConfigureOptions,
  ContextCarrier,
  ContextOption,
  ErrorClass,
  Fleet,
  FleetEvents,
  FleetGroupStatus,
  FleetStatus,
  FleetTermEvent,
  LeaderTaskContext,
  LeaderTaskFunction,
  LeaderTaskOptions,
  MethodOptions,
  MethodRole,
  MethodsOption,
  OpenContext,
  OperationsOption,
  PrimaryOptions,
  ValueType,
  WithOptions,
} from './options/options.js';
export type {
  DeposedCause,
  GroupStatus,
  LeaderEvent,
  MemberEvent,
  MemberStatus,
  Primary,
  PrimaryEvents,
  PrimaryStatus,
  WorkerStatus,
} from './router/primary-types.js';
export { setupPrimary } from './setup-primary.js';
export { whileLeader } from './while-leader.js';
