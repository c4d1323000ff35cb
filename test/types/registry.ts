// The real client that the type tests share.

import { EventEmitter } from 'node:events';
import type { CreateSharedClient } from '../../lib/client/types.js';

export declare const createSharedClient: CreateSharedClient;

export interface Item {
  id: number;
}

export class Registry {
  url: string;
  readonly _hidden = 1;
  private readonly secret = 'x';
  readonly term = 'summer';
  #count = 0;

  constructor(options: { url: string }) {
    this.url = options.url + this.secret;
  }

  async ready() {
    return this.#count;
  }

  async get(key: string): Promise<number> {
    return key.length;
  }

  getMany(keys: string[]): Promise<number[]>;
  getMany(prefix: string, limit: number): Promise<Record<string, number>>;
  async getMany(_first: string | string[], _limit?: number): Promise<number[] | Record<string, number>> {
    return [];
  }

  async echo<V extends Item>(value: V): Promise<V> {
    return value;
  }

  count(prefix?: string): number {
    return prefix === undefined ? 1 : 2;
  }

  first<V>(values: V[]): V | undefined {
    return values[0];
  }

  maybe(key: string): Promise<string> | undefined {
    return key === '' ? undefined : Promise.resolve(key);
  }

  thenable(): PromiseLike<string> {
    return Promise.resolve('x');
  }

  fails(): never {
    throw new Error('always');
  }

  // biome-ignore lint/suspicious/noExplicitAny: what many untyped clients return.
  untyped(): any {
    return 1;
  }

  optional?(key: string): Promise<boolean>;

  readonly arrow = async (a: number, ...rest: string[]) => a + rest.length;

  status(): 'up' | 'down' {
    return 'up';
  }

  _internal() {}

  private audit() {
    return this.secret;
  }

  [Symbol.iterator]() {
    return [this.audit()][Symbol.iterator]();
  }

  toString() {
    return this.url;
  }

  subscribe(_topic: 'a' | 'b', _listener: (value: Item) => void) {}
  unsubscribe(_topic: 'a' | 'b') {}

  publish(_topic: 'a' | 'b', _value: Item) {
    return 3;
  }

  close() {
    return 'closed';
  }
}

export class Feed extends EventEmitter {
  async latest(): Promise<string> {
    return '';
  }
}
