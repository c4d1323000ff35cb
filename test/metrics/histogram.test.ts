import test from 'ava';
import { Durations } from '../../lib/metrics/histogram.js';

const placesOf = (...durations: number[]): number[] => {
  const all = new Durations();
  for (const ms of durations) all.add(ms);
  return all.status().counts.flatMap((count, place) => new Array<number>(count).fill(place));
};

test('the bounds are doublings, and each takes what is no longer', t => {
  const { boundsMs, counts } = new Durations().status();
  t.deepEqual([boundsMs[0], boundsMs[3], boundsMs.at(-1)], [0.125, 1, 32_768]);
  t.is(counts.length, boundsMs.length + 1);
  for (const [place, bound] of boundsMs.entries()) {
    t.deepEqual(placesOf(bound), [place], `${bound} ms`);
    t.deepEqual(placesOf(bound * 1.001), [place + 1], `longer than ${bound} ms`);
  }
});

test('what takes no time, or an age, has its place', t => {
  t.deepEqual(placesOf(0, -1, 1e9, Number.MAX_SAFE_INTEGER), [0, 0, 19, 19]);
});

test('the sum is in milliseconds, and the count is that of all', t => {
  const all = new Durations();
  for (const ms of [0.5, 1, 40_000]) all.add(ms);
  t.like(all.status(), { count: 3, sumMs: 40_001.5 });
});
