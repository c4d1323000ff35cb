// Errors of calls, subscriptions and publications, and of the leaders that they are for.

import { type Outcome, SharedClientError } from './shared-client-error.js';
import { cut, quote, show } from './show.js';

export const leaderLost = (method: string, outcome: Outcome) =>
  new SharedClientError(
    'ERR_LEADER_LOST',
    `The leader was lost while ${cut(method)}() was in its hands; it may have run or not. ` +
      `Mark the method idempotent to have it sent again to the next leader.`,
    { outcome },
  );

export const costLeaders = (method: string, count: number) =>
  new SharedClientError(
    'ERR_LEADER_LOST',
    `${count} leaders were lost one after the other while ${cut(method)}() was in their hands, so it is not sent to the ` +
      'next one. It may be what ended them. See maxLeadersLost.',
    { outcome: 'unknown' },
  );

export const leaderFailed = (name: string, cause: unknown, outcome?: Outcome) =>
  new SharedClientError(
    'ERR_LEADER_FAILED',
    `No worker could open the real client of ${quote(name)}; the cause says why. It is tried again with backoff.`,
    { cause, outcome },
  );

export const openTimedOut = (ms: number) =>
  new SharedClientError('ERR_TIMEOUT', `The real client was not ready within openTimeoutMs, ${ms} ms.`);

export const timedOut = (method: string, ms: number, outcome: Outcome, why?: string) =>
  new SharedClientError('ERR_TIMEOUT', `${cut(method)}() did not end within ${ms} ms${why ? `: ${why}` : ''}.`, {
    outcome,
  });

export const cameLate = (method: string) =>
  new SharedClientError(
    'ERR_TIMEOUT',
    `${cut(method)}() was not started: its deadline had passed when it came to the leader.`,
    {
      outcome: 'not-started',
    },
  );

export const readyTimedOut = (name: string, ms: number, why: string) =>
  new SharedClientError(
    'ERR_TIMEOUT',
    `No leader of ${quote(name)} was ready within readyTimeoutMs, ${ms} ms: ${why}.`,
  );

/** Why a group has no ready leader, or none that can be reached. The known details follow. */
export const NO_LEADER = {
  opening: 'its real client is still being opened',
  broken: 'its real client broke, and is opened again after a pause',
  unreached: "its leader can't be reached past PM2's bus",
  unknown: 'it has not said where',
  nobody:
    'no member of the group may lead now; if all have eligible: false (isLeader: false in cluster()), let one of them lead',
  fleet: (name: string, { state, connected }: { readonly state: string; readonly connected: boolean }): string => {
    if (!connected) return `this host has no connection to the engine of the fleet ${quote(name)}`;
    if (state === 'opening') return `its real client is being opened on a host of the fleet ${quote(name)}`;
    if (state === 'ready') return `the host that leads the fleet ${quote(name)} can't be reached`;
    return `no host of the fleet ${quote(name)} leads`;
  },
} as const;

/** Like {@link leaderFailed}, if no member tried to open the real client: `cause` contains the reason. */
export const noLeader = (cause: SharedClientError) =>
  new SharedClientError('ERR_LEADER_FAILED', cause.message, { cause });

export const unknownMethod = (method: unknown) =>
  new SharedClientError(
    'ERR_UNKNOWN_METHOD',
    `The real client has no public method ${typeof method === 'symbol' ? cut(String(method)) : quote(method)}. ` +
      `Names that begin with _, symbols and what is inherited from Object.prototype can't be called from elsewhere.`,
    { outcome: 'not-started' },
  );

/** A TypeError, like for any other name that is not a function. */
export const notKnownYet = (group: string, name: string) =>
  new TypeError(
    `${cut(name)} is not a method that this handle of ${quote(group)} knows yet: only an open real client can tell the names of its ` +
      `methods. Await ready() first, declare it, by methods: { ${cut(name)}: {} }, or call invoke(${JSON.stringify(cut(name))}, ...).`,
  );

export const closingMethod = (method: string) =>
  new SharedClientError(
    'ERR_UNKNOWN_METHOD',
    `${method}() would close the real client of all workers. Call client.close() to let go of it in this worker; ` +
      `it is closed when the last worker has. If ${method}() does something else, say methods: { ${method}: { role: 'invoke' } }.`,
    { outcome: 'not-started' },
  );

export const overloaded = (outcome: Outcome) =>
  new SharedClientError(
    'ERR_OVERLOADED',
    outcome === 'not-started'
      ? 'Too much is waiting for the leader; the call was not sent. Make fewer calls at once, or try again later.'
      : 'Too much is waiting for this worker; the result was dropped, the call may have run.',
    { outcome },
  );

export const overloadedSubscription = () =>
  new SharedClientError(
    'ERR_OVERLOADED',
    'Too much is waiting for the leader; it was not subscribed to. Subscribe to less at once, or try again later.',
    { outcome: 'not-started' },
  );

export const closed = (what: string, outcome?: Outcome) =>
  new SharedClientError('ERR_CLOSED', `${what} was closed.`, { outcome });

export const takenBack = (outcome: Outcome) =>
  new SharedClientError('ERR_CLOSED', 'The publication was withdrawn before the leader confirmed it.', { outcome });

export const notTheLeader = (address: string) =>
  new SharedClientError(
    'ERR_PROTOCOL',
    `The process that listens at ${address} did not prove that it is the leader, so it was sent nothing. If this is repeated, find out which process created that socket.`,
  );

export const noTransfer = (name: string, workerId: number | undefined, why: string) => {
  if (why === 'no group') {
    return new SharedClientError('ERR_INVALID_OPTION', `There is no group ${quote(name)}: no worker has joined it.`);
  }
  if (why === 'no candidate') {
    const expected =
      workerId === undefined
        ? 'another member that may lead'
        : `the id of a member that may lead, not ${show(workerId)}`;
    return new SharedClientError(
      'ERR_INVALID_OPTION',
      `${quote(name)} can't be handed over: there must be ${expected}.`,
    );
  }
  if (why === 'lost') {
    const text = `Whether ${quote(name)} was handed over isn't known: this worker lost its connection to PM2's bus.`;
    return new SharedClientError('ERR_LEADER_FAILED', text);
  }
  const text =
    why === 'vacant'
      ? 'it has no leader that is ready now'
      : 'the successor left, or could not open the real client; another member leads now';
  return new SharedClientError('ERR_LEADER_FAILED', `${quote(name)} was not handed over: ${text}.`);
};
