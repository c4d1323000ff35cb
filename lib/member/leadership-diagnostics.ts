// The diagnostics that a member publishes about state updates: the leader was deposed, appointed, or is ready.

import { publishDiagnostic } from '../diagnostics/channels.js';
import type { GroupMessage } from '../diagnostics/messages.js';
import type { StateUpdate } from '../protocol/messages.js';

/** An update with a leader. */
type LedUpdate = StateUpdate & Required<Pick<StateUpdate, 'leader'>>;

const hasLeader = (news: StateUpdate): news is LedUpdate => news.leader !== undefined;

export class LeadershipDiagnostics {
  /** The last update that had a leader. */
  #led: LedUpdate | undefined;

  constructor(private readonly teller: GroupMessage) {}

  /** @param error the error that ended the last term */
  publish(news: StateUpdate, error?: Error): void {
    const led = this.#led;
    const isSameTerm = led?.term === news.term;
    // The leader cannot be reached, but it is not known yet whether its term has ended, and why.
    const isInDoubt = isSameTerm && !news.leader && !news.cause;
    if (isInDoubt) return;
    this.#led = hasLeader(news) ? news : undefined;
    if (led && !(isSameTerm && news.leader)) {
      publishDiagnostic('deposed', {
        ...this.teller,
        ...led.leader,
        term: led.term,
        cause: news.cause,
        ...(error && { error }),
      });
    }
    if (!hasLeader(news)) return;
    const message = { ...this.teller, ...news.leader, term: news.term };
    if (!isSameTerm) publishDiagnostic('appointed', message);
    if (news.phase === 'ready' && !(isSameTerm && led.phase === 'ready')) publishDiagnostic('ready', message);
  }

  /** There is no primary any more. */
  forget(): void {
    this.#led = undefined;
  }
}
