// What a member tells of the news that it reads: who leads no longer, who was appointed, who is ready.

import { publishDiagnostic } from '../diagnostics/channels.js';
import type { GroupMessage } from '../diagnostics/messages.js';
import type { StateUpdate } from '../protocol/messages.js';

/** News with a leader. */
type LedUpdate = StateUpdate & Required<Pick<StateUpdate, 'leader'>>;

const hasLeader = (news: StateUpdate): news is LedUpdate => news.leader !== undefined;

export class LeadershipDiagnostics {
  /** Who leads, as it was told last. */
  #led: LedUpdate | undefined;

  constructor(private readonly teller: GroupMessage) {}

  /** @param error the one that ended the last term */
  publish(news: StateUpdate, error?: Error): void {
    const led = this.#led;
    const isSameTerm = led?.term === news.term;
    // It can't be reached, but whether its term has ended, and why, isn't known yet.
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

  /** There is no primary whose word it was. */
  forget(): void {
    this.#led = undefined;
  }
}
