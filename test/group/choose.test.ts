import test from 'ava';
import { byPreference } from '../../lib/group/choose.js';
import type { Candidate } from '../../lib/options/options.js';

const candidate = (workerId: number, given: Partial<Candidate> = {}): Candidate => ({
  workerId,
  pid: 1000 + workerId,
  joinedAt: 0,
  leads: 0,
  priority: 0,
  ...given,
});

const CHOICES: readonly [title: string, candidates: readonly Candidate[], chosen: number][] = [
  ['the only candidate leads', [candidate(3, { leads: 9, priority: -1 })], 3],
  ['the highest priority goes first', [candidate(1), candidate(2, { priority: 1, leads: 5 }), candidate(3)], 2],
  ['a low priority goes last', [candidate(1, { priority: -1 }), candidate(2, { leads: 5 })], 2],
  ['then who leads the fewest groups', [candidate(1, { leads: 1 }), candidate(2, { leads: 2, joinedAt: 9 })], 1],
  ['then the youngest', [candidate(1, { joinedAt: 5 }), candidate(2, { joinedAt: 7 }), candidate(3)], 2],
  ['then the highest worker id', [candidate(2), candidate(3), candidate(1)], 3],
];

for (const [title, candidates, chosen] of CHOICES) {
  test(title, t => {
    t.is(candidates.toSorted(byPreference)[0]!.workerId, chosen);
    t.is(candidates.toReversed().sort(byPreference)[0]!.workerId, chosen);
  });
}
