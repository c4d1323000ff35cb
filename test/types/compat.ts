// The drop-in for cluster-client: what is delegated, and how it can be called.

import cluster, { APIClientBase, type ClusterOptions, type GeneratorCall } from '../../lib/compat.js';
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
