import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import * as compatErrors from '../lib/compat/errors.js';
import * as callErrors from '../lib/errors/call-errors.js';
import * as engineErrors from '../lib/errors/engine-errors.js';
import * as fleetErrors from '../lib/errors/fleet-errors.js';
import * as fleetWarnings from '../lib/errors/fleet-warnings.js';
import * as optionErrors from '../lib/errors/option-errors.js';
import * as primaryErrors from '../lib/errors/primary-errors.js';
import * as errorClass from '../lib/errors/shared-client-error.js';
import * as shows from '../lib/errors/show.js';
import * as valueErrors from '../lib/errors/value-errors.js';
import * as ownWarnings from '../lib/errors/warnings.js';

const warnings = { ...ownWarnings, ...fleetWarnings };
const makers = {
  ...callErrors,
  ...engineErrors,
  ...fleetErrors,
  ...optionErrors,
  ...primaryErrors,
  ...valueErrors,
  ...compatErrors,
};
const errors = { ...makers, ...errorClass, ...shows };
const { ERROR_CODES, SharedClientError, show } = errors;

/** Another copy of the library in this process. */
const copy: typeof errorClass = await import(
  `${new URL('../lib/errors/shared-client-error.js', import.meta.url)}?copy`
);

test('every code has a reason', t => {
  for (const [code, reason] of Object.entries(ERROR_CODES)) {
    t.regex(code, /^ERR_[A-Z_]+$/);
    t.regex(reason, /^[A-Z][^\n]+\.$/, code);
  }
});

test('the codes are those of the contract', t => {
  t.deepEqual(Object.keys(ERROR_CODES), [
    'ERR_INVALID_OPTION',
    'ERR_NO_PRIMARY',
    'ERR_PRIMARY_LOST',
    'ERR_LEADER_LOST',
    'ERR_LEADER_FAILED',
    'ERR_TIMEOUT',
    'ERR_UNKNOWN_METHOD',
    'ERR_NOT_SERIALIZABLE',
    'ERR_OVERLOADED',
    'ERR_CLOSED',
    'ERR_PROTOCOL',
  ]);
});

test('an error shows its code, its text, its name and a stack', t => {
  const error = new SharedClientError('ERR_TIMEOUT', 'too late');
  t.is(error.code, 'ERR_TIMEOUT');
  t.is(error.name, 'SharedClientError');
  t.is(error.message, 'too late');
  t.regex(error.stack!, /^SharedClientError: too late\n {4}at /);
  t.deepEqual(Object.keys(error), ['code']);
  t.true(error instanceof Error);
});

test('a cause is there where one was given, undefined included, and an outcome where a call ended', t => {
  t.false('cause' in new SharedClientError('ERR_TIMEOUT', ''));
  t.true('cause' in new SharedClientError('ERR_TIMEOUT', '', { cause: undefined }));
  t.is(new SharedClientError('ERR_TIMEOUT', '', { cause: 1 }).cause, 1);
  t.is(new SharedClientError('ERR_TIMEOUT', '', { outcome: 'unknown' }).outcome, 'unknown');
  t.false('outcome' in new SharedClientError('ERR_TIMEOUT', '', { outcome: undefined }));
});

test('an error of another copy of the library is one as well', t => {
  const theirs = new copy.SharedClientError('ERR_CLOSED', 'theirs');
  t.not(copy.SharedClientError, SharedClientError);
  t.true(theirs instanceof SharedClientError);
  t.true(new SharedClientError('ERR_CLOSED', 'ours') instanceof copy.SharedClientError);
});

test('nothing else is one', t => {
  for (const value of [new Error('x'), { code: 'ERR_CLOSED' }, null, undefined, 1, 'ERR_CLOSED', () => {}]) {
    t.false((value as unknown) instanceof SharedClientError);
  }
});

