// The account of all calls: each is made once, ends once and in time, and runs as often as its end says.

import { getEventListeners } from 'node:events';
import { SharedClientError } from '../../lib/errors/shared-client-error.js';
import type { SimGroup } from './group.js';
import { linkedAt } from './peephole.js';
import { deadlineNow, termNow } from './upstream.js';
import { mostLosses, type SimHandle, type SimWorker } from './worker.js';
import type { World } from './world.js';

/** What a virtual machine needs to tell a caller that its time is over. */
const MARGIN_MS = 30;

/** How long a result takes at most where all is well. */
const ANSWER_MS = 500;

/** The same of the beginning of a call, where its member had asked for no more than few things before it. */
const TURN_MS = 200;
const FEW = 20;

export interface SimCall {
  readonly id: number;
  readonly kind: 'call' | 'publish' | 'sticky';
  readonly group: SimGroup;
  readonly handle: SimHandle;
  readonly madeAt: number;
  readonly timeoutMs: number;
  readonly idempotent: boolean;
  /** Of a sticky publication. */
  readonly key?: number;
  /** Of its member's calls. */
  readonly number: number;
  /** The terms of the group that had ended when it was made. */
  readonly endedBefore: number;
  /** The term that its member knew of when it was made, though it may have been over. */
  readonly knownTerm: number;
  readonly throws: boolean;
  /** Its errors are told as events of the handle. */
  readonly isOneway: boolean;
  readonly abort?: AbortController | undefined;
  /** Whose signal is in its arguments. */
  readonly inside?: AbortController | undefined;
  /** How it ends where nothing goes wrong. */
  readonly expected: string;
  /** How much of what its member asked for a leader had begun when it was made. */
  readonly begunBefore: number;
  /** In which terms it began. */
  readonly starts: number[];
  /** So many of these it may do once more, in the same term. */
  forgotten: number;
  /** It is sticky and timed out, and had begun in this term: its member has read no result, so it is said once more. */
  inDoubtIn: number | undefined;
  /** It is sticky, and its worker was without a primary. */
  isSaidAgain: boolean;
  /** When the real client last had a result of it. */
  finishedAt: number;
  end: string | undefined;
}

/** Somebody waits for what was said under a key to be taken back. */
interface Taking {
  readonly memberId: number;
  readonly key: number;
  /** The last that was said before. */
  readonly last: number;
}

export class CallAccount {
  readonly all = new Map<number, SimCall>();
  /** Those that have not ended. */
  readonly open = new Set<SimCall>();
  readonly outcomes = new Map<string, number>();
  /** In the order in which they were asked for. */
  readonly #takings = new Set<Taking>();
  #numbers = 0;
  #lastId = 0;
  /** How many calls, publications and subscriptions of each member a leader began, by group and worker. */
  readonly #begun = new Map<string, number>();
  /** The last call of each member that began, by group and term. */
  readonly #lastStarted = new Map<string, SimCall>();

  constructor(private readonly world: World) {}

  /** Those of workers that live. */
  get openOnes(): SimCall[] {
    return [...this.open].filter(({ handle }) => handle.worker.process.isAlive);
  }

  nextId(): number {
    return ++this.#lastId;
  }

  make(
    given: Omit<
      SimCall,
      | 'madeAt'
      | 'number'
      | 'endedBefore'
      | 'knownTerm'
      | 'begunBefore'
      | 'starts'
      | 'forgotten'
      | 'inDoubtIn'
      | 'isSaidAgain'
      | 'finishedAt'
      | 'end'
    >,
    promise: () => PromiseLike<unknown>,
  ): SimCall {
    const { world } = this;
    const call: SimCall = {
      ...given,
      madeAt: world.time.now(),
      number: ++this.#numbers,
      endedBefore: given.group.ended.length,
      knownTerm: given.handle.client.term,
      begunBefore: this.#begunOf(given.handle),
      starts: [],
      forgotten: 0,
      inDoubtIn: undefined,
      isSaidAgain: false,
      finishedAt: Number.POSITIVE_INFINITY,
      end: undefined,
    };
    this.all.set(call.id, call);
    this.open.add(call);
    world.log(() => `  ${call.handle.worker}: ${call.kind} ${call.id} is made`);
    promise().then(
      value => this.#succeeded(call, value),
      error => this.#failed(call, error),
    );
    return call;
  }

