// Messages that carry our marker and are broken, in every way that JSON can carry.

const GROUP = 'probe';
const call = (text: string) => ({ g: GROUP, t: 1, n: 1, h: [1, 1, text.length, 0], x: `[${text}]` });

const ENVELOPES: readonly object[] = [
  { $csc: null },
  { $csc: '1' },
  { $csc: -1 },
  { $csc: 1.5 },
  { $csc: [] },
  { $csc: {} },
  { $csc: true },
  { $csc: 1, c: 5, d: 'x' },
  { $csc: 1, c: { length: 3 } },
  { $csc: 1, c: null, d: null },
];

const CONTROL: readonly unknown[] = [
  null,
  5,
  'x',
  [],
  {},
  { k: 5 },
  { k: 'nothing' },
  { k: '__proto__' },
  { k: 'constructor' },
  { k: 'hello' },
  { k: 'hello', versions: '1', id: 'x', workerId: 1, pid: 1 },
  { k: 'hello', versions: [-1], id: 'x', workerId: 1, pid: 1 },
  { k: 'hello', versions: [1], id: 5, workerId: 1, pid: 1 },
  { k: 'hello', versions: [1], id: 'x', pid: 1 },
  { k: 'join', group: '', eligible: true, priority: 0, handover: 'overlap', digest: '' },
  { k: 'join', group: 'x'.repeat(600), eligible: true, priority: 0, handover: 'overlap', digest: '' },
  { k: 'join', group: GROUP, eligible: 'yes', priority: 0, handover: 'overlap', digest: '' },
  { k: 'join', group: GROUP, eligible: true, priority: null, handover: 'overlap', digest: '' },
  { k: 'join', group: GROUP, eligible: true, priority: 0, handover: 'other', digest: '' },
  { k: 'leave', group: null },
  { k: 'heartbeat', n: -1 },
  { k: 'ready', group: GROUP, term: '1', methods: [] },
  { k: 'ready', group: GROUP, term: 1, methods: [1] },
  { k: 'prepared', group: GROUP, term: 1, methods: {} },
  { k: 'yield', group: GROUP },
  { k: 'resign', group: GROUP, term: 1, cause: 'other' },
  { k: 'resign', group: GROUP, term: 1, cause: 'failed', error: { text: 5 } },
  { k: 'welcome', version: 'x' },
  { k: 'update', group: GROUP, term: 1, phase: 'odd' },
  { k: 'update', group: GROUP, term: 1, phase: 'ready', leader: 5 },
  { k: 'handover', group: GROUP, term: null },
];

const DATA: readonly unknown[] = [
  null,
  'x',
  {},
  { ...call('0'), g: 5 },
  { ...call('0'), t: -1 },
  { ...call('0'), n: 'x' },
  { ...call('0'), f: {} },
  { ...call('0'), to: 'all' },
  { ...call('0'), h: [] },
  { ...call('0'), h: [1, 1, 1] },
  { ...call('0'), h: [1, 1, -1, 0] },
  { ...call('0'), h: [1, 1, 1e9, 0] },
  { ...call('0'), h: { length: 4 } },
  { ...call('0'), h: [1, 1, 1, 2] },
  { ...call('0'), x: 5 },
  { ...call('0'), m: 'x' },
  { ...call('0'), m: [{}, 1] },
  { ...call('0'), h: [513, 1, 1, 0] },
  { ...call('0'), p: [{}] },
  { ...call('0'), p: 'x' },
];

/** More than fifty. */
export const MALFORMED: readonly object[] = [
  ...ENVELOPES,
  ...CONTROL.map(frame => ({ $csc: 1, c: [frame] })),
  ...DATA.map(bundle => ({ $csc: 1, d: [bundle] })),
];

/** Frames of the right shape that make no sense, for a group that lives in `term`. */
export function senseless(term: number): readonly object[] {
  const about = (method: string, text: string, more = 0) => {
    const { h, ...rest } = call(text);
    return { ...rest, h: [513 + more, ...h.slice(1)], m: [method, null] };
  };
  const bundles = [
    ...['{', '[1]', '{}'].map(call),
    ...['{', '{"length":1}', '0'].map(text => about('get', text)),
    ...['[]', '1', 'null'].map(text => about('get', text, 256)),
    about('__proto__', '[]'),
  ].map((bundle, i) => ({ ...bundle, t: term, n: i + 1 }));
  const odd = [99, 10, 14, 30, 31].map(kind => ({ g: GROUP, t: term, h: [kind, 1, 1, 0], x: '[0]' }));
  const control = [
    { k: 'ready', group: GROUP, term, methods: [] },
    { k: 'prepared', group: GROUP, term: term + 1, methods: [] },
    { k: 'yield', group: GROUP, term },
    { k: 'resign', group: GROUP, term, cause: 'broken' },
    { k: 'update', group: GROUP, term: term + 9, phase: 'vacant' },
    { k: 'leave', group: 'another' },
    { k: 'goodbye' },
    { k: 'ack', n: 10 ** 9 },
    { k: 'welcome', version: 9, id: 'x', workerId: 1, heartbeatMs: 1, leaderTimeoutMs: 1, route: 'relay' },
  ];
  return [
    ...bundles.map(bundle => ({ $csc: 1, d: [bundle] })),
    ...odd.map(bundle => ({ $csc: 1, d: [bundle] })),
    ...odd.map(bundle => ({ $csc: 1, d: [{ ...bundle, to: [1, 2, 3, 99] }] })),
    ...odd.map(bundle => ({ $csc: 1, d: [{ ...bundle, to: '*' }] })),
    ...control.map(frame => ({ $csc: 1, c: [frame] })),
  ];
}
