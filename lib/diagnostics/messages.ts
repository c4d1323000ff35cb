// The types of the messages on diagnostics channels.

import type { DeposedCause } from '../protocol/messages.js';

/** The message on the channels of `cluster-shared-client:call`: a call, in the process that made it and in the leader. */
export interface CallTrace {
  /** The side that publishes. In the leader's own worker both sides do. */
  readonly side: 'caller' | 'leader';
  readonly group: string;
  readonly method: string;
  /**
   * In the leader: its term. In the caller: the term at the start, 0 if it knows none; the call may end in a later term.
   */
  term: number;
  /** The route of the call; in the caller: the route at the start, `undefined` while no leader is ready. */
  route: string | undefined;
  /** The number of the worker that made it, in the leader. */
  readonly caller?: number;
  /** The result, if the call succeeded. */
  result?: unknown;
  error?: unknown;
}

/** The source of a message: the primary, or a member, with the number of its worker. */
export type Teller =
  | { readonly side: 'primary'; readonly member?: undefined }
  | { readonly side: 'member'; readonly member: number };

/** A message about a group. */
export type GroupMessage = Teller & {
  readonly group: string;
  /** The fleet, if the message is about a fleet group. `member` and `workerId` are then numbers of candidates. */
  readonly fleet?: string;
};

/** A message about a worker of a group. */
export type WorkerMessage = GroupMessage & { readonly workerId: number; readonly pid: number };

/** The message of each plain channel, by its name without `cluster-shared-client:`. */
export interface DiagnosticsMessages {
  /** A worker joined a group. A member reports only itself. */
  join: WorkerMessage;
  leave: WorkerMessage;
  appointed: WorkerMessage & { readonly term: number };
  /** The leader's real client is open. */
  ready: WorkerMessage & { readonly term: number };
  /**
   * A term ended. `cause` is `undefined` if it is unknown to the member; `error` is the error of the real client that ended
   * the term, or could not be opened.
   */
  deposed: WorkerMessage & {
    readonly term: number;
    readonly cause: DeposedCause | undefined;
    readonly error?: Error;
  };
  /** A group has members, and none of them may lead. Only from the primary. */
  vacant: GroupMessage;
  /** Published by a member, once for each handle. */
  resync: GroupMessage & {
    readonly key: string;
    readonly topic: unknown;
    readonly fromTerm: number;
    readonly toTerm: number;
    readonly reason: 'failover' | 'overload' | 'reconnected';
  };
  /**
   * A limit was reached: calls were refused, results were dropped, or only the newest values are kept. `workerId` is the
   * worker that doesn't read.
   */
  overload: GroupMessage & { readonly workerId: number; readonly what: 'calls' | 'results' | 'values' };
  /** Without `group` if it concerns no single group. */
  warning: Teller & { readonly group?: string; readonly message: string; readonly cause?: unknown };
}

/** The names of the plain channels. */
export type DiagnosticsName = keyof DiagnosticsMessages;
