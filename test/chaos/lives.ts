// How long each real client lived, by the clock that all processes of a host share, and whether two lived at once. What
// the server sees is no measure of that: it may read the end of a connection long after it, and the begin of the next first.

import type { ChaosEvent } from '../fixtures/process-chaos.js';
import type { Stamped } from '../helpers/process/wire.js';
import type { SeenConnection } from '../helpers/upstream/protocol.js';

/** A process, and when the primary heard of its end. */
export interface Past {
  readonly workerId: number;
  readonly events: readonly Stamped<ChaosEvent>[];
  readonly exitAt: number;
}

/** A term that was over because nothing was heard of its leader. */
export interface Silent {
  readonly term: number;
  readonly at: number;
}

interface Life {
  readonly workerId: number;
  readonly term: number;
  readonly from: number;
  /** When its connection was closed, or its process was known dead. */
  readonly until: number;
}

export interface Judgement {
  /** Real clients that lived. */
  readonly lives: number;
  /** How often one began while a leader that stood still, and was deposed for it, kept the one before. */
  readonly excused: number;
  /** How often one began while another lived, and nothing excuses it. */
  readonly violations: readonly string[];
  /** How long after the end of a connection the server read it, at most, in ms. */
  readonly readLateMs: number;
  /** How often a connection began, as the server saw it, before the end of one that was over by then. */
  readonly misread: number;
}

/** Judges those that give way before the next one opens. */
export function judgeLives(pasts: readonly Past[], silent: readonly Silent[], seen: readonly SeenConnection[]) {
  const lives = pasts.flatMap(livesOf).sort((a, b) => a.from - b.from);
  const violations: string[] = [];
  let excused = 0;
  lives.forEach((later, i) => {
    for (const earlier of lives.slice(0, i)) {
      if (earlier.until <= later.from) continue;
      if (silent.some(({ term, at }) => term === earlier.term && at <= later.from)) excused++;
      else violations.push(overlap(earlier, later));
    }
  });
  return { lives: lives.length, excused, violations, ...comparison(lives, seen) } satisfies Judgement;
}

function livesOf({ workerId, events, exitAt }: Past): Life[] {
  const closed = new Map(events.flatMap(event => (event.kind === 'closed' ? [[event.term, event.at] as const] : [])));
  return events.flatMap(event => {
    if (event.kind !== 'opening') return [];
    const { term, at } = event;
    return [{ workerId, term, from: at, until: closed.get(term) ?? exitAt }];
  });
}

function overlap(earlier: Life, later: Life): string {
  const ms = Math.min(earlier.until, later.until) - later.from;
  return `worker ${later.workerId} opened a real client ${ms.toFixed(1)} ms before the end of that of worker ${earlier.workerId}, which did not stand still`;
}

function comparison(lives: readonly Life[], seen: readonly SeenConnection[]) {
  const ends = seen.flatMap(({ term, from, until }) => {
    const life = lives.find(one => one.term === term);
    return life && until !== undefined ? [{ from, until, life }] : [];
  });
  const readLateMs = Math.max(0, ...ends.map(({ until, life }) => until - life.until));
  const misread = ends.filter(end =>
    ends.some(({ from, life }) => from > end.from && from < end.until && life.from >= end.life.until),
  ).length;
  return { readLateMs, misread };
}
