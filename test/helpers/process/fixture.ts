// A fixture's side of the wire: does what the test asks, tells what happens, and ends with the test.

import { appendFileSync } from 'node:fs';
import { connect } from 'node:net';
import { readLines, writeLine } from '../upstream/lines.js';
import { failInternal, INTERNAL, type InternalFailure } from './internal.js';
import { type Ask, type FromFixture, failure, type Hello, JOURNAL, type LastWord, now, WIRE } from './wire.js';

const internal = process.env[INTERNAL] as InternalFailure | undefined;
if (internal) failInternal(process, 'down', internal);

type Api = Record<string, (...args: never[]) => unknown>;

/** The fixture's way to its test. */
export interface Wire<Event extends object> {
  report(event: Event): void;
  /** From now on it is no reason for the process to live. */
  unref(): void;
}

/** Joins a fixture to its test, which may then call the functions of `api`. Arguments and results travel as JSON. */
export function joinTest<Event extends object>(hello: Hello, api: Api): Wire<Event> {
  const socket = connect(process.env[WIRE]!);
  const send = (line: FromFixture) => writeLine(socket, line);
  socket.on('error', () => {});
  socket.on('close', () => process.exit(1));
  send({ hello });
  readLines<Ask>(socket, async ({ ask, method, args }) => {
    try {
      // JSON made null of an argument that was left out.
      const given = args.map(arg => arg ?? undefined);
      send({ answer: ask, value: method === 'ping' ? null : await api[method]!(...(given as never[])) });
    } catch (error) {
      send({ answer: ask, error: failure(error) });
    }
  });
  process.on('exit', code => {
    const word: LastWord = { pid: process.pid, code };
    appendFileSync(process.env[JOURNAL]!, `${JSON.stringify(word)}\n`);
  });
  return { report: event => send({ event: { ...event, at: now() } }), unref: () => socket.unref() };
}