  /**
   * The real client was asked to take it back. What was sent before a primary was lost may have waited in a leader that goes
   * on without one: then it begins, is taken back, and begins again once its worker has a primary.
   */
  takenBack(id: number): void {
    const call = this.all.get(id);
    if (call?.isSaidAgain) call.forgotten = call.starts.length;
  }

  /** The real client was asked to run it. */
  started(id: number, group: SimGroup, home: SimWorker): void {
    const { world } = this;
    const call = this.all.get(id);
    const term = termNow();
    if (!call || term === undefined) return world.broken('calls', `a call ${id} began that nobody made`);
    world.log(() => `  ${home}: ${call.kind} ${id} of ${call.handle.worker} begins in term ${group.short(term)}`);
    world.leaders.acts(group, home, term, `${call.kind} ${id} began`);
    const now = world.time.now();
    if (now > (deadlineNow() ?? 0))
      world.broken('deadline', `${call.kind} ${id} began after the deadline it came with`);
    if (call.kind !== 'sticky' && now > call.madeAt + call.timeoutMs + 1)
      world.broken('deadline', `${call.kind} ${id} began after its deadline`);
    if (call.starts.includes(term, call.forgotten))
      world.broken('once', `${call.kind} ${id} began twice in term ${group.short(term)}`);
    if (call.starts.length > 0 && !call.idempotent)
      world.broken('once', `${call.kind} ${id} is not idempotent, and began twice`);
    // What is sticky is said to the next leader, whatever became of it here.
    if (call.end === 'not-started' && call.kind !== 'sticky')
      world.broken('outcome', `${call.kind} ${id} began, but ended as not started`);
    call.finishedAt = Number.POSITIVE_INFINITY;
    this.#checkTurn(call, home, term);
    this.begun(group.name, call.handle.worker.id);
    this.#checkOrder(call, group, term);
    call.starts.push(term);
  }

  /** A leader has come to something that a member asked for. */
  begun(group: string, workerId: number): void {
    const key = `${group} ${workerId}`;
    this.#begun.set(key, (this.#begun.get(key) ?? 0) + 1);
  }

