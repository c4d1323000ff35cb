// The messages of a fleet on NATS, on a real server.

import { connect, type NatsConnection } from '@nats-io/transport-node';
import test, { type ExecutionContext } from 'ava';
import { NatsMessages } from '../../lib/engines/nats-messages.js';
import { defer } from '../../lib/utils/deferred.js';
import { newFleetName } from '../helpers/fleet/register-contract.js';
import { findNats } from '../helpers/fleet/servers.js';

type Received = [to: string, content: string | undefined];

async function rig(t: ExecutionContext) {
  const servers = await findNats(t);
  if (servers === undefined) return undefined;
  const name = newFleetName();
  const connections: NatsConnection[] = [];
  t.teardown(() => Promise.all(connections.map(connection => connection.close())));
  return async () => {
    const connection = await connect({ servers });
    connections.push(connection);
    const messages = new NatsMessages(connection, name);
    const received: Received[] = [];
    let arrived = defer();
    const note = (to: string, content?: Uint8Array) => {
      received.push([to, content && Buffer.from(content).toString()]);
      arrived.resolve();
      arrived = defer();
    };
    const until = async (count: number) => {
      while (received.length < count) await arrived.promise;
    };
    return { connection, messages, received, note, until };
  };
}

const flushed = (messages: NatsMessages) => new Promise<void>(resolve => messages.flush(resolve));

test('messages arrive in order at their place, and nowhere else', async t => {
  const start = await rig(t);
  if (!start) return;
  const [here, there] = [await start(), await start()];
  const stop = there.messages.receive('there', there.note);
  await flushed(there.messages);
  const content = Buffer.from('0');
  for (let i = 0; i < 3; i++) {
    content.write(String(i));
    here.messages.send(`there.${i}`, content, 'here.x');
  }
  here.messages.send('there.x.y', content);
  here.messages.send('nowhere.1', content);
  await there.until(3);
  t.deepEqual(there.received, [
    ['there.0', '0'],
    ['there.1', '1'],
    ['there.2', '2'],
  ]);
  stop();
  await flushed(there.messages);
  here.messages.receive('here', here.note);
  here.messages.send('there.0', content, 'here.unheard');
  await here.until(1);
  t.deepEqual(here.received, [['here.unheard', undefined]]);
  t.true(here.messages.maxBytes > 500_000);
});

test('what is broadcast is heard by all who listen', async t => {
  const start = await rig(t);
  if (!start) return;
  const [here, there] = [await start(), await start()];
  const stop = there.messages.hear(there.note);
  await flushed(there.messages);
  here.messages.broadcast('hello');
  await there.until(1);
  stop();
  await flushed(there.messages);
  here.messages.broadcast('again');
  await flushed(here.messages);
  await flushed(there.messages);
  t.deepEqual(there.received, [['hello', undefined]]);
});

test('on a closed connection nothing is sent, and nothing throws', async t => {
  const start = await rig(t);
  if (!start) return;
  const here = await start();
  const stops = [here.messages.receive('here', here.note), here.messages.hear(here.note)];
  await here.connection.close();
  here.messages.send('here.x', Buffer.from('x'));
  here.messages.broadcast('x');
  here.messages.receive('more', here.note)();
  for (const stop of stops) stop();
  await flushed(here.messages);
  t.deepEqual(here.received, []);
});

test('a connection that throws, that has nothing to say, and a server that does not answer', async t => {
  let callback: ((error: unknown, message: never) => void) | undefined;
  const messages = new NatsMessages(
    {
      publish() {
        throw new Error('draining');
      },
      subscribe(_subject, options) {
        ({ callback } = options);
        return { unsubscribe() {} };
      },
      flush: () => new Promise(() => {}),
      isClosed: () => false,
    },
    'shop',
  );
  messages.broadcast('x');
  messages.hear(() => t.fail());
  callback!(new Error('permissions'), undefined as never);
  // Nothing else keeps this process alive.
  const alive = setInterval(() => {}, 1000);
  await flushed(messages);
  clearInterval(alive);
  t.pass();
});
