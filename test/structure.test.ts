// The shape of lib/: which room may know which, and what has one door.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'ava';
import * as compat from '../lib/compat.js';
import * as index from '../lib/index.js';
import * as testing from '../lib/testing.js';
import { findRing, readSources } from './helpers/unit/sources.js';

const sources = readSources();

/** What each room may import beside itself. All arrows point down; who isn't named here imports what it likes. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  utils: [],
  options: ['errors', 'utils'],
  protocol: ['errors', 'utils'],
  metrics: ['errors', 'protocol'],
  diagnostics: ['protocol', 'utils'],
  transport: ['utils'],
  codec: ['errors', 'protocol', 'utils'],
  route: ['errors', 'protocol', 'transport', 'utils'],
  clients: ['options'],
  group: ['errors', 'options', 'protocol', 'utils'],
  router: ['diagnostics', 'errors', 'group', 'metrics', 'options', 'protocol', 'transport', 'utils'],
  pm2: ['errors', 'group', 'options', 'protocol', 'transport', 'utils'],
  streams: ['codec', 'errors', 'protocol', 'utils'],
  leader: ['codec', 'diagnostics', 'errors', 'metrics', 'options', 'protocol', 'streams', 'utils'],
  member: [
    'codec',
    'diagnostics',
    'errors',
    'leader',
    'metrics',
    'options',
    'protocol',
    'route',
    'streams',
    'transport',
    'utils',
  ],
  fleet: ['client', 'codec', 'errors', 'group', 'leader', 'member', 'options', 'protocol', 'transport', 'utils'],
  engines: ['errors', 'fleet', 'utils'],
  compat: ['client', 'codec', 'create-shared-client', 'errors', 'leader', 'utils'],
  client: ['codec', 'diagnostics', 'errors', 'leader', 'member', 'metrics', 'options', 'protocol', 'streams', 'utils'],
};

/** The one file that imports each of these. */
const DOORS: Readonly<Record<string, string>> = {
  '@nats-io/jetstream': 'engines/nats-engine',
  '@nats-io/nats-core': 'engines/nats-engine',
  eventemitter2: 'utils/emitter',
  mqtt: 'clients/mqtt',
  nanoid: 'protocol/ids',
  pg: 'engines/postgres-engine',
  'node:cluster': 'transport/cluster',
  'node:diagnostics_channel': 'diagnostics/channels',
  'serialize-error': 'codec/error-classes',
};

/** The names that users import, and the types among them. */
const PUBLIC = {
  values: [
    'ERROR_CODES',
    'RESERVED_NAMES',
    'SharedClientError',
    'callContext',
    'configure',
    'createSharedClient',
    'setupPrimary',
    'whileLeader',
  ],
  types: [
    'BackoffOption',
    'CallContext',
    'CallCounts',
    'CallTrace',
    'Candidate',
    'ChooseLeader',
    'ClassOptions',
    'ClientClass',
    'ClientDefinition',
    'ClientEvents',
    'ClientOptions',
    'ClientStatus',
    'ClientWarning',
    'ConfigureOptions',
    'ContextCarrier',
    'ContextOption',
    'CreateSharedClient',
    'DeposedCause',
    'DiagnosticsMessages',
    'DiagnosticsName',
    'ErrorClass',
    'ErrorCode',
    'ErrorSummary',
    'Failover',
    'FailoverStatus',
    'FailureReason',
    'Fleet',
    'FleetEvents',
    'FleetGroupStatus',
    'FleetPosition',
    'FleetStatus',
    'FleetTermEvent',
    'GroupMessage',
    'GroupStatus',
    'Histogram',
    'Leader',
    'LeaderEvent',
    'LeaderTask',
    'LeaderTaskContext',
    'LeaderTaskEvents',
    'LeaderTaskFunction',
    'LeaderTaskOptions',
    'LeaderTaskStatus',
    'Listener',
    'MemberEvent',
    'MemberStatus',
    'MethodName',
    'MethodOptions',
    'MethodRole',
    'MethodsOption',
    'OpenContext',
    'OperationsOption',
    'Outcome',
    'Primary',
    'PrimaryEvents',
    'PrimaryOptions',
    'PrimaryStatus',
    'Publish',
    'Remote',
    'RemoteMethods',
    'ReservedName',
    'ResyncEvent',
    'RoleChange',
    'ServedStatus',
    'SharedClient',
    'SharedClientMembers',
    'StreamCall',
    'StreamCounts',
    'StreamReader',
    'Subscription',
    'SubscriptionIterator',
    'Teller',
    'TermEndStatus',
    'TopicOf',
    'Upstream',
    'UpstreamListener',
    'ValueInfo',
    'ValueOf',
    'ValueType',
    'WithOptions',
    'WorkerMessage',
    'WorkerStatus',
  ],
};

test('every import leads to a file', t => {
  t.true(sources.size > 50);
  for (const { name, imports } of sources.values()) {
    for (const path of imports) t.true(sources.has(path), `${name} imports ${path}`);
  }
});

for (const root of ['lib', 'bench']) {
  test(`no files of ${root}/ import each other in a ring, types included`, t => {
    t.is(findRing(new Map([...readSources(root)].map(([name, { imports }]) => [name, imports]))), undefined);
  });
}

