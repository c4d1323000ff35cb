// Schedules that once broke a promise, in their shortest form: they stay, whatever seeds come to mean.

import type { Action, Plan } from './plan.js';

export interface Regression {
  /** The seed that found it, when it was found. */
  readonly seed: number;
  readonly text: string;
  readonly plan: Plan;
}

const plan = (
  seed: number,
  workers: number,
  durationMs: number,
  actions: readonly Action[],
  more: Partial<Plan> = {},
): Plan => ({
  seed,
  jitterMs: 0,
  hungLeader: 'depose',
  ending: 'closes',
  groups: [{ name: 'g0', form: 'open', handover: 'exclusive', replay: 'last', greets: false }],
  workers: Array.from({ length: workers }, () => ({ serialization: 'json', eligible: true, priority: 0 })),
  durationMs,
  actions,
  ...more,
});

const LOAD = { padding: 600 * 1024, maxQueuedBytes: 64 * 1024, maxQueuedTotalBytes: 2000 * 1024 };

const CALL = { timeoutMs: 8000, idempotent: false, count: 1 } as const;

export const REGRESSIONS: readonly Regression[] = [
  {
    seed: 447,
    text: 'A held call that blocked for longer than the lease was followed by held values, outside the lease.',
    plan: plan(205, 5, 1094, [
      { at: 1, do: 'fork', w: 0 },
      { at: 2, do: 'fork', w: 2 },
      { at: 836, do: 'subscribe', g: 0, w: 0, topic: 1, how: 'all' },
      { at: 1054, do: 'call', g: 0, w: 2, what: 'blocks', ms: 450, ...CALL, count: 3 },
      { at: 1084, do: 'push', g: 0, topic: 1, count: 1 },
    ]),
  },
  {
    seed: 2703,
    text: 'A client was closed, opened and closed again while its first member still stepped down: the link closed under it.',
    plan: plan(2703, 4, 1150, [
      { at: 2, do: 'fork', w: 2 },
      { at: 3, do: 'fork', w: 3 },
      { at: 162, do: 'freeze', g: 0, w: -1, ms: 420 },
      { at: 603, do: 'freeze', g: 0, w: -1, ms: 350 },
      { at: 718, do: 'close', g: 0, w: -1 },
      { at: 721, do: 'open', g: 0, w: 3 },
      { at: 824, do: 'call', g: 0, w: 2, what: 'never', ms: 1, ...CALL },
      { at: 1142, do: 'close', g: 0, w: -1 },
    ]),
  },
  {
    seed: 7566,
    text: 'Calls that came while a broken real client was closed slowly were lost, although the leader knew that they had not begun.',
    plan: plan(7566, 4, 1764, [
      { at: 2, do: 'fork', w: 0 },
      { at: 3, do: 'fork', w: 1 },
      { at: 1234, do: 'ill', g: 0, how: 'never closes', ms: 1500, delayMs: 50 },
      { at: 1669, do: 'break', g: 0 },
      { at: 1670, do: 'call', g: 0, w: 1, what: 'quick', ms: 320, ...CALL },
      { at: 1754, do: 'close', g: 0, w: -1 },
    ]),
  },
  {
    seed: 45568,
    text: 'A call was lost in a hand-over whose successor, prepared, had just begun to close its real client.',
    plan: plan(
      45568,
      3,
      795,
      [
        { at: 1, do: 'fork', w: 1 },
        { at: 1, do: 'fork', w: 2 },
        { at: 139, do: 'ill', g: 0, how: 'never closes', ms: 1500, delayMs: 200 },
        { at: 274, do: 'call', g: 0, w: 1, what: 'never', ms: 320, ...CALL },
        { at: 282, do: 'transfer', g: 0, to: 1 },
        { at: 710, do: 'publish', g: 0, w: 2, what: 'quick', ms: 450, ...CALL },
        { at: 785, do: 'resign', g: 0, w: 1 },
      ],
      {
        jitterMs: 0.05,
        groups: [{ name: 'g0', form: 'class', handover: 'overlap', replay: 'last', greets: false }],
      },
    ),
  },
  {
    seed: 23,
    text: 'A primary was closed and set up again, and appointed a leader while a frozen one still held its lease.',
    plan: plan(23, 5, 478, [
      { at: 0, do: 'fork', w: 4 },
      { at: 228, do: 'freeze', g: 0, w: 4, ms: 350 },
      { at: 238, do: 'shut', ms: 200 },
      { at: 468, do: 'fork', w: 3 },
    ]),
  },
  {
    seed: 18,
    text: 'One of two clients of a member closed, and the leader went on with its calls.',
    plan: plan(18, 3, 1603, [
      { at: 3, do: 'fork', w: 1 },
      { at: 14, do: 'open', g: 0, w: 1 },
      { at: 830, do: 'call', g: 0, w: 1, what: 'never', ms: 320, ...CALL },
      { at: 1593, do: 'close', g: 0, w: 1 },
    ]),
  },
  {
    seed: 1010,
    text: 'The primary led, was closed and set up again: who had missed values within the term was not told.',
    plan: plan(
      1010,
      4,
      1345,
      [
        { at: 4, do: 'fork', w: 3 },
        { at: 300, do: 'subscribe', g: 0, w: 3, topic: 1, how: 'all' },
        { at: 713, do: 'push', g: 0, topic: 1, count: 1 },
        { at: 1335, do: 'shut', ms: 0 },
        { at: 1335, do: 'push', g: 0, topic: 1, count: 3 },
      ],
      { primary: { serialization: 'json', eligible: true, priority: 0 } },
    ),
  },
  {
    seed: 2766,
    text: 'Who subscribed in a worker that does not read got the last value twice: as a value of before, and replayed.',
    plan: plan(
      2766,
      4,
      1906,
      [
        { at: 4, do: 'fork', w: 1 },
        { at: 4, do: 'fork', w: 3 },
        { at: 304, do: 'subscribe', g: 0, w: 3, topic: 1, how: 'all' },
        { at: 1350, do: 'deaf', g: 0, w: 3, ms: 1000 },
        { at: 1889, do: 'push', g: 0, topic: 1, count: 6 },
        { at: 1896, do: 'subscribe', g: 0, w: 3, topic: 1, how: 'all' },
      ],
      { load: LOAD },
    ),
  },
  {
    seed: 31828,
    text: 'A sticky publication that waited for the lease was said after its unpublish() had timed out, and never taken back.',
    plan: plan(31828, 5, 1996, [
      { at: 274, do: 'fork', w: 4 },
      { at: 937, do: 'stall', ms: 1200 },
      { at: 1974, do: 'sticky', g: 0, w: 4, key: 0 },
      { at: 1976, do: 'unpublish', g: 0, w: 4, key: 0 },
      { at: 1986, do: 'jump', ms: 2000 },
    ]),
  },
  {
    seed: 11611,
    text: 'A client that was closed and opened again over a slow channel took a road of its predecessor, whose end it never heard of.',
    plan: plan(11611, 4, 1200, [
      { at: 1, do: 'fork', w: 0 },
      { at: 2, do: 'fork', w: 3 },
      { at: 331, do: 'slow', g: 0, w: -1, ms: 1000, latencyMs: 390 },
      { at: 373, do: 'close', g: 0, w: -1 },
      { at: 938, do: 'open', g: 0, w: 0 },
      { at: 1130, do: 'disconnect', g: 0, w: -1, ms: 100 },
    ]),
  },
  {
    seed: 285,
    text: 'A successor that was frozen when it was asked to prepare, and was replaced meanwhile, opened a real client when it thawed.',
    plan: plan(
      285,
      5,
      1500,
      [
        { at: 1, do: 'fork', w: 4 },
        { at: 4, do: 'fork', w: 0 },
        { at: 12, do: 'freeze', g: 0, w: 0, ms: 900 },
        { at: 274, do: 'transfer', g: 0, to: 0 },
        { at: 389, do: 'fork', w: 3 },
        { at: 807, do: 'resign', g: 0, w: -1 },
      ],
      { groups: [{ name: 'g0', form: 'open', handover: 'overlap', replay: 'last', greets: false }] },
    ),
  },
  {
    seed: 764,
    text: 'The simulator asked for results while a flood from before the end of the faults was still on its way.',
    plan: plan(
      764,
      2,
      885,
      [
        { at: 1, do: 'fork', w: 1 },
        { at: 2, do: 'fork', w: 0 },
        { at: 255, do: 'subscribe', g: 0, w: 0, topic: 0, how: 'all' },
        { at: 256, do: 'subscribe', g: 0, w: 0, topic: 1, how: 'all' },
        { at: 257, do: 'open', g: 1, w: 0 },
        { at: 276, do: 'deaf', g: 1, w: 0, ms: 200 },
        { at: 440, do: 'push', g: 0, topic: 1, count: 1 },
        { at: 497, do: 'call', g: 0, w: 0, what: 'blocks', ms: 450, ...CALL, count: 15 },
        { at: 555, do: 'push', g: 0, topic: 1, count: 9 },
        { at: 667, do: 'subscribe', g: 0, w: 0, topic: 1, how: 'all' },
        { at: 675, do: 'sever', g: 1, w: 0 },
        { at: 777, do: 'call', g: 1, w: 0, what: 'quick', ms: 20, ...CALL, timeoutMs: 300, isPadded: true, count: 3 },
      ],
      {
        road: 'direct',
        jitterMs: 0.05,
        groups: ['g0', 'g1'].map((name, i) => ({
          name,
          form: 'class',
          handover: i === 0 ? 'overlap' : 'exclusive',
          replay: 'last',
          greets: false,
        })),
        load: { ...LOAD, maxQueuedTotalBytes: 64 * 1024 },
      },
    ),
  },
  {
    seed: 6367,
    text: 'The simulator looked at a call in the very moment in which its time was over.',
    plan: plan(
      6367,
      2,
      696,
      [
        { at: 3, do: 'fork', w: 0 },
        { at: 4, do: 'fork', w: 1 },
        { at: 99, do: 'unpublish', g: 0, w: 1, key: 0 },
        { at: 137, do: 'call', g: 0, w: 1, what: 'blocks', ms: 20, ...CALL, timeoutMs: 5, isPadded: true, count: 3 },
        { at: 138, do: 'subscribe', g: 0, w: 0, topic: 0, how: 'all' },
        { at: 139, do: 'call', g: 0, w: 1, what: 'quick', ms: 320, ...CALL },
        { at: 166, do: 'sticky', g: 0, w: 0, key: 1 },
        { at: 309, do: 'call', g: 0, w: 1, what: 'never', via: 'drop', ms: 280, ...CALL, isPadded: true },
        { at: 310, do: 'exit', g: 0, w: -1 },
        { at: 579, do: 'unpublish', g: 0, w: 1, key: 0 },
      ],
      {
        jitterMs: 2,
        groups: [{ name: 'g0', form: 'open', handover: 'exclusive', replay: 'none', greets: false }],
      },
    ),
  },
  {
    seed: 8188,
    text: 'A primary that was set up again read that a member had joined its predecessor, and never that it left.',
    plan: plan(
      8188,
      2,
      1516,
      [
        { at: 194, do: 'stall', ms: 1200 },
        { at: 700, do: 'fork', w: 1 },
        { at: 706, do: 'freeze', g: 0, w: 1, ms: 1500 },
        { at: 1117, do: 'shut', ms: 200 },
        { at: 1506, do: 'close', g: 0, w: 1 },
      ],
      { groups: [{ name: 'g0', form: 'class', handover: 'overlap', replay: 'none', greets: false }] },
    ),
  },
  {
    seed: 8235,
    text: 'The simulator counted the real client of a successor that stood still and was given up.',
    plan: plan(
      8235,
      5,
      1790,
      [
        { at: 0, do: 'fork', w: 2 },
        { at: 0, do: 'fork', w: 3 },
        { at: 2, do: 'fork', w: 1 },
        { at: 91, do: 'kill', g: 0, w: -1 },
        { at: 881, do: 'fork', w: 4 },
        { at: 947, do: 'ill', g: 0, how: 'opens late', ms: 500, delayMs: 450 },
        { at: 1317, do: 'resign', g: 0, w: 1 },
        { at: 1384, do: 'freeze', g: 0, w: 4, ms: 1500 },
        { at: 1452, do: 'call', g: 0, w: 3, what: 'never', ms: 20, ...CALL, isOneway: true },
      ],
      { groups: [{ name: 'g0', form: 'class', handover: 'overlap', replay: 'last', greets: false }] },
    ),
  },
  {
    seed: 20575,
    text: 'A sticky publication for which there was no room was never said to that leader.',
    plan: plan(
      20575,
      3,
      2800,
      [
        { at: 0, do: 'fork', w: 2 },
        { at: 2, do: 'fork', w: 0 },
        { at: 146, do: 'deaf', g: 1, w: -1, ms: 50 },
        { at: 438, do: 'freeze', g: 1, w: -1, ms: 150 },
        { at: 473, do: 'call', g: 0, w: 0, what: 'slow', ms: 100, ...CALL, isOneway: true },
        { at: 584, do: 'call', g: 0, w: 0, what: 'quick', ms: 320, ...CALL },
        { at: 584, do: 'call', g: 0, w: 2, what: 'blocks', ms: 280, ...CALL, abortMs: 110, count: 15 },
        { at: 1123, do: 'subscribe', g: 1, w: 2, topic: 0, how: 'all' },
        { at: 1150, do: 'freeze', g: 0, w: 2, ms: 420 },
        { at: 1515, do: 'freeze', g: 0, w: 0, ms: 1500 },
        { at: 1519, do: 'call', g: 1, w: 0, what: 'quick', ms: 20, ...CALL, isPadded: true, count: 3 },
        { at: 1522, do: 'sticky', g: 1, w: 0, key: 1 },
        { at: 1717, do: 'call', g: 0, w: 2, what: 'quick', ms: 20, ...CALL, timeoutMs: 300, isPadded: true },
        { at: 1719, do: 'call', g: 1, w: 0, what: 'quick', ms: 1, ...CALL, isPadded: true },
        { at: 1914, do: 'call', g: 1, w: 2, what: 'slow', ms: 320, ...CALL, isPadded: true, count: 6 },
        { at: 2152, do: 'deaf', g: 1, w: 0, ms: 1000 },
        { at: 2303, do: 'deaf', g: 0, w: -1, ms: 50 },
        { at: 2351, do: 'call', g: 0, w: 0, what: 'quick', ms: 1, ...CALL, signalMs: 124, isPadded: true, count: 3 },
        { at: 2411, do: 'freeze', g: 0, w: -1, ms: 900 },
        { at: 2416, do: 'subscribe', g: 1, w: 0, topic: 0, how: 'all' },
        { at: 2723, do: 'push', g: 1, topic: 0, count: 6 },
      ],
      {
        jitterMs: 0.05,
        groups: [
          { name: 'g0', form: 'open', handover: 'overlap', replay: 'last', greets: false },
          { name: 'g1', form: 'class', handover: 'exclusive', replay: 'none', greets: false },
        ],
        load: { padding: 614_400, maxQueuedBytes: 2_048_000, maxQueuedTotalBytes: 102_400_000 },
      },
    ),
  },
  {
    seed: 23535,
    text: 'The primary in memory forgot, when it was set up again, whose channel had closed, and never told of their exit.',
    plan: plan(
      23535,
      3,
      1290,
      [
        { at: 0, do: 'fork', w: 2 },
        { at: 672, do: 'slow', g: 0, w: -1, ms: 400, latencyMs: 390 },
        { at: 805, do: 'disconnect', g: 0, w: -1, ms: 600 },
        { at: 1206, do: 'shut', ms: 0 },
        { at: 1280, do: 'fork', w: 1 },
      ],
      { hungLeader: 'kill' },
    ),
  },
  {
    seed: 23643,
    text: 'The simulator took the loss of a leader for a planned hand-over, for it was not yet told that its term was over.',
    plan: plan(
      23643,
      4,
      1100,
      [
        { at: 0, do: 'fork', w: 3 },
        { at: 2, do: 'fork', w: 1 },
        { at: 3, do: 'fork', w: 0 },
        { at: 4, do: 'fork', w: 2 },
        { at: 19, do: 'sticky', g: 0, w: 1, key: 1 },
        { at: 37, do: 'call', g: 0, w: 0, what: 'obeys', ms: 280, ...CALL },
        { at: 144, do: 'transfer', g: 0, to: 0 },
        { at: 203, do: 'call', g: 0, w: 3, what: 'quick', ms: 20, ...CALL },
        { at: 372, do: 'ill', g: 0, how: 'closes slowly', ms: 100, delayMs: 200 },
        { at: 550, do: 'call', g: 0, w: 1, what: 'blocks', via: 'hasty', ms: 450, ...CALL },
        { at: 984, do: 'disconnect', g: 0, w: -1, ms: 5 },
      ],
      { jitterMs: 0.05, primary: { serialization: 'json', eligible: true, priority: 0 } },
    ),
  },
];
