// What each recipe with a server has to stand: a leader that is killed, a server that is stopped for 20 s, wrong credentials, and a
// server that accepts a connection and never answers.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { freePort } from '../services/process.js';
import { type Example, startExample } from './example.js';
import { untilAllSay } from './http.js';

/** A server of the test's own, which it may stop. */
export interface OwnServer {
  /** `HOST:PORT` */
  readonly address: string;
  /** How many connections it has from others than the test itself. */
  connections(): Promise<number>;
  stopFor(ms: number): Promise<void>;
}

export interface Recipe<Server extends OwnServer> {
  /** Its folder. */
  readonly name: string;
  /** `undefined` where the machine hasn't got it. */
  start(t: ExecutionContext): Promise<Server | undefined>;
  /** What the app is given to find the server, with the right credentials or with wrong ones. */
  env(address: string, isRight: boolean): NodeJS.ProcessEnv;
  /** The real cause, with wrong credentials. */
  readonly refused?: RegExp;
  /** Resolves once all workers were served. `round` counts from 1. */
  serves(app: Example & { readonly url: string }, server: Server, round: number): Promise<unknown>;
  /** What a server sends before it falls silent, where the client closes no connection before that. */
  readonly greeting?: string | Buffer;
  /** How many connections the server may have. */
  readonly most: number;
}

const STOPPED_MS = 20_000;
export const WORKERS = 3;

/** Defines the tests of a recipe. */
export function testRecipe<Server extends OwnServer>(recipe: Recipe<Server>): void {
  const { name, most, refused } = recipe;

  test(`${name}: three workers share one real client, and one again after the leader was killed and the server stopped`, async t => {
    const server = await recipe.start(t);
    if (!server) return;
    const app = await startOn(t, recipe, server.address, true);
    const isShared = async (round: number) => {
      await recipe.serves(app, server, round);
      const count = await server.connections();
      t.true(count >= 1 && count <= most, `${count} connections in round ${round}`);
    };
    await isShared(1);
    await app.killLeader();
    await isShared(2);
    await server.stopFor(STOPPED_MS);
    await isShared(3);
  });

  if (refused)
    test(`${name}: with wrong credentials ready() rejects with the cause`, async t => {
      const server = await recipe.start(t);
      if (!server) return;
      const startedAt = performance.now();
      const app = await startOn(t, recipe, server.address, false, { keepsRunning: true });
      const cause = await app.until(lines => lines.find(line => line.startsWith('failed: ')));
      t.log(`${Math.round(performance.now() - startedAt)} ms after the start of the cluster`);
      t.regex(cause, /^failed: ERR_LEADER_FAILED: /);
      t.regex(cause, refused);
    });

  test(`${name}: an attempt to open that is cut leaves no connection behind`, async t => {
    const sockets = new Set<Socket>();
    const mute = createServer(socket => {
      sockets.add(socket.on('close', () => sockets.delete(socket)));
      if (recipe.greeting) socket.write(recipe.greeting);
      // It reads what comes, so that it sees the end of the connection.
      socket.on('error', () => {}).resume();
    }).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    t.teardown(() => mute.close());
    const connected = once(mute, 'connection');
    const { port } = mute.address() as AddressInfo;
    await startOn(t, recipe, `127.0.0.1:${port}`, true, { keepsRunning: true });
    const [first] = (await connected) as [Socket];
    const next = once(mute, 'connection');
    if (!first.closed) await once(first, 'close');
    await next;
    t.is(sockets.size, 1);
  });
}

async function startOn<Server extends OwnServer>(
  t: ExecutionContext,
  { name, env }: Recipe<Server>,
  address: string,
  isRight: boolean,
  options?: { readonly keepsRunning: boolean },
) {
  const port = await freePort();
  const app = startExample(t, name, { PORT: `${port}`, ...env(address, isRight) }, options);
  return { ...app, url: `http://127.0.0.1:${port}` };
}

/** Asks an app that serves HTTP until each of its workers has given such an answer. */
export const untilWorkersAnswer = (url: string, pattern: RegExp) => {
  const read = (said: string) => ({ worker: said.replace(/:.*/s, ''), value: pattern.test(said) });
  return untilAllSay(url, read, true, WORKERS);
};
