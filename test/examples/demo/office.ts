// Whom a worker reports to and takes orders from: its primary, or over a socket where its primary is PM2's daemon.

import { connect } from 'node:net';
import { readLines, writeLine } from '../../helpers/upstream/lines.js';
import type { Leads, Order, Report } from './messages.js';

export interface Office {
  say(what: Report | Leads): void;
  listen(heed: (order: Partial<Order> | null) => void): void;
}

/** A primary of ours hears of leaders by itself, and passes over what it is told of them. */
export const primaryOffice = (): Office => ({
  say: what => process.send?.(what),
  listen: heed => process.on('message', heed),
});

export function wireOffice(path: string): Office {
  const socket = connect(path);
  // Without the demo there is nothing to do.
  socket.on('error', () => {}).on('close', () => process.exit());
  return { say: what => writeLine(socket, what), listen: heed => readLines<Order>(socket, heed) };
}
