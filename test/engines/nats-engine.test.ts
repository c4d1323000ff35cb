// The engine on NATS, on a real server.

import { connect as connectSocket, createServer } from 'node:net';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import test, { type ExecutionContext } from 'ava';
import { type NatsEngineOptions, natsEngine } from '../../lib/engines/nats-engine.js';
import { SharedClientError } from '../../lib/errors/shared-client-error.js';
import type { Reading } from '../../lib/fleet/engine.js';
import { defer } from '../../lib/utils/deferred.js';
import { Heard, newFleetName, registerContract } from '../helpers/fleet/register-contract.js';
import { findNats, startNats } from '../helpers/fleet/servers.js';
import { PASSWORD, startNatsWithPassword } from '../helpers/services/of-recipes.js';

const bucketOf = (name: string) => `KV_csc1_${name}`;

async function withStreams<T>(servers: string, use: (streams: Streams) => Promise<T>): Promise<T> {
  const connection = await connect({ servers });
  try {
    return await use((await jetstreamManager(connection)).streams);
  } finally {
    await connection.close();
  }
}
type Streams = Awaited<ReturnType<typeof jetstreamManager>>['streams'];

interface Rig {
  readonly name: string;
  readonly servers: string;
  readonly heard: Heard;
  readonly connections: NatsConnection[];
  engine(options?: Partial<NatsEngineOptions>): ReturnType<typeof natsEngine>;
}

function rigOf(servers: string, name = newFleetName()): Rig {
  const connections: NatsConnection[] = [];
  const engine: Rig['engine'] = options =>
    natsEngine({
      name,
      replicas: 1,
      createBucket: true,
      connect: async defaults => {
        const connection = await connect({ servers, ...defaults });
        connections.push(connection);
        return connection;
      },
      ...options,
    });
  return { name, servers, heard: new Heard(), connections, engine };
}

function onNats(title: string, body: (t: ExecutionContext, rig: Rig) => Promise<void>): void {
  test(`NATS: ${title}`, async t => {
    const servers = await findNats(t);
    if (!servers) return;
    const rig = rigOf(servers);
    t.teardown(() => withStreams(servers, streams => streams.delete(bucketOf(rig.name))).catch(() => {}));
    await body(t, rig);
  });
}

async function refused(t: ExecutionContext, connecting: Promise<unknown>, pattern: RegExp): Promise<void> {
  const error = await t.throwsAsync(connecting, { instanceOf: SharedClientError });
  t.is((error as SharedClientError).code, 'ERR_INVALID_OPTION');
  t.regex(error!.message, pattern);
}

registerContract('NATS', async (t, name) => {
  const servers = await findNats(t);
  if (!servers) return undefined;
  t.teardown(() => withStreams(servers, streams => streams.delete(bucketOf(name))));
  return rigOf(servers, name).engine();
});

onNats(
  'the bucket is one of key-value records in files, without direct reads',
  async (t, { engine, name, servers, heard }) => {
    const wires = await Promise.all([engine().connect(heard), engine().connect(heard)]);
    await Promise.all(wires.map(wire => wire.close()));
    const { config } = await withStreams(servers, streams => streams.info(bucketOf(name)));
    t.like(config, {
      subjects: [`$KV.csc1_${name}.>`],
      storage: 'file',
      max_msgs_per_subject: 1,
      max_age: 0,
      allow_direct: false,
      num_replicas: 1,
    });
    t.deepEqual(heard.warnings, []);
  },
);

onNats('a bucket that would break the election is refused', async (t, { engine, name, servers, heard }) => {
  await refused(t, engine({ createBucket: false }).connect(heard), /does not exist, and createBucket is false/);
  const bucket = { name: bucketOf(name), subjects: [`$KV.csc1_${name}.>`], max_msgs_per_subject: 1 };
  const wrong = [
    [{ allow_direct: true }, /allow_direct/],
    [{ max_age: 60e9 }, /max_age/],
    [{ max_bytes: 1e6, discard: 'old' }, /discarded/],
    [{ retention: 'interest' }, /retention is interest/],
    [{ retention: 'workqueue' }, /retention is workqueue/],
  ] as const;
  for (const [more, pattern] of wrong) {
    await withStreams(servers, streams => streams.add({ ...bucket, ...more } as never));
    await refused(t, engine().connect(heard), pattern);
    await withStreams(servers, streams => streams.delete(bucketOf(name)));
  }
  t.deepEqual(heard.warnings, []);
  await withStreams(servers, streams => streams.add({ ...bucket, storage: 'memory' }));
  await (await engine().connect(heard)).close();
  t.regex(heard.warnings[0]!, /in memory/);
});

