// The texts of all warnings: non-fatal problems that need attention.

import { cut, quote } from './show.js';

export const closesSlowly = (ms: number) =>
  `The real client didn't close, or the task of whileLeader() didn't end, within drainTimeoutMs, ${ms} ms.`;

export const tooManyRunning = (name: string) =>
  `More calls of ${quote(name)} run at a time than its leader takes, 50,000 or 256 MiB of arguments: what is beyond ends with ` +
  'ERR_OVERLOADED. Its real client is slower than its callers, or does not answer.';

export const neverSettled = (name: string, method: string, ms: number) =>
  `${method}() of the real client of ${quote(name)} has not ended within openTimeoutMs, ${ms} ms` +
  `${method === 'subscribe' ? ': it is tried again' : ''}.`;

export const costly = (name: string, what: string, which: string, count: number) =>
  `${count} leaders of ${quote(name)} were lost while they had ${what} ${quote(which)} in their hands: it is given up, or it might cost all ` +
  'workers. See maxLeadersLost.';

export const notClosed = (name: string) =>
  `Nothing closes the real client of ${quote(name)}: it has no close(), quit(), end(), disconnect() or Symbol.asyncDispose. ` +
  "Say what does, by close: client => ... beside open, or by methods: { itsName: { role: 'close' } }.";

export const unknownMethodNamed = (name: string, method: string, near: readonly string[]) =>
  `The option methods of ${quote(name)} names ${quote(method)}, which the real client doesn't have.${nearestIs(near)}`;

export const unknownNamespace = (name: string, path: string, near: readonly string[]) =>
  `The option namespaces of ${quote(name)} names ${quote(path)}, which is no object of the real client.${nearestIs(near)}`;

export const noEvents = (name: string, options: readonly string[]) =>
  `The real client of ${quote(name)} has no on(), so ${options.join(', ')} have no effect: it emits no events.`;

const nearestIs = ([nearest]: readonly string[]) =>
  nearest === undefined ? '' : ` The nearest that it has is ${quote(nearest)}.`;

export const oddSubscription = (name: string, what: string) =>
  `subscribe() of the real client of ${quote(name)} returned ${what}, which is not used. Return a function that ` +
  'unsubscribes, an object with unsubscribe(), cancel() or close(), an async iterable, or nothing.';

export const moreArguments = (name: string, count: number) =>
  `The real client of ${quote(name)} calls subscription listeners with ${count} arguments; only the first one is the ` +
  'value. Say what the value is, by methods: { subscribe: { value: (channel, message) => message } }.';

export const hiddenMethods = (names: readonly string[]) =>
  `The handle's own ${names.map(cut).join(', ')} hide the real client's of that name; call those by invoke(name, ...args).`;

export const listenerThrew = () => 'A listener threw.';

export const notDirect = (name: string, why: string) =>
  `Data of ${quote(name)} goes by the relay and not by the direct route: ${why}. It is tried again with backoff.`;

export const unreached = (name: string, why: string) =>
  `Calls of ${quote(name)} wait, because its leader can't be reached past PM2's bus: ${why}. It is tried again with backoff; with configure({ busData: true }) data goes over the bus meanwhile.`;

export const dataOnBus = (why: string) =>
  `Data goes over PM2's bus, because a leader can't be reached past it: ${why}.`;

/** Replaces the message of an error for other processes under PM2, and for other hosts of a fleet (`workerId` undefined). */
export const openErrorElsewhere = (workerId: number | undefined, name: string, code: string | number | undefined) => {
  const [who, where, why] =
    workerId === undefined
      ? ['The leader on another host', 'on that host', "others read the fleet's register"]
      : [`Worker ${workerId}`, 'in that worker', "other apps read PM2's bus"];
  const what = `${name}${code === undefined ? '' : `, code ${code}`}`;
  return `${who} could not open its real client, or lost it: ${what}. What the error says is known ${where} alone, because ${why}.`;
};

export const memberRefused = (name: string, workerId: number) =>
  `Somebody came to the leader of ${quote(name)} by the direct route as the member of worker ${workerId}, and couldn't prove it; it was turned away.`;

export const notDirectIn = (workerId: number, name: string, why: string) =>
  `In worker ${workerId}: ${notDirect(name, why)}`;

export const passedOn = () =>
  "A message of this library came to a process that it wasn't meant for, and was dropped: the app passes on what it gets " +
  "by 'message'. Pass on your own messages only; ours have a key $csc.";

export const protocolTooFar = (workerId: number) =>
  `Worker ${workerId} supports no protocol version of this primary. Install a closer version of the library there.`;

export const otherOptions = (workerId: number, option: string, name: string) =>
  `Worker ${workerId} has another ${cut(option)} for ${quote(name)} than a worker before it; the leader's counts.`;

export const tooManyGroups = (workerId: number, most: number) =>
  `Worker ${workerId} is in ${most} groups, as many as it may be: it joins no other. Share one client for many keys, and close those that nobody needs.`;

export const droppedWithdrawals = (workerId: number) =>
  `Worker ${workerId} leads and processes nothing, and so much was cancelled and unsubscribed meanwhile that no more of it is kept: calls that were cancelled run to their end, and subscriptions that were ended stay until its term ends or their worker leaves.`;

export const choseNonCandidate = (name: string) =>
  `chooseLeader returned none of the candidates for ${quote(name)}; the default chose.`;

export const chooseLeaderThrew = (name: string) => `chooseLeader threw for ${quote(name)}; the default chose.`;

const OTHER_USER =
  'The app runs as another user than the daemon (uid): run both as one, or set PM2_SOCKET_USER and PM2_SOCKET_GROUP for the daemon.';

const BUS_ADVICE: Readonly<Record<string, string>> = {
  EACCES: OTHER_USER,
  EPERM: OTHER_USER,
  ENOENT: 'Somebody removed the socket; `pm2 update` makes it anew.',
};

/** Why there is no primary under PM2: its bus can't be read. */
export const noBus = ({ message, code = '' }: NodeJS.ErrnoException) =>
  `PM2's bus can't be read: ${message}. ${BUS_ADVICE[code] ?? "Is PM2's daemon running?"} ` +
  'Or do without it: one instance in fork mode, whose script calls setupPrimary() and cluster.fork().';

/** Why there is no primary in a process that looks like a worker of PM2's cluster mode, but whose daemon can't be found. */
export const notOfPm2 = (pidFile: string) =>
  `This process has the environment of a worker in PM2's cluster mode, but ${pidFile} doesn't name its parent. If PM2 started it, give the app the PM2_HOME and PM2_PID_FILE_PATH that the daemon was started with (env in the ecosystem file). If a script of yours did, call setupPrimary() there.`;

/** Why there is no primary under PM2: the bus exists, but this worker's messages are not read back. */
export const silentBus = () => "PM2's daemon has not passed on the messages of this worker.";
