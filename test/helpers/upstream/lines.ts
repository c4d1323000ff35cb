// Lines of JSON over a socket. Not node:readline: it would also cut at U+2028, which JSON leaves as it is.

import type { Socket } from 'node:net';

/** Calls `listener` with each object that comes, in order. */
export function readLines<T>(socket: Socket, listener: (message: T) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) listener(JSON.parse(line));
  });
}

/** Sends one object; what goes to a closed socket is dropped. */
export function writeLine(socket: Socket, message: object): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}