test('of what came only the kind is shown where it may be a secret', t => {
  const shown: readonly [value: unknown, text: string][] = [
    ['redis://admin:secret@host', 'a string of 25 characters'],
    ['', 'an empty string'],
    [{ [`n${'x'.repeat(1e6)}`]: () => {} }[`n${'x'.repeat(1e6)}`], `function n${'x'.repeat(59)}…`],
    [function get() {}, 'function get'],
    [() => {}, 'a function'],
    [[1], 'an array'],
    [{ a: 1 }, 'an object'],
    [null, 'null'],
    [undefined, 'undefined'],
    [5n, 'a bigint'],
    [Number.NaN, 'NaN'],
    [Symbol('s'), 'a symbol'],
  ];
  for (const [value, text] of shown) t.is(show(value), text);
});

test('names are shown short and on one line', t => {
  t.is(errors.quote('a\nb'), '"a\\nb"');
  t.is(errors.quote('x'.repeat(61)), `"${'x'.repeat(60)}…"`);
  const long = 'x'.repeat(1e6);
  for (const { message } of [
    errors.unknownMethod(long),
    errors.unknownOption(long, ['a']),
    errors.invalidOption(long, 'a flag', long),
    errors.leaderLost(long, 'unknown'),
    errors.timedOut(long, 7, 'unknown'),
    errors.firstValueTimedOut(long, 7, 5),
    errors.notImplemented(long),
  ])
    t.true(message.length < 500, message.slice(0, 100));
  for (const text of [warnings.otherOptions(3, long, long), warnings.hiddenMethods([long])]) t.true(text.length < 300);
});

const cause = new SharedClientError('ERR_NOT_SERIALIZABLE', 'a is a function');

/** Each maker with some arguments, the code, the outcome, and what its text must say. */
const MAKERS: Readonly<
  Record<string, readonly [error: Error, code: string, outcome: string | undefined, says: RegExp]>
