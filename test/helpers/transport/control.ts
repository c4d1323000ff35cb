// A wire of its own between a test and its fixture processes: the channel under test carries nothing but the test.

import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** The environment variable that holds the path of the test's socket. */
export const CONTROL = 'TRANSPORT_CONTROL';

/** What a fixture says first; worker 0 is the primary. */
export interface Hello {
  readonly workerId: number;
  readonly pid: number;
}

/** Reads lines of JSON. */
export function readLines(socket: Socket, read: (line: never) => void): void {
  createInterface({ input: socket }).on('line', line => read(JSON.parse(line) as never));
  socket.on('error', () => {}); // a killed process resets its connection
}

/** Writes a line of JSON. */
export function writeLine(socket: Socket, value: unknown): void {
  if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
}

/**
 * Joins a fixture to its test, which may then run commands in it. The process ends with the test.
 * @returns how to tell the test something
 */
export function joinTest<Command>(hello: Hello, run: (command: Command) => Promise<unknown>): (event: unknown) => void {
  const socket = connect(process.env[CONTROL]!);
  socket.on('close', () => process.exit(1));
  writeLine(socket, { hello });
  readLines(socket, async ({ id, command }: { id: number; command: Command }) => {
    writeLine(socket, { id, result: (await run(command)) ?? null });
  });
  return event => writeLine(socket, { event });
}