test('a ring would be found', t => {
  t.deepEqual(
    findRing(
      new Map([
        ['a', ['b']],
        ['b', ['c', 'd']],
        ['c', []],
        ['d', ['b']],
      ]),
    ),
    ['b', 'd', 'b'],
  );
});

for (const [room, allowed] of Object.entries(ARROWS)) {
  test(`${room} knows ${allowed.length > 0 ? allowed.join(', ') : 'nobody'} and nothing else`, t => {
    const files = [...sources.values()].filter(source => source.room === room);
    t.true(files.length > 0);
    for (const { name, imports } of files) {
      for (const path of imports) {
        const target = sources.get(path)!.room;
        t.true(target === room || allowed.includes(target), `${name} imports ${path}`);
      }
    }
  });
}

test('the rooms that users or the primary must not reach are not reached by any way', t => {
  const reach = (room: string): Set<string> => {
    const seen = new Set<string>();
    const visit = (name: string) => {
      if (seen.has(name)) return;
      seen.add(name);
      for (const path of sources.get(name)!.imports) visit(path);
    };
    for (const source of sources.values()) if (source.room === room) visit(source.name);
    return new Set([...seen].map(name => sources.get(name)!.room));
  };
  for (const half of ['router', 'pm2'])
    for (const room of ['codec', 'member', 'leader', 'client', 'route']) t.false(reach(half).has(room), room);
  for (const room of ['protocol', 'options', 'errors']) t.false(reach('transport').has(room), room);
  for (const room of ['router', 'client']) t.false(reach('member').has(room), room);
});

for (const [dependency, door] of Object.entries(DOORS)) {
  test(`${dependency} has one door`, t => {
    const importers = [...sources.values()].filter(({ packages }) => packages.includes(dependency));
    t.deepEqual(
      importers.map(({ name }) => name),
      [door],
    );
  });
}

test('every dependency has a door, and is declared', t => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const used = new Set(
    [...sources.values()].flatMap(({ packages }) => packages).filter(name => !name.startsWith('node:')),
  );
  t.deepEqual([...used].sort(), Object.keys({ ...dependencies, ...peerDependencies }).sort());
  for (const dependency of used) t.true(dependency in DOORS, dependency);
});

test('of what is optional only types are known', t => {
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const name of Object.keys(peerDependencies)) {
    t.deepEqual(peerDependenciesMeta[name], { optional: true });
    t.regex(
      readFileSync(`lib/${DOORS[name]}.ts`, 'utf8'),
      new RegExp(`^import type \\{[^}]*\\} from '${name}';$`, 'm'),
    );
  }
});

test('time, timers and turns are read and set in one file', t => {
  const forbidden =
    /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bprocess\.(?:nextTick|hrtime|uptime)\b|\bperformance\b|\bDate\.now\b|\bnew Date\(\)/;
  const users = [...sources.values()].filter(({ code }) => forbidden.test(code)).map(({ name }) => name);
  t.deepEqual(users, ['utils/clock']);
});

test('the library never writes to the console, and one file makes a warning of the process', t => {
  const warns: string[] = [];
  for (const { name, code } of sources.values()) {
    t.notRegex(code, /\bconsole\b|\bprocess\.(?:stdout|stderr)\b/, name);
    if (code.includes('emitWarning')) warns.push(name);
  }
  t.deepEqual(warns, ['compat/options']);
});

test('the library never refs or unrefs a channel', t => {
  for (const { name, code } of sources.values()) t.notRegex(code, /\bchannel\b[^;]*\.(?:ref|unref)\(/, name);
});

test('the public names are these', t => {
  t.deepEqual(Object.keys(index).sort(), PUBLIC.values);
  const text = readFileSync('lib/index.ts', 'utf8');
  const exported = [...text.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(([, isType, names]) =>
    names!
      .split(',')
      .map(name => name.trim())
      .filter(Boolean)
      .map(name => (isType ? `type ${name}` : name)),
  );
  const types = exported.filter(name => name.startsWith('type ')).map(name => name.slice(5));
  t.deepEqual(types.sort(), PUBLIC.types);
  t.deepEqual(exported.filter(name => !name.startsWith('type ')).sort(), PUBLIC.values);
});

test('the public names of the drop-in are these, and require() returns the function itself', t => {
  t.deepEqual(Object.keys(compat).sort(), ['APIClientBase', 'close', 'default', 'module.exports']);
  const required = createRequire(import.meta.url)('../lib/compat.js');
  t.is(required, compat.default);
  t.deepEqual(Object.keys(required), ['close', 'APIClientBase']);
});

test('the public names for tests are these', t => {
  t.deepEqual(Object.keys(testing).sort(), ['createMemoryCluster']);
});

test('the public name of the sub-path for a client is this', async t => {
  t.deepEqual(Object.keys(await import('cluster-shared-client/mqtt')), ['openMqtt']);
});

test('each file says at its head what lives there', t => {
  for (const name of sources.keys()) {
    t.regex(readFileSync(`lib/${name}.ts`, 'utf8'), /^(?:\/\/ \S|\/\*\*)/, name);
  }
});
