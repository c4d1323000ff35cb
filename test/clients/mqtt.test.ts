import { EventEmitter } from 'node:events';
import test from 'ava';
import type { MqttClient } from 'mqtt';
import { type MqttMessage, openMqtt } from '../../lib/clients/mqtt.js';
import { openContext } from './open-context.js';

class FakeClient extends EventEmitter {
  readonly asked: unknown[][] = [];
  connected = true;
  refusal: Error | undefined;
  isEnded = false;

  async subscribeAsync(...args: unknown[]) {
    this.asked.push(['subscribe', ...args]);
    if (this.refusal) throw this.refusal;
  }

  async unsubscribeAsync(...args: unknown[]) {
    this.asked.push(['unsubscribe', ...args]);
  }

  async publishAsync(...args: unknown[]) {
    this.asked.push(['publish', ...args]);
  }

  async endAsync(force: boolean) {
    this.isEnded = force;
    throw new Error('ended badly');
  }

  says(topic: string, retain = false) {
    this.emit('message', topic, Buffer.from('x'), { retain });
  }
}

async function open(options?: { qos: 1 }) {
  const client = new FakeClient();
  const given = openContext();
  const session = await openMqtt(() => client as unknown as MqttClient, options)(given.context);
  return { client, session, ...given };
}

test('it is ready when it is connected', async t => {
  const client = new FakeClient();
  client.connected = false;
  let isOpen = false;
  const opening = openMqtt(() => client as unknown as MqttClient)(openContext().context).then(() => {
    isOpen = true;
  });
  await Promise.resolve();
  t.false(isOpen);
  client.emit('connect');
  await opening;
  t.true(isOpen);
});

test('each listener gets what matches its own filter', async t => {
  const { client, session } = await open({ qos: 1 });
  const received: string[] = [];
  const listener = (who: string) => (message: MqttMessage) =>
    received.push(`${who}: ${message.topic} ${message.payload} ${message.retain}`);
  await session.subscribe('a/b', listener('one'));
  const unsubscribe = await session.subscribe('a/+', listener('all'));
  client.says('a/b', true);
  client.says('a/c');
  client.says('b');
  t.deepEqual(received, ['one: a/b x true', 'all: a/b x true', 'all: a/c x false']);
  await unsubscribe();
  client.says('a/c');
  t.is(received.length, 3);
  t.deepEqual(client.asked, [
    ['subscribe', 'a/b', { qos: 1 }],
    ['subscribe', 'a/+', { qos: 1 }],
    ['unsubscribe', 'a/+'],
  ]);
});

test('one that was refused hears nothing by the filters of others', async t => {
  const { client, session } = await open();
  await session.subscribe('#', () => {});
  client.refusal = new Error('not authorised');
  await t.throwsAsync(
    session.subscribe('secret', () => t.fail()),
    { is: client.refusal },
  );
  client.says('secret');
});

test('publications go out as they are', async t => {
  const { client, session } = await open();
  await session.publish('a', 'text', { qos: 1, retain: true });
  t.deepEqual(client.asked, [['publish', 'a', 'text', { qos: 1, retain: true }]]);
});

test('a connection that is lost ends the term', async t => {
  const { client, failures } = await open();
  const error = new Error('refused');
  client.emit('error', error);
  client.emit('close');
  t.is(failures[0], error);
  t.regex(failures[1]!.message, /was closed/);
});

test('it is closed when nobody waits for it any more, and by close()', async t => {
  const { client, session, giveUp } = await open();
  giveUp();
  t.true(client.isEnded);
  await t.throwsAsync(session.close(), { message: 'ended badly' });
});
