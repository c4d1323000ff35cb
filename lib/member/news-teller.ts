// What a member tells of the news that it reads: who leads no longer, who was appointed, who is ready.

import { tell } from '../diagnostics/channels.js';
import type { GroupMessage } from '../diagnostics/messages.js';
import type { News } from '../protocol/messages.js';

/** News with a leader. */
type Led = News & Required<Pick<News, 'leader'>>;

const hasLeader = (news: News): news is Led => news.leader !== undefined;

export class NewsTeller {
  /** Who leads, as it was told last. */
  #led: Led | undefined;

  constructor(private readonly teller: GroupMessage) {}

  /** @param error the one that ended the last term */
  tell(news: News, error?: Error): void {
    const led = this.#led;
    const isSameTerm = led?.term === news.term;
    // It can't be reached, but whether its term has ended, and why, isn't known yet.
    const isInDoubt = isSameTerm && !news.leader && !news.cause;
    if (isInDoubt) return;
    this.#led = hasLeader(news) ? news : undefined;
    if (led && !(isSameTerm && news.leader)) {
      tell('deposed', { ...this.teller, ...led.leader, term: led.term, cause: news.cause, ...(error && { error }) });
    }
    if (!hasLeader(news)) return;
    const message = { ...this.teller, ...news.leader, term: news.term };
    if (!isSameTerm) tell('appointed', message);
    if (news.phase === 'ready' && !(isSameTerm && led.phase === 'ready')) tell('ready', message);
  }

  /** There is no primary whose word it was. */
  forget(): void {
    this.#led = undefined;
  }
}
