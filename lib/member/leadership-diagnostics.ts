// The diagnostics that a member publishes about state updates: the leader was deposed, appointed, or is ready.

import { publishDiagnostic } from '../diagnostics/channels.js';
import type { GroupMessage } from '../diagnostics/messages.js';
import type { StateUpdate } from '../protocol/messages.js';

/** An update with a leader. */
type LedUpdate = StateUpdate & Required<Pick<StateUpdate, 'leader'>>;

const hasLeader = (update: StateUpdate): update is LedUpdate => update.leader !== undefined;

export class LeadershipDiagnostics {
  /** The last update that had a leader. */
  #led: LedUpdate | undefined;

  constructor(private readonly source: GroupMessage) {}

  /** @param error the error that ended the last term */
  publish(update: StateUpdate, error?: Error): void {
    const led = this.#led;
    const isSameTerm = led?.term === update.term;
    // The leader cannot be reached, but it is not known yet whether its term has ended, and why.
    const isInDoubt = isSameTerm && !update.leader && !update.cause;
    if (isInDoubt) return;
    this.#led = hasLeader(update) ? update : undefined;
    if (led && !(isSameTerm && update.leader)) {
      publishDiagnostic('deposed', {
        ...this.source,
        ...led.leader,
        term: led.term,
        cause: update.cause,
        ...(error && { error }),
      });
    }
    if (!hasLeader(update)) return;
    const message = { ...this.source, ...update.leader, term: update.term };
    if (!isSameTerm) publishDiagnostic('appointed', message);
    if (update.phase === 'ready' && !(isSameTerm && led.phase === 'ready')) publishDiagnostic('ready', message);
  }

  /** There is no primary any more. */
  forget(): void {
    this.#led = undefined;
  }
}
