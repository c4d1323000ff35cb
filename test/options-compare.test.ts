import test from 'ava';
import { natsFleet } from '../lib/nats.js';
import {
  differingMemberOption,
  digestDifference,
  type MemberOptions,
  memberDigest,
  resolveCreateArguments,
  withoutArgs,
} from '../lib/options/options.js';

class Registry {}
class Other {}
const open = () => new Registry();
const close = () => {};
const aFleet = () => natsFleet({ name: 'shop', connect: () => Promise.reject() });

const PROCESS = { eligible: true, drainTimeoutMs: 5000 };

const fromClass = (options: object = {}, Class: unknown = Registry): MemberOptions =>
  resolveCreateArguments(Class, { name: 'r', ...options }, PROCESS).member;

const fromOpen = (options: object = {}): MemberOptions =>
  resolveCreateArguments({ name: 'r', open, ...options }, undefined, PROCESS).member;

/** For every option of a member a value that isn't the default. */
const CHANGES = {
  openTimeoutMs: 1,
  drainTimeoutMs: 1,
  primaryTimeoutMs: Number.POSITIVE_INFINITY,
  maxLeadersLost: Number.POSITIVE_INFINITY,
  methods: { get: { idempotent: true } },
  operations: { work() {} },
  namespaces: ['json'],
  types: [{ name: 'a', test: () => false, encode: () => 1, decode: () => 2 }],
  errors: [RangeError],
  readyOn: ['open'],
  resyncOn: ['ready'],
  backoff: { minMs: 1, maxMs: 2 },
  events: ['a'],
  failOn: ['a'],
  eligible: false,
  priority: 1,
  replay: 'none',
  handover: 'overlap',
  resignOn: ['SIGTERM'],
  standalone: true,
  context: { inject() {}, extract() {} },
  across: aFleet(),
};

/** An equal one; functions are equal only to themselves. */
const copyOf = (value: unknown) => {
  const { context, operations, types, errors, across } = CHANGES;
  // A fleet is equal only to itself.
  if (value === across) return across;
  if (value === context || value === operations) return { ...(value as object) };
  return value === types || value === errors ? [...(value as unknown[])] : structuredClone(value);
};

test('the table of changes has every option of a member', t => {
  const compared = Object.keys(fromClass()).filter(
    option => !['name', 'definition', 'namedMethods', 'eligibleGiven'].includes(option),
  );
  t.deepEqual(Object.keys(CHANGES).sort(), compared.sort());
});

for (const [option, value] of Object.entries(CHANGES)) {
  test(`two clients of one process differ in ${option}`, t => {
    t.is(differingMemberOption(fromClass(), fromClass({ [option]: value })), option);
    t.is(differingMemberOption(fromOpen({ [option]: value }), fromOpen()), option);
    t.is(differingMemberOption(fromClass({ [option]: value }), fromClass({ [option]: copyOf(value) })), undefined);
  });
}

test('two clients of one process differ in what makes the real client', t => {
  const args = [{ url: 'x', nested: { list: [1, new Date(0)] } }];
  const cases: [MemberOptions, MemberOptions, string | undefined][] = [
    [fromClass(), fromClass({ args: [] }), undefined],
    [fromClass(), fromClass({}, Other), 'class'],
    [fromClass(), fromClass({}, class Registry {}), 'class'],
    [fromOpen(), fromClass(), 'class'],
    [fromClass(), fromOpen(), 'open'],
    [fromClass({ args }), fromClass({ args: structuredClone(args) }), undefined],
    [fromClass({ args }), fromClass({ args: [{ url: 'y' }] }), 'args'],
    [fromClass({ args: [1] }), fromClass({ args: ['1'] }), 'args'],
    [fromClass({ args: [() => {}] }), fromClass({ args: [() => {}] }), 'args'],
    [fromOpen({ close }), fromOpen({ close }), undefined],
    [fromOpen(), fromOpen({ open: () => new Registry() }), 'open'],
    [fromOpen(), fromOpen({ close }), 'close'],
  ];
  for (const [first, later, option] of cases) t.is(differingMemberOption(first, later), option);
});

test('the first of several differences is named', t => {
  t.is(differingMemberOption(fromClass(), fromClass({ args: [1], replay: 'none' })), 'args');
  t.is(differingMemberOption(fromClass(), fromClass({ standalone: true, replay: 'none' })), 'replay');
});

test('what belongs to the handle makes no difference', t => {
  const handleOnly = { timeoutMs: 1, readyTimeoutMs: 1, methods: { get: { timeoutMs: 1 }, named: {} } };
  t.is(differingMemberOption(fromClass(), fromClass(handleOnly)), undefined);
  t.is(memberDigest(fromClass()), memberDigest(fromClass(handleOnly)));
});

