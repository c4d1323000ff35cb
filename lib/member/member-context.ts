// What the parts of a member share.

import type { OwnTypes } from '../codec/own-types.js';
import type { GroupMessage } from '../diagnostics/messages.js';
import type { Failovers } from '../metrics/failovers.js';
import type { Served } from '../metrics/served.js';
import type { FleetView, MemberOptions } from '../options/options.js';
import type { AsyncContext } from '../utils/async-context.js';
import type { Clock } from '../utils/clock.js';
import type { GroupView } from './group-view.js';
import type { Link } from './link.js';
import type { MemberObserver } from './observer.js';
import type { RouteProblem } from './route-problem.js';

/** What is known of a fleet. */
export interface FleetKnowledge {
  /** The name of the fleet. */
  readonly name: string;
  readonly view: FleetView;
  /** The fleet has a leader that is ready, and this host reaches it. */
  readonly isReady: boolean;
}

export interface MemberContext {
  readonly name: string;
  readonly options: MemberOptions;
  readonly link: Link;
  readonly clock: Clock;
  /** The async context of the code that asked for the client. */
  readonly context: AsyncContext;
  /** The source named in diagnostics and NODE_DEBUG lines. */
  readonly source: GroupMessage;
  readonly view: GroupView;
  readonly problem: RouteProblem;
  /** The application's own types. */
  readonly own: OwnTypes | undefined;
  /** Counts the calls that ran here. */
  readonly served: Served;
  readonly failovers: Failovers;
  /** What is known of the fleet, if the group is part of one. */
  readonly fleet: FleetKnowledge | undefined;
  observe(notify: (observer: MemberObserver) => void): void;
  warning(text: string): void;
}
