// Faults of who leads, and of what the primary and the members know of each other.

import { CALL, plan, type Regression } from './regression.js';

export const LEADERS: readonly Regression[] = [
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
    seed: 11611,
    text: 'A client that was closed and opened again over a slow channel took a route of its predecessor, whose end it never heard of.',
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
    seed: 35003,
    text: 'A client that was opened and closed while the one before it stepped down let the next one join too early: two led.',
    plan: plan(
      35003,
      5,
      400,
      [
        { at: 2, do: 'fork', w: 3 },
        { at: 3, do: 'fork', w: 0 },
        { at: 4, do: 'fork', w: 2 },
        { at: 4, do: 'fork', w: 4 },
        { at: 19, do: 'stall', ms: 350 },
        { at: 22, do: 'call', g: 0, w: 3, what: 'quick', via: 'hasty', ms: 280, ...CALL, isPadded: true },
        { at: 27, do: 'subscribe', g: 0, w: 2, topic: 0, how: 'all' },
        { at: 37, do: 'call', g: 0, w: 0, what: 'blocks', ms: 320, ...CALL },
        { at: 59, do: 'event', g: 0 },
        { at: 130, do: 'close', g: 0, w: -1 },
        { at: 132, do: 'call', g: 0, w: 2, what: 'quick', ms: 450, ...CALL },
        { at: 227, do: 'event', g: 0 },
        { at: 244, do: 'close', g: 0, w: -1 },
        { at: 268, do: 'open', g: 0, w: 0 },
        { at: 291, do: 'open', g: 0, w: 0 },
      ],
      {
        jitterMs: 2,
        groups: [{ name: 'g0', form: 'class', handover: 'exclusive', replay: 'last', greets: false }],
        workers: (['json', 'advanced', 'json', 'json', 'json'] as const).map(serialization => ({
          serialization,
          eligible: true,
          priority: 0,
        })),
      },
    ),
  },
  {
    seed: 401058,
    text: 'The real client of a leader that was about to leave broke: the primary took the end of its term for a planned one.',
    plan: plan(
      401058,
      5,
      470,
      [
        { at: 0, do: 'fork', w: 2 },
        { at: 0, do: 'fork', w: 3 },
        { at: 3, do: 'fork', w: 1 },
        { at: 4, do: 'fork', w: 0 },
        { at: 4, do: 'fork', w: 4 },
        { at: 460, do: 'close', g: 0, w: -1 },
        { at: 460, do: 'call', g: 0, w: 4, what: 'quick', ms: 1, ...CALL },
        { at: 461, do: 'break', g: 0 },
      ],
      { jitterMs: 2 },
    ),
  },
];
