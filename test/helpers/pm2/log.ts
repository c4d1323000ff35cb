// A log written by hand: a, b, c are workers 1, 2, 3 of processes '1', '2', '3'.

import { successorIn, termOf } from '../../../lib/group/queries.js';
import { EMPTY_LOG, type LogEntry, readLog, type Settled } from '../../../lib/pm2/read-log.js';
import type { Successor } from '../../../lib/protocol/group-state.js';
import type { BusGroup, LogState } from '../../../lib/protocol/log-state.js';
import type { BusPacket, ControlFrame } from '../../../lib/protocol/messages.js';

export const T0 = 1_000_000;

export const join = (group = 'g', more: Partial<Extract<ControlFrame, { k: 'join' }>> = {}): ControlFrame => ({
  k: 'join',
  group,
  eligible: true,
  priority: 0,
  handover: 'exclusive',
  digest: '{}',
  ...more,
});

export const claim = (after: number, seen?: number, group = 'g'): ControlFrame => ({
  k: 'claim',
  group,
  after,
  ...(seen !== undefined && { seen }),
});

export const ready = (term: number, methods: string[] = []): ControlFrame => ({
  k: 'ready',
  group: 'g',
  term,
  methods,
});
export const prepared = (term: number): ControlFrame => ({ k: 'prepared', group: 'g', term, methods: ['next'] });
export const yields = (term: number, now?: boolean): ControlFrame => ({
  k: 'yield',
  group: 'g',
  term,
  ...(now && { now }),
});
export const resign = (term: number, cause: 'resigned' | 'failed' | 'broken' = 'resigned'): ControlFrame => ({
  k: 'resign',
  group: 'g',
  term,
  cause,
  ...(cause === 'failed' && { error: { text: '"no"', ext: false } }),
});
export const transfer = (to?: number, id = 1): ControlFrame => ({ k: 'transfer', group: 'g', id, ...(to && { to }) });

export class Log {
  state: LogState = EMPTY_LOG;
  /** What became of transfers. */
  readonly settled: Settled[] = [];
  at = T0;
  readonly #numbers = new Map<string, number>();

  /** Each of `ids` enters. */
  enter(...ids: string[]): this {
    for (const id of ids) {
      const workerId = id.charCodeAt(0) - 96;
      const process = String(workerId);
      this.send(id, { k: 'enter', process, workerId, pid: 100 + workerId, heartbeatMs: 500, leaderTimeoutMs: 3000 });
    }
    return this;
  }

  send(i: string, ...c: ControlFrame[]): this {
    return this.read({ type: 'packet', packet: this.packet(i, c), at: ++this.at });
  }

  packet(i: string, c: readonly ControlFrame[], y: 0 | 1 = 1): BusPacket {
    const n = (this.#numbers.get(i) ?? 0) + 1;
    this.#numbers.set(i, n);
    return { $csc: 1, i, n, y, c };
  }

  exit(process: string): this {
    return this.read({ type: 'exit', process, at: ++this.at });
  }

  read(entry: LogEntry): this {
    const { log, settled } = readLog(this.state, entry);
    this.state = log;
    this.settled.push(...settled);
    return this;
  }

  get group(): BusGroup {
    return this.state.groups.g!;
  }

  /** Who leads, how far it is, and who comes next. */
  get led(): string {
    const { at } = this.group;
    if (at.stage === 'vacant') return 'vacant';
    const successor = successorIn(at);
    return `${at.leader} ${at.stage}${successor ? ` then ${successor.id}` : ''}`;
  }

  get successor(): Successor {
    return successorIn(this.group.at)!;
  }

  get term(): number {
    return termOf(this.group);
  }

  /** Of this worker's last packet. */
  seen(id: string): number {
    return this.state.peers[id]!.seen;
  }
}

/** a leads `g`, b and c follow. */
export function ledByA(handover: 'exclusive' | 'overlap' = 'exclusive'): Log {
  const log = new Log().enter('a', 'b', 'c');
  for (const id of ['a', 'b', 'c']) log.send(id, join('g', { handover }));
  log.send('a', claim(0));
  return log.send('a', ready(log.term, ['get']));
}
