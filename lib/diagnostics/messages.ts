// The types of the messages on diagnostics channels.

import type { DeposedCause } from '../protocol/messages.js';

/** A call, in the process that made it and in the leader; what the channels of `cluster-shared-client:call` carry. */
export interface CallTrace {
  /** Whose view this is. In the leader's own worker there are both. */
  readonly side: 'caller' | 'leader';
  readonly group: string;
  readonly method: string;
  /** Of the leader that runs it; of the caller, at the start: 0 where it doesn't know one. It may end in a later term. */
  term: number;
  /** How it travelled; of the caller, at the start: `undefined` while no leader is ready. */
  route: string | undefined;
  /** The number of the worker that made it, in the leader. */
  readonly caller?: number;
  /** What it ended with, if it ended well. */
  result?: unknown;
  error?: unknown;
}

/** The source of a message: the primary, or a member, with the number of its worker. */
export type Teller =
  | { readonly side: 'primary'; readonly member?: undefined }
  | { readonly side: 'member'; readonly member: number };

/** A message about a group. */
export type GroupMessage = Teller & { readonly group: string };

/** A message about a worker of a group. */
export type WorkerMessage = GroupMessage & { readonly workerId: number; readonly pid: number };

/** What each of the plain channels carries, by what comes behind `cluster-shared-client:`. */
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
  /** Told by a member, once for each handle. */
  resync: GroupMessage & {
    readonly key: string;
    readonly topic: unknown;
    readonly fromTerm: number;
    readonly toTerm: number;
    readonly reason: 'failover' | 'overload' | 'reconnected';
  };
  /**
   * Something found no room: calls were refused, results were dropped, or of values only the newest is kept. `workerId`
   * doesn't read what waits for it.
   */
  overload: GroupMessage & { readonly workerId: number; readonly what: 'calls' | 'results' | 'values' };
  /** Without a group where it concerns none. */
  warning: Teller & { readonly group?: string; readonly message: string; readonly cause?: unknown };
}

/** The names of the plain channels. */
export type DiagnosticsName = keyof DiagnosticsMessages;
