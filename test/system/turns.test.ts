// Refusals come after a turn of the event loop: who tries again at once, for ever, keeps nothing else from running.

import { CompatRig } from '../helpers/compat/rig.js';
import { type Client, system } from '../helpers/system/test.js';

type Attempt = () => unknown;

/** How often a loop of attempts came round while the event loop turned a few times. It must have turned. */
async function countTries(attempt: Attempt): Promise<number> {
  let tries = 0;
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      tries++;
      // Without a turn in it this would never end.
      if (tries > 1000) throw new Error('The event loop stands still.');
      try {
        await attempt();
      } catch {}
    }
  })();
  for (let i = 0; i < 20; i++) await Promise.race([loop, new Promise<void>(resolve => setImmediate(resolve))]);
  isOver = true;
  await loop;
  return tries;
}

const aborted = AbortSignal.abort();
const listener = () => {};

/** All that can be asked of a handle. */
const ATTEMPTS: Readonly<Record<string, (client: Client) => Attempt>> = {
  call: client => () => client.echo(1),
  invoke: client => () => client.invoke('echo', 1),
  publish: client => () => client.publish(1),
  'sticky publication': client => () => client.with({ sticky: 1 }).publish(1),
  oneway: client => () => client.with({ oneway: true }).echo(1),
  iterator: client => async () => {
    for await (const _value of client.subscribe('topic')) return;
  },
  'iterator’s ready': client => () => client.subscribe('topic').ready,
};

async function checkAll(
  t: { true(is: boolean, message?: string): unknown },
  attempts: Readonly<Record<string, Attempt>>,
) {
  for (const [name, attempt] of Object.entries(attempts)) {
    const tries = await countTries(attempt);
    t.true(tries > 1 && tries <= 50, `${name}: ${tries}`);
  }
}

const all = (client: Client): Record<string, Attempt> =>
  Object.fromEntries(Object.entries(ATTEMPTS).map(([name, make]) => [name, make(client)]));

system('after close()', async (t, rig) => {
  const [client] = await rig.clients(1);
  await rig.time.until(client!.close());
  await checkAll(t, { ...all(client!), ready: () => client!.ready() });
});

system('without a primary', async (t, rig) => {
  const clients = await rig.clients(2);
  rig.workers[1]!.disconnect();
  await rig.time.settle();
  const { iterator: _, 'iterator’s ready': __, ...calls } = all(clients[1]!);
  await checkAll(t, { ...calls, ready: () => clients[1]!.ready(), transfer: () => clients[1]!.transfer() });
});

system('with what can’t be asked for at all', async (t, rig) => {
  const [, client] = await rig.clients(2);
  const late = client!.with({ signal: aborted });
  await checkAll(t, {
    'a private method': () => client!.invoke('_hidden' as never),
    'what can’t travel': () => client!.echo(() => {}),
    'a publication that can’t': () => client!.publish(Symbol('no')),
    'a key that can’t': () => client!.unpublish(() => {}),
    'a topic that can’t': () => client!.unsubscribe((() => {}) as never),
    'a signal that has aborted': () => late.echo(1),
    'a subscription to end at once': () => late.subscribe('topic', listener).ready,
    'an iterator to end at once': async () => {
      for await (const _value of late.subscribe('topic')) return;
    },
    transfer: () => rig.primary.transfer('nobody'),
  });
});

system('where too much waits', async (t, rig) => {
  const client = rig.client(rig.fork(), { eligible: false });
  const large = Buffer.alloc(40 * 2 ** 20);
  const waiting = [client.echo(large), client.echo(large)].map(call => call.catch(() => {}));
  const full = { call: () => client.echo(large), oneway: () => client.with({ oneway: true }).echo(large) };
  await checkAll(t, { ...full, sticky: () => client.with({ sticky: 1 }).publish(large) });
  await rig.time.until(client.close());
  await Promise.all(waiting);
});

system('in the drop-in', async (t, rig) => {
  const compat = new CompatRig(rig);
  const [client] = await compat.clients(1);
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const withCallback = (method: (...args: never[]) => unknown) => () =>
    new Promise<void>((resolve, reject) =>
      Reflect.apply(method, client, [(error?: Error) => (error ? reject(error) : resolve())]),
    );
  await rig.time.until(client!.close());
  await checkAll(t, { promise: () => client!.where(), callback: withCallback(client!.where) });
  await compat.end();
});

system('in the process that leads', async (t, rig) => {
  const client = rig.client(rig.fork());
  await rig.time.until(client.ready());
  await checkAll(t, { private: () => client.invoke('_hidden' as never), travel: () => client.echo(() => {}) });
});
