// The drop-in for cluster-client: what is delegated, and how it can be called.

import cluster, {
  APIClientBase,
  type APIClientOptions,
  type ClusterOptions,
  close,
  type Delegates,
  type GeneratorCall,
} from '../../lib/compat.js';
import type { Equal, Expect } from './equal.js';

class Store {
  constructor(readonly options: { url: string }) {}
  subscribe(_reg: { id: string }, _listener: (value: number) => void) {}
  publish(_reg: { id: string }) {}
  *getData(id: string): Generator<unknown, number, unknown> {
    yield id;
    return Number(id);
  }
  async getPromise(id: string): Promise<string> {
    return id;
  }
  getCallback(_id: string, _callback: (error: Error | null, value: Date) => void) {}
  forget(_id: string) {}
  async _hidden() {}
  sync() {
    return 1;
  }
}

export async function delegated() {
  const client = cluster(Store, { name: 'store' })
    .delegate('getCallback')
    .delegate('forget', 'invokeOneway')
    .override('colour', 'red')
    .create({ url: 'x' });
  const call = client.getData('1');
  const generated: Expect<Equal<typeof call, GeneratorCall<number>>> = true;
  const number: number = await call;
  const text: string = await client.getPromise('1');
  client.getPromise('1', (_error, value) => value.length);
  const date: Date = await client.getCallback('1');
  client.getCallback('1', (_error, value) => value.getTime());
  client.forget('1');
  const colour: string = client.colour;
  client.subscribe({ id: 'a' }, value => value.toFixed());
  client.publish({ id: 'a' });
  await client.ready();
  client.ready(error => error?.message);
  const leads: boolean | undefined = client.isClusterClientLeader;
  await client.close();
  await cluster.close(client);

  // @ts-expect-error an id is a string
  client.getData(1);
  // @ts-expect-error not delegated
  client.sync();
  // @ts-expect-error not delegated without a word
  client._hidden();
  // @ts-expect-error the constructor needs its options
  cluster(Store).create();
  // @ts-expect-error nothing of that kind
  cluster(Store).delegate('getData', 'invoice');
  return [generated, number, text, date, colour, leads];
}

export function options(): ClusterOptions[] {
  return [
    {},
    { name: 'a', port: 1, isLeader: null, isBroadcast: false, logger: console, own: 1 },
    { transcode: { encode: value => Buffer.from(String(value)), decode: value => String(value) } },
    { formatKey: (reg: { id: string }) => reg.id },
    // @ts-expect-error a number of milliseconds
    { responseTimeout: '3s' },
  ];
}

export class Api extends APIClientBase {
  override get DataClient() {
    return Store;
  }
  override get clusterOptions() {
    return { name: 'api' };
  }
  override get delegates() {
    return { getCallback: 'invoke' } as const;
  }
  async get(id: string): Promise<unknown> {
    await this.ready();
    return this._client.getData(id);
  }
}

class OtherApi extends cluster.APIClientBase {
  override get DataClient() {
    return Store;
  }
  override get delegates(): Delegates {
    return { getCallback: 'invoke', forget: 'invokeOneway' };
  }
}

export async function apiClients() {
  const given: APIClientOptions = { url: 'x', cluster, initMethod: 'start' };
  const api = new OtherApi(given);
  api.on('error', (error: Error) => error.message);
  const leads: boolean | undefined = api.isClusterClientLeader;
  const isReady: boolean = api.isReady;
  await api.ready();
  await api.close();
  // @ts-expect-error nothing of that kind
  const wrong: Delegates = { getCallback: 'invoice' };
  // @ts-expect-error it is no function
  new OtherApi({ cluster: 'cluster' });
  return [leads, isReady, wrong];
}

class Watcher {
  watch(_reg: string, _listener: (value: number) => void) {}
  unwatch(_reg: string) {}
  async stop() {}
  async get(_key: string, _options?: { fresh: boolean }): Promise<number> {
    return 1;
  }
}

export async function byOtherNames() {
  const client = cluster(Watcher)
    .delegate('watch', 'subscribe')
    .delegate('unwatch', 'unSubscribe')
    .delegate('stop', 'close')
    .override('get', async (key: string) => key)
    .create();
  client.watch('a', value => value.toFixed());
  client.unwatch('a', () => {});
  const text: string = await client.get('a');
  const stopped: Promise<void> = client.stop();
  await Promise.all([stopped, close(client)]);
  // Optional arguments stay so.
  const plain = cluster(Watcher).create();
  return [text, await plain.get('a'), await plain.get('a', { fresh: true })];
}
