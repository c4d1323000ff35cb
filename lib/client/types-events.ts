// The events of a handle. Only types.

import type { RoleChange } from '../member/observer.js';
import type { ResyncEvent } from '../member/subscriptions.js';

/** A non-fatal problem that needs attention. */
export interface ClientWarning {
  readonly message: string;
}

/** The events of a handle, each with the arguments of its listeners. */
export interface ClientEvents {
  /** This member leads now. */
  leader: [event: RoleChange];
  /** It leads no longer. */
  follower: [event: RoleChange];
  /** Values of a subscription may have been missed. Emitted before the next value. */
  resync: [event: ResyncEvent];
  /** An error that no promise reports: from the real client, a listener, or a oneway call. Never ends the process. */
  error: [error: Error];
  warning: [warning: ClientWarning];
  /** The handle is closed. The last event. */
  close: [];
}

/** The events of the real client that the option `events` names. Wildcards as in eventemitter2: `'user.*'`, `'**'`. */
export interface Upstream {
  on(event: string, listener: UpstreamListener): this;
  once(event: string, listener: UpstreamListener): this;
  off(event: string, listener: UpstreamListener): this;
}

/** Called with the arguments that the real client emitted. */
// biome-ignore lint/suspicious/noExplicitAny: in general the events of a real client have no types, as in node:events.
export type UpstreamListener = (...args: any[]) => void;
