// The account of operations and of the handles that some return: each operation runs once in a term, its result comes to its
// caller, and a handle, which nobody receives, is released once, beside the real client that it belongs to.

import { callContext, SharedClientError } from '../../lib/index.js';
import type { OperationAction } from './plan.js';
import { innerOf, type SimClient } from './upstream.js';
import type { SimHandle, SimWorker } from './worker.js';
import type { World } from './world.js';

export interface OperationTask {
  readonly id: number;
  readonly what: OperationAction['what'];
  readonly ms: number;
}

interface SimOperation {
  readonly id: number;
  readonly handle: SimHandle;
  readonly action: OperationAction;
  /** In which terms it ran. */
  readonly terms: number[];
  end: string | undefined;
}

/** Such as a connection of a pool. */
class Lent {
  releases = 0;

  constructor(
    readonly id: number,
    readonly home: SimWorker,
  ) {}

  release(): void {
    const { world } = this.home;
    world.log(() => `  ${this.home}: the handle of operation ${this.id} is released`);
    if (++this.releases > 1) world.broken('handles', `the handle of operation ${this.id} is released twice`);
  }
}

export class OperationAccount {
  readonly #all = new Map<number, SimOperation>();
  readonly #lent: Lent[] = [];

  constructor(private readonly world: World) {}

  start(handle: SimHandle, action: OperationAction): void {
    const { what, ms, timeoutMs, idempotent } = action;
    const id = this.world.calls.nextId();
    const operation: SimOperation = { id, handle, action, terms: [], end: undefined };
    this.#all.set(id, operation);
    this.world.log(() => `  ${handle.worker}: operation ${id} is made, ${what}`);
    const task: OperationTask = { id, what, ms };
    handle.client
      .with({ timeoutMs, idempotent })
      .invoke('operate', task)
      .then(
        value => this.#succeeded(operation, value),
        error => this.#failed(operation, error),
      );
  }

  /** In the leader. */
  run(client: SimClient, { id, what, ms }: OperationTask): unknown {
    const { home, upstream } = innerOf(client);
    const { world } = this;
    const operation = this.#all.get(id)!;
    const { term } = callContext()!;
    world.leaders.acts(upstream.group, home, term, `operation ${id} began`);
    if (operation.terms.includes(term)) world.broken('once', `operation ${id} ran twice in a term`);
    if (operation.terms.length > 0 && !operation.action.idempotent) world.broken('once', `operation ${id} ran twice`);
    if (operation.end === 'not-started') world.broken('outcome', `operation ${id} ran, but ended as not started`);
    operation.terms.push(term);
    home.work();
    const result = () => (what === 'data' ? { id } : this.#lend(id, home));
    return ms === 0 ? result() : home.sleep(ms).then(result);
  }

  /** All is closed: what nobody released, though its process lives. */
  get left(): string | undefined {
    const open = [...this.#all.values()].find(({ end, handle }) => end === undefined && handle.worker.process.isAlive);
    if (open) return `operation ${open.id} of ${open.handle} has not ended`;
    const kept = this.#lent.find(({ releases, home }) => releases === 0 && home.process.isAlive);
    return kept && `the handle of operation ${kept.id} in ${kept.home}`;
  }

  #lend(id: number, home: SimWorker): object {
    const lent = new Lent(id, home);
    this.#lent.push(lent);
    return { inside: [lent] };
  }

  #succeeded(operation: SimOperation, value: unknown): void {
    const { id, action } = operation;
    this.#ended(operation, 'ok');
    if (action.what === 'handle') this.world.broken('handles', `operation ${id} resolved with a handle`);
    if ((value as { id?: unknown }).id !== id)
      this.world.broken('outcome', `operation ${id} has the result of another`);
    if (operation.terms.length === 0) this.world.broken('outcome', `operation ${id} succeeded and never ran`);
  }

  #failed(operation: SimOperation, error: unknown): void {
    const { id, action, terms } = operation;
    if (!(error instanceof SharedClientError)) return this.world.broken('outcome', `operation ${id}: ${error}`);
    const { code, outcome } = error;
    this.#ended(operation, outcome ?? code);
    if (outcome === 'not-started' && terms.length > 0)
      this.world.broken('outcome', `operation ${id} ended with ${code}, not-started, but it ran`);
    if (code === 'ERR_NOT_SERIALIZABLE' && (action.what === 'data' || outcome !== 'unknown'))
      this.world.broken('handles', `operation ${id}, ${action.what}, ended with ${code} ${outcome}`);
  }

  #ended(operation: SimOperation, end: string): void {
    if (operation.end !== undefined) this.world.broken('once', `operation ${operation.id} ended twice`);
    operation.end = end;
    this.world.log(() => `  ${operation.handle.worker}: operation ${operation.id} ends: ${end}`);
  }
}

/** Of the option `operations`. */
export const OPERATIONS = {
  operate: (client: SimClient, task: OperationTask) => innerOf(client).upstream.world.operations.run(client, task),
};

/** Of the option `methods`: listeners are called with `(topic, value)`. */
export const SUBSCRIBE = { value: (_topic: unknown, value: unknown) => value };
