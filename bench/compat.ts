// The drop-in for cluster-client beside cluster-client itself and beside the library's own interface, both over the relay: the
// cases of `invoke`. The drop-in should keep four fifths of the library's lead.

import { main as invoke } from './invoke.js';

const CONTESTANTS = ['cluster-client', 'relay', 'compat'];

export async function main(args: string[]): Promise<void> {
  await invoke([...CONTESTANTS.flatMap(name => ['--contestant', name]), ...args]);
}
