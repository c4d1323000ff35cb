// Every text of a `warning`: what works all the same, but somebody should look at.

import { show } from './errors.js';

export const closesSlowly = (ms: number) =>
  `The real client didn't close, or the task of whileLeader() didn't end, within drainTimeoutMs, ${ms} ms.`;

export const hiddenMethods = (names: readonly string[]) =>
  `The handle's own ${names.join(', ')} hide the real client's of that name; call those by invoke(name, ...args).`;

export const listenerThrew = () => 'A listener threw.';

export const notDirect = (name: string, why: string) =>
  `Data of ${show(name)} goes by the relay and not by the direct road: ${why}. It is tried again with backoff.`;

export const notDirectIn = (workerId: number, name: string, why: string) =>
  `In worker ${workerId}: ${notDirect(name, why)}`;

export const protocolTooFar = (workerId: number) =>
  `Worker ${workerId} speaks no protocol of ours; install a version that is closer to this one there.`;

export const otherOptions = (workerId: number, option: string, name: string) =>
  `Worker ${workerId} has another ${option} for ${show(name)} than a worker before it; the leader's counts.`;

export const choseStranger = (name: string) =>
  `chooseLeader returned none of the candidates for ${show(name)}; the default chose.`;

export const chooseLeaderThrew = (name: string) => `chooseLeader threw for ${show(name)}; the default chose.`;