onNats(
  'a record that an operator deletes has no text, and can be claimed',
  async (t, { engine, name, servers, heard }) => {
    const { register, close } = await engine()
      .connect(heard)
      .then(wire => ({ register: wire.register, close: () => wire.close() }));
    await register.write('key', 'text', 0);
    const connection = await connect({ servers });
    const { headers } = await import('@nats-io/transport-node');
    const deleting = headers();
    deleting.set('KV-Operation', 'DEL');
    await connection.request(`$KV.csc1_${name}.key`, '', { headers: deleting, timeout: 2000 });
    await connection.close();
    const { revision, text } = await register.read('key');
    t.is(text, undefined);
    t.true(revision > 1);
    t.is(typeof (await register.write('key', 'again', revision)), 'number');
    await close();
  },
);

onNats('a bucket that is deleted under a connection is created again', async (t, { engine, name, servers, heard }) => {
  const wire = await engine().connect(heard);
  await wire.register.write('key', 'text', 0);
  await withStreams(servers, streams => streams.delete(bucketOf(name)));
  t.deepEqual(await wire.register.read('key'), { revision: 0, text: undefined });
  t.is(await wire.register.write('key', 'text', 0), 1);
  await wire.close();
});

onNats('announcements that are none are ignored', async (t, { engine, name, servers, heard }) => {
  const wire = await engine().connect(heard);
  const all: Reading[] = [];
  const done = defer();
  wire.listen('key', reading => all.push(reading) && done.resolve());
  await wire.register.read('key');
  const connection = await connect({ servers });
  for (const text of ['', 'no JSON', 'null', '{}', '{"revision":"1","text":""}', '{"revision":1}'])
    connection.publish(`csc1.${name}.n.key`, text);
  connection.publish(`csc1.${name}.n.key`, '{"revision":1,"text":"one"}');
  await done.promise;
  await connection.close();
  t.deepEqual(all, [{ revision: 1, text: 'one' }]);
  await wire.close();
});

onNats('a listener that throws ends neither the announcements nor the connection', async (t, rig) => {
  const { engine, heard } = rig;
  const [one, other] = [await engine().connect(heard), await engine().connect(heard)];
  const two = defer();
  let count = 0;
  other.listen('key', () => {
    if (++count === 2) two.resolve();
    throw new Error('listener');
  });
  await other.register.read('key');
  one.announce('key', { revision: 1, text: 'one' });
  one.announce('key', { revision: 2, text: 'two' });
  await two.promise;
  t.deepEqual(await other.register.read('key'), { revision: 0, text: undefined });
  await Promise.all([one.close(), other.close()]);
  t.deepEqual(heard.events, []);
});

onNats('a connection that is closed by somebody else is lost', async (t, { engine, heard, connections }) => {
  const wire = await engine().connect(heard);
  await connections[0]!.close();
  await heard.until('lost');
  t.deepEqual(heard.events, ['down', 'lost']);
  wire.announce('key', { revision: 1, text: '' });
  await wire.close();
});

onNats('what is no connection, or a closed one, is refused', async (t, { engine, heard, servers }) => {
  await refused(t, engine({ connect: async () => ({}) as NatsConnection }).connect(heard), /must return a connection/);
  const closed = await connect({ servers });
  await closed.close();
  await refused(t, engine({ connect: async () => closed }).connect(heard), /that is open/);
});

test('NATS: a server that is not there: its own error', async t => {
  const { engine, heard } = rigOf('127.0.0.1:1');
  t.is((await t.throwsAsync(engine().connect(heard)))!.name, 'ConnectionError');
});

test('NATS: a server with a password, and one that is restarted', async t => {
  const server = await startNatsWithPassword(t);
  if (!server) return;
  const { engine, heard } = rigOf(server.address);
  const withPassword = (pass: string): Partial<NatsEngineOptions> => ({
    connect: defaults => connect({ servers: server.address, user: 'app', pass, ...defaults }),
  });
  await refused(t, engine(withPassword('wrong')).connect(heard), /refuses the credentials/);
  const wire = await engine(withPassword(PASSWORD)).connect(heard);
  const revision = await wire.register.write('key', 'text', 0);
  await server.stopFor(10);
  await heard.until('up');
  t.deepEqual(heard.events, ['down', 'up']);
  t.deepEqual(await wire.register.read('key'), { revision, text: 'text' });
  await wire.close();
});

test('NATS: JetStream in a domain', async t => {
  const servers = await startNats(t, 'jetstream { store_dir: "FOLDER", domain: hub }');
  if (!servers) return;
  const { engine, heard } = rigOf(servers);
  const wire = await engine({ domain: 'hub' }).connect(heard);
  t.is(await wire.register.write('key', 'text', 0), 1);
  t.is(await wire.register.write('key', 'text', 0), 'conflict');
  t.deepEqual(await wire.register.read('key'), { revision: 1, text: 'text' });
  await wire.close();
});