> = {
  noConnection: [
    errors.noConnection('a client', 1),
    'ERR_INVALID_OPTION',
    undefined,
    /must return a client, but it returned 1/,
  ],
  poolGiven: [errors.poolGiven(), 'ERR_INVALID_OPTION', undefined, /returned a Pool.*new Client/],
  packageMissing: [errors.packageMissing('p', cause), 'ERR_INVALID_OPTION', undefined, /needs the package p.*install/],
  wrongCredentials: [
    errors.wrongCredentials('NATS', cause),
    'ERR_INVALID_OPTION',
    undefined,
    /^NATS refuses the credentials/,
  ],
  noRights: [errors.noRights('NATS', cause), 'ERR_INVALID_OPTION', undefined, /lacks a right at NATS/],
  jetStreamMissing: [errors.jetStreamMissing(cause), 'ERR_INVALID_OPTION', undefined, /JetStream is not enabled.*-js/],
  serverTooOld: [
    errors.serverTooOld('2.9.3', 3),
    'ERR_INVALID_OPTION',
    undefined,
    /2\.9\.3 is too old for a bucket with 3.*Upgrade/,
  ],
  tooFewServers: [errors.tooFewServers(3, cause), 'ERR_INVALID_OPTION', undefined, /fewer NATS servers than the 3/],
  bucketRefused: [
    errors.bucketRefused('B', 'why', cause),
    'ERR_INVALID_OPTION',
    undefined,
    /stream B: why\. Correct or delete/,
  ],
  readOnlyServer: [errors.readOnlyServer(cause), 'ERR_INVALID_OPTION', undefined, /read-only.*must reach the primary/],
  tableMissing: [
    errors.tableMissing('t', cause),
    'ERR_INVALID_OPTION',
    undefined,
    /"t" does not exist.*fleetTable\(\)/,
  ],
  tableRefused: [errors.tableRefused('t', cause), 'ERR_INVALID_OPTION', undefined, /"t".*other columns.*option table/],
  noDatabase: [errors.noDatabase(cause), 'ERR_INVALID_OPTION', undefined, /database.*does not exist/],
  fleetClosed: [errors.fleetClosed('f'), 'ERR_CLOSED', undefined, /fleet "f" is closed/],
  noFleetGroup: [
    errors.noFleetGroup('g', ['a', 'b']),
    'ERR_INVALID_OPTION',
    undefined,
    /no group "g" in this process; it has "a", "b"/,
  ],
  noOtherHost: [
    errors.noOtherHost('g', undefined),
    'ERR_INVALID_OPTION',
    undefined,
    /"g" was not handed over: no other host/,
  ],
  notHandedOver: [errors.notHandedOver('g', 7), 'ERR_TIMEOUT', undefined, /"g" was not handed over within 7 ms/],
  notAFleet: [
    errors.notAFleet('across', 1),
    'ERR_INVALID_OPTION',
    undefined,
    /across must be a fleet.*natsFleet\(\).*is 1/,
  ],
  otherFleetVersion: [errors.otherFleetVersion('across'), 'ERR_INVALID_OPTION', undefined, /two versions/],
  leaseTooShort: [errors.leaseTooShort(1, 2), 'ERR_INVALID_OPTION', undefined, /at least 2, but it is 1/],
  renewalTooRare: [
    errors.renewalTooRare(9, 20),
    'ERR_INVALID_OPTION',
    undefined,
    /at most a quarter of leaseMs, 5, but it is 9/,
  ],
  noCallsAcross: [
    errors.noCallsAcross(),
    'ERR_INVALID_OPTION',
    undefined,
    /across must be a fleet that carries calls.*natsFleet\(\).*PostgreSQL.*whileLeader/,
  ],
  closingMethod: [
    errors.closingMethod('quit'),
    'ERR_UNKNOWN_METHOD',
    'not-started',
    /quit\(\) would close.*client\.close\(\)/,
  ],
  noSuchEvent: [errors.noSuchEvent('up', cause), 'ERR_INVALID_OPTION', undefined, /on\("up", listener\) failed/],
  invalidOption: [
    errors.invalidOption('a', 'a flag', 1),
    'ERR_INVALID_OPTION',
    undefined,
    /^a must be a flag, but it is 1\.$/,
  ],
  invalidChoice: [
    errors.invalidChoice('a', "'b' or 'c'", 'd'),
    'ERR_INVALID_OPTION',
    undefined,
    /^a must be 'b' or 'c', but it is "d"\.$/,
  ],
  unknownOption: [errors.unknownOption('b', ['a', 'c']), 'ERR_INVALID_OPTION', undefined, /no option "b".* a, c\./],
  misspelledOption: [errors.misspelledOption('nmae', ['name']), 'ERR_INVALID_OPTION', undefined, /did you mean name\?/],
  differentOption: [
    errors.differentOption('args', 'g'),
    'ERR_INVALID_OPTION',
    undefined,
    /named "g" with another args.*evaluated twice.*globalThis/,
  ],
  taskExists: [errors.taskExists('t'), 'ERR_INVALID_OPTION', undefined, /a task named "t".*evaluated twice/],
  alreadySetUp: [
    errors.alreadySetUp('route'),
    'ERR_INVALID_OPTION',
    undefined,
    /another route\..*options after that\.$/,
  ],
  alreadyConfigured: [errors.alreadyConfigured('heartbeatMs'), 'ERR_INVALID_OPTION', undefined, /another heartbeatMs/],
  notUnderPm2: [errors.notUnderPm2(), 'ERR_INVALID_OPTION', undefined, /PM2's cluster mode.*Leave it out/],
  instanceGiven: [
    errors.instanceGiven(new (class Registry {})()),
    'ERR_INVALID_OPTION',
    undefined,
    /no instance of Registry\. Pass the class, or \{ name, open \}/,
  ],
  notAPrimary: [errors.notAPrimary('a worker'), 'ERR_INVALID_OPTION', undefined, /this is a worker\.$/],
  noPrimary: [
    errors.noPrimary(5000, 'not-started'),
    'ERR_NO_PRIMARY',
    'not-started',
    /for 5000 ms\. Call setupPrimary\(\)/,
  ],
  noPrimaryInThread: [errors.noPrimaryInThread(), 'ERR_NO_PRIMARY', undefined, /standalone: true/],
  primaryLost: [errors.primaryLost('unknown'), 'ERR_PRIMARY_LOST', 'unknown', /channel to the primary closed/],
  primaryClosed: [errors.primaryClosed('unknown'), 'ERR_PRIMARY_LOST', 'unknown', /primary/],
  costLeaders: [
    errors.costLeaders('get', 2),
    'ERR_LEADER_LOST',
    'unknown',
    /^2 leaders were lost.*get\(\).*maxLeadersLost/,
  ],
  leaderLost: [
    errors.leaderLost('get', 'unknown'),
    'ERR_LEADER_LOST',
    'unknown',
    /get\(\) was in its hands.*idempotent/,
  ],
  leaderFailed: [
    errors.leaderFailed('g', cause, 'not-started'),
    'ERR_LEADER_FAILED',
    'not-started',
    /real client of "g"/,
  ],
  openTimedOut: [errors.openTimedOut(7), 'ERR_TIMEOUT', undefined, /openTimeoutMs, 7 ms/],
  timedOut: [
    errors.timedOut('get', 7, 'unknown', 'why'),
    'ERR_TIMEOUT',
    'unknown',
    /^get\(\) did not end within 7 ms: why\.$/,
  ],
  readyTimedOut: [errors.readyTimedOut('g', 7, 'why'), 'ERR_TIMEOUT', undefined, /"g".*readyTimeoutMs, 7 ms: why\.$/],
  cameLate: [errors.cameLate('get'), 'ERR_TIMEOUT', 'not-started', /^get\(\) was not started: its deadline had passed/],
  noLeader: [
    errors.noLeader(errors.readyTimedOut('g', 7, errors.NO_LEADER.nobody)),
    'ERR_LEADER_FAILED',
    undefined,
    /^No leader of "g" was ready within readyTimeoutMs, 7 ms: no member of the group may lead/,
  ],
  unknownMethod: [errors.unknownMethod('_get'), 'ERR_UNKNOWN_METHOD', 'not-started', /no public method "_get"/],
  notSerializable: [
    errors.notSerializable('args[0]', 'a socket'),
    'ERR_NOT_SERIALIZABLE',
    'not-started',
    /^args\[0\] is a socket/,
  ],
  resultNotSerializable: [
    errors.resultNotSerializable('get', cause),
    'ERR_NOT_SERIALIZABLE',
    'unknown',
    /What get\(\) returned.*function/,
  ],
  tooLarge: [
    errors.tooLarge('args[0]', 2 ** 28),
    'ERR_NOT_SERIALIZABLE',
    'not-started',
    /^args\[0\] is too large.*over 256 MiB/,
  ],
  unsendableResult: [errors.unsendableResult('get'), 'ERR_NOT_SERIALIZABLE', 'unknown', /What get\(\) returned/],
  overloaded: [errors.overloaded('not-started'), 'ERR_OVERLOADED', 'not-started', /was not sent/],
  overloadedSubscription: [errors.overloadedSubscription(), 'ERR_OVERLOADED', 'not-started', /was not subscribed to/],
  closed: [errors.closed('The primary', 'unknown'), 'ERR_CLOSED', 'unknown', /^The primary was closed\.$/],
  takenBack: [errors.takenBack('not-started'), 'ERR_CLOSED', 'not-started', /withdrawn before/],
  noCommonProtocol: [
    errors.noCommonProtocol([1], [2, 3], 'not-started'),
    'ERR_PROTOCOL',
    'not-started',
    /protocol 2, 3 and this worker 1/,
  ],
  otherVersion: [errors.otherVersion(2, 1), 'ERR_PROTOCOL', undefined, /is 2 in the one.*and 1 in this.*npm ls/],
  notTheLeader: [errors.notTheLeader('/x'), 'ERR_PROTOCOL', undefined, /at \/x did not prove.*which process created/],
  brokenFrame: [errors.brokenFrame('a.b', 'a list', 'unknown'), 'ERR_PROTOCOL', 'unknown', /a\.b must be a list\.$/],
  chainRefused: [
    errors.chainRefused('find'),
    'ERR_NOT_SERIALIZABLE',
    'not-started',
    /^find\(\) .*operation.*"find": \{ thenable: 'await' \}/,
  ],
  handleNotSerializable: [
    errors.handleNotSerializable('result.a', 'an instance of Pool'),
    'ERR_NOT_SERIALIZABLE',
    'not-started',
    /^result\.a is an instance of Pool, a handle .*Define an operation/,
  ],
  nestedStream: [
    errors.nestedStream('args[0].body'),
    'ERR_NOT_SERIALIZABLE',
    'not-started',
    /^args\[0\]\.body is a stream within an argument\. .* pass it as an argument of its own\.$/,
  ],
  unknownOwnType: [errors.unknownOwnType('Id'), 'ERR_NOT_SERIALIZABLE', 'not-started', /"Id".*option types/],
  ownTypeFailed: [
    errors.ownTypeFailed('Id', 'decode', cause),
    'ERR_NOT_SERIALIZABLE',
    'not-started',
    /^decode\(\) of .*"Id" threw/,
  ],
  notAStream: [
    errors.notAStream(['a']),
    'ERR_INVALID_OPTION',
    undefined,
    /was iterated, but it is an array and not a stream. Await the call/,
  ],
  stickyStream: [
    errors.stickyStream(),
    'ERR_NOT_SERIALIZABLE',
    'not-started',
    /sticky publication.* can hold no stream/,
  ],
  brokenResult: [
    errors.brokenResult('get', cause),
    'ERR_PROTOCOL',
    'unknown',
    /What get\(\) returned came broken: a is a function/,
  ],
  brokenArguments: [errors.brokenArguments(cause), 'ERR_PROTOCOL', 'not-started', /arguments of the call came broken/],
  notImplemented: [errors.notImplemented('get'), 'ERR_UNKNOWN_METHOD', undefined, /api: get not implement in client$/],
  notAMethod: [
    errors.notAMethod('initMethod', 'go'),
    'ERR_INVALID_OPTION',
    undefined,
    /^initMethod must be .* is a string of 2 characters/,
  ],
  unknownDelegate: [
    errors.unknownDelegate('get', 'x', ['a', 'b']),
    'ERR_INVALID_OPTION',
    undefined,
    /one of a, b, but/,
  ],
  leaderOccupied: [errors.leaderOccupied('g'), 'ERR_LEADER_FAILED', undefined, /^create "g" leader failed/],
  firstValueTimedOut: [errors.firstValueTimedOut('k', 7.4, 5), 'ERR_TIMEOUT', undefined, /for k: .* 7 ms, .* 5 ms\.$/],
  notReadyInTime: [errors.notReadyInTime(7), 'ERR_TIMEOUT', undefined, /within 7 ms/],
  delegatedLost: [
    errors.delegatedLost('get', 'unknown', cause),
    'ERR_LEADER_LOST',
    'unknown',
    /get\(\) was in its hands/,
  ],
  noDataClient: [errors.noDataClient(), 'ERR_INVALID_OPTION', undefined, /DataClient is required/],
  noTransfer: [errors.noTransfer('g', 9, 'no candidate'), 'ERR_INVALID_OPTION', undefined, /not 9\.$/],
};

for (const [name, [error, code, outcome, says]] of Object.entries(MAKERS)) {
  test(`${name} says what is wrong`, t => {
    t.true(error instanceof SharedClientError);
    t.is((error as InstanceType<typeof SharedClientError>).code, code as 'ERR_CLOSED');
    t.is((error as InstanceType<typeof SharedClientError>).outcome, outcome as 'unknown');
    t.regex(error.message, says);
    t.notRegex(error.message, /undefined|\[object|\n/);
  });
}

/** The files of makers. */
const FILES = readdirSync('lib/errors').filter(file => file.endsWith('-errors.ts'));

test('every text is made by a maker that is in the table', t => {
  const names = Object.entries(makers)
    .filter(([name, value]) => typeof value === 'function' && name !== 'notKnownYet')
    .map(([name]) => name);
  t.deepEqual(names.sort(), Object.keys(MAKERS).sort());
  const files = [
    'call-errors.ts',
    'engine-errors.ts',
    'fleet-errors.ts',
    'option-errors.ts',
    'primary-errors.ts',
    'value-errors.ts',
  ];
  t.deepEqual(FILES, files, 'a new file has to be among the makers');
});

test('a method that is not known yet is a TypeError, as any other name that is no function', t => {
  const error = errors.notKnownYet('g', 'find');
  t.true(error instanceof TypeError);
  t.regex(error.message, /^find is not .*"g".*ready\(\).*methods: \{ find: \{\} \}.*invoke\("find", \.\.\.\)/);
});

test('every code is used', t => {
  const text = FILES.map(file => readFileSync(`lib/errors/${file}`, 'utf8')).join('');
  for (const code of Object.keys(ERROR_CODES)) t.true(text.includes(`'${code}'`), code);
});

test('the other texts of makers with several', t => {
  t.regex(errors.instanceGiven(Object.create(Object.create(null))).message, /takes no instance\. Pass/);
  t.regex(errors.overloaded('unknown').message, /the result was dropped/);
  t.notRegex(errors.invalidChoice('a', "'b' or 'c'", 'redis://u:secret@h').message, /secret/);
  t.regex(errors.tooLarge('a', 65_536).message, /over 64 KiB/);
  t.regex(errors.tooLarge('a', 100).message, /over 100 characters or bytes/);
  t.regex(errors.unknownMethod(Symbol('s')).message, /no public method Symbol\(s\)/);
  t.regex(errors.unknownMethod({}).message, /no public method an object\./);
  t.regex(errors.noTransfer('g', undefined, 'no candidate').message, /another member that may lead/);
  t.regex(errors.noTransfer('g', undefined, 'no group').message, /no group "g"/);
  t.regex(errors.noTransfer('g', undefined, 'vacant').message, /no leader that is ready now/);
  t.regex(errors.noTransfer('g', undefined, 'failed').message, /could not open the real client/);
  const reasons = [
    errors.NO_LEADER.fleet('f', { state: 'ready', connected: false }),
    ...['opening', 'ready', 'vacant'].map(state => errors.NO_LEADER.fleet('f', { state, connected: true })),
  ];
  t.regex(
    reasons.join('; '),
    /no connection.*"f"; .*being opened.*; .*can't be reached; no host of the fleet "f" leads$/,
  );
  t.regex(errors.noFleetGroup({}, []).message, /no group an object in this process; it has none/);
  t.regex(errors.noOtherHost('g', 'h').message, /to host "h", which has not taken it/);
  t.is(errors.noRights('NATS', cause).cause, cause);
  t.is(errors.leaderFailed('g', cause).cause, cause);
  t.false('cause' in errors.brokenArguments());
});

/** Each warning with some arguments, and what it must say. */
const WARNINGS: Readonly<Record<keyof typeof warnings, readonly [text: string, says: RegExp]>> = {
  closesSlowly: [warnings.closesSlowly(7), /drainTimeoutMs, 7 ms\.$/],
  neverSettled: [
    [warnings.neverSettled('g', 'subscribe', 7), warnings.neverSettled('g', 'unsubscribe', 7)].join(),
    /subscribe\(\) of the real client of "g" has not ended.* 7 ms: it is tried again\.,unsub.*7 ms\.$/,
  ],
  costly: [
    warnings.costly('g', 'a call of', 'get', 2),
    /2 leaders of "g" were lost while they had a call of "get" in their hands.*maxLeadersLost/,
  ],
  tooManyRunning: [warnings.tooManyRunning('g'), /calls of "g" run.*ERR_OVERLOADED.*slower than its callers/],
  unknownMethodNamed: [
    warnings.unknownMethodNamed('g', 'gett', ['get', 'set']),
    /names "gett", which .* has is "get"\.$/,
  ],
  unknownNamespace: [
    warnings.unknownNamespace('g', 'jso', []),
    /names "jso", which is no object of the real client\.$/,
  ],
  noEvents: [warnings.noEvents('g', ['events', 'failOn']), /no on\(\), so events, failOn have no effect/],
  hiddenMethods: [warnings.hiddenMethods(['on', 'off']), /on, off hide.*invoke\(name, \.\.\.args\)/],
  listenerThrew: [warnings.listenerThrew(), /listener threw/],
  unreached: [warnings.unreached('g', 'no room'), /"g" wait.*no room.*busData/],
  dataOnBus: [warnings.dataOnBus('no room'), /over PM2's bus.*no room/],
  notDirect: [warnings.notDirect('g', 'no room'), /"g".*no room/],
  openErrorElsewhere: [
    warnings.openErrorElsewhere(3, 'Error', 'EX') + warnings.openErrorElsewhere(undefined, 'Error', undefined),
    /Worker 3.*Error, code EX\. .*bus.*on another host.*: Error\. .*register/,
  ],
  cannotConnect: [warnings.cannotConnect(new Error('secret')), /no connection.*: Error\. See the cause/],
  connectsSlowly: [warnings.connectsSlowly(7), /not ended within 7 ms.*the defaults/],
  storeWentBack: [warnings.storeWentBack('g'), /has lost.*"g"/],
  recordLost: [warnings.recordLost('g'), /lost the record of "g".*same term/],
  clockJumped: [warnings.clockJumped('g'), /leads "g".*suspended.*clock was set/],
  damagedRecord: [warnings.damagedRecord('g'), /record of "g".*damaged/],
  otherLease: [warnings.otherLease('g', 'h', 1, 2), /"h" leads "g" with leaseMs 1, this host has 2/],
  memoryBucket: [warnings.memoryBucket('B'), /stream B, is in memory/],
  notAnswered: [warnings.notAnswered(7), /not answered within 7 ms.*client\.connect/],
  commitsAsynchronously: [warnings.commitsAsynchronously(), /synchronous_commit is off/],
  memberRefused: [warnings.memberRefused('g', 3), /"g".*worker 3.*turned away/],
  notDirectIn: [warnings.notDirectIn(3, 'g', 'no room'), /worker 3.*"g".*no room/],
  notClosed: [warnings.notClosed('g'), /real client of "g".*close: client => .*role: 'close'/],
  oddSubscription: [warnings.oddSubscription('g', '7'), /of "g" returned 7.*unsubscribe\(\)/],
  moreArguments: [warnings.moreArguments('g', 2), /of "g".*2 arguments/],
  passedOn: [warnings.passedOn(), /wasn't meant for.*Pass on your own messages only.*\$csc\.$/],
  protocolTooFar: [warnings.protocolTooFar(3), /^Worker 3 supports no protocol version/],
  otherOptions: [warnings.otherOptions(3, 'args', 'g'), /^Worker 3 has another args for "g"/],
  tooManyGroups: [warnings.tooManyGroups(3, 7), /^Worker 3 is in 7 groups/],
  droppedWithdrawals: [warnings.droppedWithdrawals(3), /^Worker 3 leads.*run to their end.*until its term ends/],
  choseNonCandidate: [warnings.choseNonCandidate('g'), /none of the candidates for "g"/],
  chooseLeaderThrew: [warnings.chooseLeaderThrew('g'), /threw for "g"/],
  noBus: [
    warnings.noBus(Object.assign(new Error('connect EACCES /p'), { code: 'EACCES' })),
    /EACCES \/p.*another user/,
  ],
  notOfPm2: [
    warnings.notOfPm2('/h/pm2.pid'),
    /\/h\/pm2\.pid doesn't name its parent.*PM2_PID_FILE_PATH.*setupPrimary\(\)/,
  ],
  silentBus: [warnings.silentBus(), /daemon has not passed on/],
};

test('every warning says what somebody should look at', t => {
  t.deepEqual(
    Object.keys(warnings).sort(),
    Object.keys(WARNINGS)
      .filter(name => !name.includes(' '))
      .sort(),
  );
  for (const [text, says] of Object.values(WARNINGS)) {
    t.regex(text, says);
    t.regex(text, /^\w[^\n]+\.$/);
  }
});

test('a bus that can not be read for a reason nobody knows raises the question whether there is one', t => {
  t.regex(warnings.noBus(new Error('odd')), /odd.*Is PM2's daemon running/);
});

test('what was thrown has a text, whatever it is', t => {
  const { textOf } = errors;
  t.is(textOf(new TypeError('no')), 'TypeError: no');
  t.is(textOf(Symbol('odd')), 'Symbol(odd)');
  t.is(textOf(Object.create(null)), 'an object');
});