test('the order of names and methods makes no difference', t => {
  const [a, b] = [{ role: 'publish' }, { idempotent: true }];
  const first = fromClass({ events: ['x', 'y'], methods: { a, b } });
  const later = fromClass({ events: ['y', 'x'], methods: { b, a } });
  t.is(differingMemberOption(first, later), undefined);
  t.is(memberDigest(first), memberDigest(later));
});

test('a default of eligible that changed in between makes no difference, but the word of a user does', t => {
  const before = fromClass();
  const after = (options: object) =>
    resolveCreateArguments(Registry, { name: 'r', ...options }, { ...PROCESS, eligible: false }).member;
  t.is(differingMemberOption(before, after({})), undefined);
  t.is(differingMemberOption(before, after({ eligible: true })), undefined);
  t.is(differingMemberOption(before, after({ eligible: false })), 'eligible');
  t.is(differingMemberOption(before, after({ replay: 'none' })), 'replay');
});

for (const [option, value] of Object.entries(CHANGES)) {
  const isOwn = ['eligible', 'priority', 'standalone'].includes(option);
  test(isOwn ? `two workers may have each its own ${option}` : `two workers differ in ${option}`, t => {
    const [a, b] = [memberDigest(fromClass()), memberDigest(fromClass({ [option]: value }))];
    t.is(a === b, isOwn);
    t.is(digestDifference(a, b), isOwn ? undefined : option);
    t.is(digestDifference(b, a), isOwn ? undefined : option);
    t.is(memberDigest(fromClass({ [option]: copyOf(value) })), b);
  });
}

test('two workers compare classes by name, and functions not at all', t => {
  t.is(memberDigest(fromClass()), memberDigest(fromClass({}, class Registry {})));
  t.is(memberDigest(fromOpen({ close })), memberDigest(fromOpen({ open: () => ({}), close: () => 1 })));
  const digests = [fromClass(), fromClass({}, Other), fromOpen(), fromOpen({ close })].map(memberDigest);
  t.is(digestDifference(digests[0]!, digests[1]!), 'class');
  t.is(digestDifference(digests[0]!, digests[2]!), 'class');
  t.is(digestDifference(digests[2]!, digests[3]!), 'close');
});

test('two workers compare arguments without saying them', t => {
  const digest = (...args: unknown[]) => memberDigest(fromClass({ args }));
  const secret = digest({ password: 'hunter2', user: { b: 1, a: [2] } });
  t.false(secret.includes('hunter2'));
  t.true(secret.length < 100);
  t.is(secret, digest({ user: { a: [2], b: 1 }, password: 'hunter2' }));
  t.is(digestDifference(secret, digest({ password: 'hunter3', user: { b: 1, a: [2] } })), 'args');
  t.is(digestDifference(digest(), digest(1)), 'args');
  t.is(digestDifference(digest(1, 2), digest(2, 1)), 'args');
  t.is(memberDigest(fromClass()), digest());
});

test('arguments that are not JSON are not compared with each other', t => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const throws = {
    get url() {
      throw new Error('not now');
    },
  };
  const digests = [
    [cycle],
    [1n],
    [() => {}],
    [new Date(0)],
    [{ a: undefined }],
    [undefined],
    [new Registry()],
    [throws],
  ].map(args => memberDigest(fromClass({ args })));
  t.is(new Set(digests).size, 1);
  t.is(digestDifference(digests[0]!, memberDigest(fromClass({ args: [1] }))), 'args');
});

test('a digest of another release is compared as far as it goes', t => {
  const ours = memberDigest(fromClass({ replay: 'none' }));
  t.is(digestDifference(ours, JSON.stringify({ ...JSON.parse(ours), newOption: 1 })), 'newOption');
  t.is(
    digestDifference(ours, JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(ours)).reverse()))),
    undefined,
  );
});

test('what is not a digest differs, and throws nothing', t => {
  const ours = memberDigest(fromClass());
  for (const broken of ['', '{', 'null', '[]', '1', '"x"']) {
    t.is(digestDifference(ours, broken), 'options');
    t.is(digestDifference(broken, ours), 'options');
    t.is(digestDifference(broken, broken), undefined);
  }
  t.is(digestDifference(ours, ours.replace('{', '{"__proto__":{},')), '__proto__');
});

test('a digest apart from its arguments is what all may read', t => {
  t.deepEqual(withoutArgs('{"class":"A","args":"x"}'), { digest: '{"class":"A"}', args: 'x' });
  for (const text of ['{"open":true}', 'no digest', '7'])
    t.deepEqual(withoutArgs(text), { digest: text, args: undefined });
});
