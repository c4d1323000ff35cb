import test from 'ava';
import { failureOf, ratioOf, type Sample, spreadOf } from '../../bench/support/samples.js';

const sample = (round: number, entry: string, perSecond: number): Sample => ({
  round,
  case: 'small',
  entry,
  figures: { perSecond },
});

test('the median of the rounds, with the lowest and the highest', t => {
  const samples = [sample(1, 'relay', 30), sample(2, 'relay', 10), sample(3, 'relay', 20), sample(1, 'direct', 99)];
  t.deepEqual(spreadOf(samples, 'small', 'relay', 'perSecond'), { median: 20, lowest: 10, highest: 30 });
  t.is(spreadOf(samples, 'small', 'relay', 'cpuUs'), undefined);
  t.is(spreadOf(samples, 'large', 'relay', 'perSecond'), undefined);
});

test('ratios are taken within a round, in whatever order the contestants had their turn', t => {
  const samples = [
    sample(1, 'relay', 100),
    sample(1, 'cluster-client', 100),
    sample(2, 'cluster-client', 10),
    sample(2, 'relay', 30),
    sample(3, 'relay', 400),
    sample(3, 'cluster-client', 200),
  ];
  t.deepEqual(ratioOf(samples, 'small', 'relay', 'cluster-client', 'perSecond'), { median: 2, lowest: 1, highest: 3 });
});

test('one round that failed leaves neither a median nor a ratio, but its reason', t => {
  const failed: Sample = { round: 2, case: 'small', entry: 'relay', failed: 'it ended' };
  const samples = [sample(1, 'relay', 1), failed, sample(1, 'cluster-client', 1), sample(2, 'cluster-client', 1)];
  t.is(spreadOf(samples, 'small', 'relay', 'perSecond'), undefined);
  t.is(ratioOf(samples, 'small', 'relay', 'cluster-client', 'perSecond'), undefined);
  t.is(failureOf(samples, 'small', 'relay'), 'it ended');
  t.is(failureOf(samples, 'small', 'cluster-client'), undefined);
});