test('NATS: without JetStream it is refused', async t => {
  const servers = await startNats(t, '');
  if (!servers) return;
  const { engine, heard } = rigOf(servers);
  await refused(t, engine().connect(heard), /JetStream is not enabled/);
});

test('NATS: a user with the rights of one fleet, with fewer, and with none', async t => {
  const rights = (publish: string) => `{ publish: [${publish}], subscribe: ["_INBOX.>", "csc1.shop.>"] }`;
  const api =
    '"$JS.API.STREAM.INFO.KV_csc1_shop", "$JS.API.STREAM.CREATE.KV_csc1_shop", "$JS.API.STREAM.MSG.GET.KV_csc1_shop"';
  const users = [
    `{ user: full, password: x, permissions: ${rights(`${api}, "$KV.csc1_shop.>", "csc1.shop.>"`)} }`,
    `{ user: silent, password: x, permissions: ${rights(`${api}, "$KV.csc1_shop.>"`)} }`,
    `{ user: reader, password: x, permissions: ${rights('"$JS.API.STREAM.INFO.KV_csc1_shop", "$JS.API.STREAM.MSG.GET.KV_csc1_shop"')} }`,
    `{ user: none, password: x, permissions: ${rights('"other"')} }`,
  ];
  const servers = await startNats(
    t,
    `jetstream { store_dir: "FOLDER" }\nauthorization { users: [${users.join(', ')}] }`,
  );
  if (!servers) return;
  const { engine, heard } = rigOf(servers, 'shop');
  const as = (user: string): Partial<NatsEngineOptions> => ({
    connect: defaults => connect({ servers, user, pass: 'x', ...defaults }),
  });
  await refused(t, engine(as('none')).connect(heard), /lacks a right/);
  const full = await engine(as('full')).connect(heard);
  t.is(await full.register.write('key', 'text', 0), 1);
  t.deepEqual(heard.events, []);
  const reader = await engine(as('reader')).connect(heard);
  t.deepEqual(await reader.register.read('key'), { revision: 1, text: 'text' });
  await reader.close();
  t.deepEqual(heard.events, []);
  const silent = await engine(as('silent')).connect(heard);
  silent.announce('key', { revision: 1, text: 'text' });
  await heard.until('warning');
  t.regex(heard.warnings[0]!, /lacks a right/);
  await full.close();
  await silent.close();
});

onNats('what goes wrong otherwise is the error as it came', async (t, { engine, heard, servers }) => {
  const broken: NatsEngineOptions['connect'] = async defaults => {
    const connection = await connect({ servers, ...defaults });
    connection.request = () => Promise.reject(new TypeError('no'));
    return connection;
  };
  await t.throwsAsync(engine({ connect: broken }).connect(heard), { instanceOf: TypeError });
  const load = () => Promise.reject(Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' }));
  await refused(t, engine({ load }).connect(heard), /needs the package @nats-io\/jetstream/);
});

onNats('an old server with replicas is refused, and more replicas than servers', async (t, rig) => {
  const { name, engine, heard, servers, connections } = rig;
  let version = '2.9.3';
  const [host, port] = servers.split(':') as [string, string];
  const proxy = createServer(socket => {
    const upstream = connectSocket(Number(port), host);
    socket
      .on('error', () => {})
      .pipe(upstream)
      .on('error', () => {});
    const change = (text: string) =>
      text
        .replace(/"version":"\d+\.\d+\.\d+"/, `"version":"${version}"`)
        .replace('"num_replicas":1', '"num_replicas":3');
    upstream.on('data', data => socket.write(change(data.toString('latin1')), 'latin1'));
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => proxy.close());
  await (await engine().connect(heard)).close();
  const address = proxy.address() as { port: number };
  const through: Partial<NatsEngineOptions> = {
    connect: defaults => connect({ servers: `127.0.0.1:${address.port}`, ...defaults }),
  };
  await refused(t, engine(through).connect(heard), /2\.9\.3 is too old for a bucket with 3 replicas/);
  await refused(t, engine({ ...through, replicas: 3 }).connect(heard), /is too old/);
  version = '2.9.21';
  await (await engine(through).connect(heard)).close();
  await withStreams(servers, streams => streams.delete(bucketOf(name)));
  await refused(t, engine({ ...through, replicas: 3 }).connect(heard), /fewer NATS servers than the 3/);
  t.is(connections.length, 1);
});