  #begunOf({ group, worker }: SimHandle): number {
    return this.#begun.get(`${group} ${worker.id}`) ?? 0;
  }

  /** The real client forgot it: what is sticky may be said once more. */
  neverEnds(id: number): Promise<never> {
    const call = this.all.get(id)!;
    call.forgotten = call.starts.length;
    return new Promise(() => {});
  }

  /** Whether the real client that heard what is sticky may hear it again: once, and in the same term. */
  mayRepeat(id: number): boolean {
    const call = this.all.get(id)!;
    const isInDoubt = call.inDoubtIn === termNow();
    call.inDoubtIn = undefined;
    return isInDoubt;
  }

  /** The real client has a result. */
  finished(id: number): void {
    const call = this.all.get(id);
    if (call) call.finishedAt = this.world.time.now();
  }

  /** The workers were without a primary: who led on without them took back what was sticky, and hears it again. */
  forgetSaid(): void {
    for (const call of this.all.values())
      if (call.kind === 'sticky' && call.handle.worker.id !== 0) {
        call.forgotten = call.starts.length;
        call.isSaidAgain = true;
      }
  }

  /** One that has ended, though something still listens to a signal of its caller's. */
  get leaking(): SimCall | undefined {
    const isHeard = (one?: AbortController) =>
      one && !one.signal.aborted && getEventListeners(one.signal, 'abort').length > 0;
    for (const call of this.all.values()) {
      const { end, kind, abort, inside, handle } = call;
      const isOver = end !== undefined && kind !== 'sticky' && handle.worker.process.isAlive;
      if (isOver && (isHeard(abort) || isHeard(inside))) return call;
    }
    return undefined;
  }

  /** Looks for those whose time is over. */
  lookForLate(): void {
    const now = this.world.time.now();
    for (const call of this.open) {
      const { worker } = call.handle;
      if (!worker.process.isAlive) this.open.delete(call);
      else if (!worker.isFrozen && now > this.#latest(call) && !this.#isBehind(call)) {
        this.world.broken(
          'in time',
          `${call.kind} ${call.id} of ${worker} has not ended ${Math.round(now - call.madeAt)} ms after it was made, with a timeout of ${call.timeoutMs} ms`,
        );
      }
    }
  }

  /**
   * Its process has not come to it: where each event, of hundreds of timers too, takes up to 2 ms, one after another takes
   * longer than any process would need for all of them.
   */
  #isBehind({ madeAt, timeoutMs, handle }: SimCall): boolean {
    return this.world.plan.jitterMs > 1 && handle.worker.idleAt < madeAt + timeoutMs;
  }

  #latest({ madeAt, timeoutMs, handle }: SimCall): number {
    return Math.max(madeAt + timeoutMs, handle.worker.disturbedAt) + MARGIN_MS;
  }

  /**
   * What others ask for, however much it is, doesn't keep out a single call. What its own member asked for before it comes
   * first, and it leaves once its worker has a primary and has read what the last leader wrote.
   */
  #checkTurn(
    { id, kind, madeAt, handle, knownTerm, endedBefore, group, begunBefore }: SimCall,
    home: SimWorker,
    term: number,
  ): void {
    const { world } = this;
    const waited = world.time.now() - Math.max(madeAt, group.idleAt, linkedAt(handle.member));
    const isOfTerm = knownTerm === term && group.ended.length === endedBefore;
    const isBehindFew = this.#begunOf(handle) - begunBefore <= FEW;
    if (kind !== 'call' || waited < TURN_MS || !isOfTerm || !isBehindFew || world.plan.jitterMs > 1) return;
    const last = group.ended.at(-1)?.leader;
    if (last && !world.isReadInTime(last, waited)) return;
    if (world.isWell(home, waited) && world.isWell(handle.worker, waited))
      world.broken('turn', `${kind} ${id} of ${handle} began in ${home} after ${Math.round(waited)} ms`);
  }

  /** Somebody takes back what is said under a key. @returns what is to be told to {@link taken} */
  takes({ memberId }: SimHandle, key: number): Taking {
    const taking = { memberId, key, last: this.#lastId };
    this.#takings.add(taking);
    return taking;
  }

  /** It was taken back, or could not be. */
  taken(taking: Taking): void {
    this.#takings.delete(taking);
  }

  /**
   * What was said under a key until then, and could not be taken back, is under way no more: except where it was taken back
   * before as well, and that is still under way behind it.
   */
  checkTakenBack({ memberId, key, last }: Taking): void {
    const isSame = (one: Taking) => one.memberId === memberId && one.key === key && one.last < last;
    const taken = Math.max(0, ...[...this.#takings].filter(isSame).map(one => one.last));
    for (const { id, kind, handle, key: other } of this.open)
      if (kind === 'sticky' && id > taken && id <= last && other === key && handle.memberId === memberId)
        this.world.broken('taken back', `sticky ${id} of ${handle} is still under way`);
  }

  #checkOrder(call: SimCall, group: SimGroup, term: number): void {
    const isResent = call.idempotent && group.ended.length > call.endedBefore;
    // What could not be said to a leader at first is said to it later.
    const isRepeated = call.kind === 'sticky' && call.end !== undefined;
    if (isResent || isRepeated) return;
    const key = `${group} ${term} ${call.handle.memberId}`;
    const last = this.#lastStarted.get(key);
    if (last && last.number > call.number) {
      this.world.broken(
        'order',
        `${call.kind} ${call.id} of ${call.handle.worker} began after ${last.kind} ${last.id}, which was made later`,
      );
    }
    this.#lastStarted.set(key, call);
  }

  #succeeded(call: SimCall, value: unknown): void {
    if (call.isOneway) return this.#ended(call, 'accepted');
    this.#ended(call, 'ok');
    if (call.starts.length === 0) this.world.broken('outcome', `${call.kind} ${call.id} succeeded and never ran`);
    const id = typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : value;
    const isPublication = call.kind === 'publish' || call.kind === 'sticky';
    if (id !== (isPublication ? undefined : call.id))
      this.world.broken(
        'outcome',
        `${call.kind} ${call.id} ended with the result ${JSON.stringify(value)?.slice(0, 60)}`,
      );
  }

  #failed(call: SimCall, error: unknown): void {
    const { id, kind, starts, abort } = call;
    if (error instanceof SharedClientError) {
      const { code, outcome } = error;
      this.#ended(call, outcome ?? code, `${code} ${outcome}`);
      if (!outcome) this.world.broken('outcome', `${kind} ${id} ended with ${code} and no outcome`);
      if (outcome === 'not-started' && starts.length > 0)
        this.world.broken('outcome', `${kind} ${id} ended with ${code}, not-started, but it ran`);
      if (code === 'ERR_LEADER_LOST') this.#checkLoss(call);
      this.#checkCode(call, code);
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    this.#ended(call, 'error', message.replace(/\d+/, 'n'));
    const isOwn = (call.throws && message === `thrown ${id}` && starts.length > 0) || error === abort?.signal.reason;
    if (!isOwn)
      this.world.broken(
        'outcome',
        `${kind} ${id} failed with what nobody threw: ${error instanceof Error ? error.stack : error}`,
      );
  }

  #checkCode(call: SimCall, code: string): void {
    const { world } = this;
    const { id, kind, madeAt, timeoutMs, idempotent, group } = call;
    const lasted = world.time.now() - madeAt;
    if (code === 'ERR_TIMEOUT' && lasted < timeoutMs - 1)
      world.broken('in time', `${kind} ${id} timed out after ${Math.round(lasted)} ms and not ${timeoutMs}`);
    if (code === 'ERR_TIMEOUT') this.#checkAnswer(call);
    if (code === 'ERR_TIMEOUT' && kind === 'sticky')
      Object.assign(call, { forgotten: call.starts.length, inDoubtIn: call.starts.at(-1) });
    // A sticky publication that is replaced is not.
    const isLost = code === 'ERR_LEADER_LOST' && idempotent && kind !== 'sticky';
    if (isLost && endingsSince(call).filter(({ isInOrder }) => !isInOrder).length < mostLosses(group))
      world.broken('outcome', `${kind} ${id} is idempotent, but it was lost with a leader`);
    if (isLost && call.starts.length === 0)
      world.broken('cost', `${kind} ${id} was given up for the leaders that it cost, and never began`);
    if (code === 'ERR_OVERLOADED' && !world.plan.load)
      world.broken('overload', `${kind} ${id} ended with ${code}, and nothing much was waiting`);
  }

  /**
   * Where nothing has hindered anybody for some time, a result has come, or that there was no room for it. A process that
   * has read without a pause since then may not have come to it.
   */
  #checkAnswer({ id, kind, finishedAt, handle, starts, group }: SimCall): void {
    const { world } = this;
    const leader = world.leaderOf(group);
    const isSame = leader && starts.at(-1) === group.lastTerm && world.leadershipOf(group)!.state === 'leading';
    if (!isSame || world.idleAt(leader, handle.worker) - finishedAt < ANSWER_MS || handle.isClosing) return;
    if (world.isWell(leader, ANSWER_MS) && world.isWell(handle.worker, ANSWER_MS))
      world.broken('answer', `${kind} ${id} of ${handle} timed out, and ${leader} had its result for long`);
  }

  /** A hand-over in good order loses nothing that had not begun. */
  #checkLoss(call: SimCall): void {
    const { id, kind, starts, group } = call;
    // Of a leader whose channel closed it is said later that its term is over.
    if (this.world.leadershipOf(group)?.state === 'fenced') return;
    const endings = endingsSince(call);
    if (starts.length === 0 && endings.length > 0 && endings.every(({ isInOrder }) => isInOrder))
      this.world.broken('hand-over', `${kind} ${id} was lost in a planned hand-over, and never ran`);
  }

  #ended(call: SimCall, end: string, text = end): void {
    const { world } = this;
    if (call.end !== undefined) world.broken('once', `${call.kind} ${call.id} ended twice`);
    call.end = end;
    this.open.delete(call);
    this.outcomes.set(text, (this.outcomes.get(text) ?? 0) + 1);
    world.log(() => `  ${call.handle.worker}: ${call.kind} ${call.id} ends: ${text}`);
  }
}

/** The terms in whose leader's hands it may have been: to one that was gone already it was sent by who had not heard of that. */
function endingsSince({ group, endedBefore, knownTerm }: SimCall): SimGroup['ended'] {
  return group.ended.filter(({ term }, i) => i >= endedBefore || (knownTerm > 0 && term >= knownTerm));
}
