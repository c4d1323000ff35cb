// The object that users hold: the library's own members, and beside them the real client's methods, each under its name.

import { classMethodNames } from '../leader/method-names.js';
import type { MemberOptions, MethodRole, ResolvedWith } from '../options/options.js';
import { resolveWithOptions, type WithOptions } from '../options/options.js';
import { Kind } from '../protocol/messages.js';
import { rejectAfterTurn } from '../utils/after-turn.js';
import type { Clock } from '../utils/clock.js';
import type { ClientCore, ValueListener } from './client-core.js';
import { ACCESS, type HandleAccess } from './shared.js';
import { clientStatus, LEFT, memberRole, type RoleStatus } from './status.js';
import type { Subscription } from './subscription.js';

const BASE = Symbol('base');
const WITH = Symbol('with');

type AnyListener = (...args: never[]) => void;

/** What every handle has. The real client's methods come below it, on a prototype of each client's own. */
export class Handle {
  declare readonly [BASE]: ClientCore;
  declare readonly [WITH]: ResolvedWith;

  get isLeader(): boolean {
    return roleOf(this[BASE]).isLeader;
  }

  get leader(): { workerId: number; pid: number } | undefined {
    return roleOf(this[BASE]).leader;
  }

  get term(): number {
    return this[BASE].member.term;
  }

  get upstream(): object {
    const { upstreamEmitter } = this[BASE];
    return listenable(upstreamEmitter);
  }

  ready(): Promise<void> {
    return rejectAfterTurn(this[BASE].ready());
  }

  close(): Promise<void> {
    return this[BASE].close();
  }

  resign(): Promise<void> {
    return rejectAfterTurn(this[BASE].resign());
  }

  transfer(workerId?: number): Promise<void> {
    return rejectAfterTurn(this[BASE].transfer(workerId));
  }

  status(): object {
    const base = this[BASE];
    return clientStatus(base.member, roleOf(base));
  }

  subscribe(topic: unknown, listener?: ValueListener): object {
    const subscription = this[BASE].subscribe(topic, listener, this[WITH]);
    return 'whenReady' in subscription ? publicSubscription(subscription) : subscription;
  }

  unsubscribe(topic: unknown, listener?: unknown): Promise<void> {
    return rejectAfterTurn(this[BASE].unsubscribe(topic, listener));
  }

  publish(...args: unknown[]): Promise<unknown> {
    return this[BASE].caller.publish(args, this[WITH]);
  }

  unpublish(key: unknown): Promise<void> {
    return rejectAfterTurn(this[BASE].caller.unpublish(key, this[WITH]));
  }

  invoke(method: unknown, ...args: unknown[]): Promise<unknown> {
    return this[BASE].caller.invoke(method, args, this[WITH]);
  }

  with(options: WithOptions): Handle {
    return createHandle(Object.getPrototypeOf(this), this[BASE], resolveWithOptions(options, this[WITH]));
  }

  on(event: string, listener: AnyListener): this {
    this[BASE].emitter.on(event, listener);
    return this;
  }

  once(event: string, listener: AnyListener): this {
    this[BASE].emitter.once(event, listener);
    return this;
  }

  off(event: string, listener: AnyListener): this {
    this[BASE].emitter.off(event, listener);
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this[BASE].close();
  }

  get [ACCESS](): HandleAccess {
    return new Access(this[BASE], this[WITH]);
  }
}

/** A handle that was closed knows of no leader, although its member may live on. */
const roleOf = ({ isGone, member }: ClientCore): RoleStatus => (isGone ? LEFT : memberRole(member));

// A name that nobody defined reads undefined, whatever a framework probes for.
Object.setPrototypeOf(Handle.prototype, null);
Reflect.deleteProperty(Handle.prototype, 'constructor');

/** The methods of one client, which grow when a leader announces more. */
export type Shape = Handle;

export function createHandle(shape: Shape, base: ClientCore, with_: ResolvedWith): Handle {
  return Object.create(shape, { [BASE]: { value: base }, [WITH]: { value: with_ } });
}

class Access implements HandleAccess {
  constructor(
    private readonly base: ClientCore,
    private readonly with_: ResolvedWith,
  ) {}

  get clock(): Clock {
    return this.base.member.clock;
  }

  get hasRoute(): boolean {
    return this.base.member.route !== undefined;
  }

  get isEligible(): boolean {
    return this.base.member.options.eligible;
  }

  setEligible(isEligible: boolean): void {
    this.base.member.setEligible(isEligible);
  }

  invokeBack(
    method: string,
    args: readonly unknown[],
    succeed: (value: unknown) => void,
    fail: (error: unknown) => void,
  ): void {
    this.base.caller.make(Kind.CALL, method, args, this.with_, succeed, fail);
  }
}

/** A shape with what is known before there is a leader: the class's methods and those named in `methods`. */
export function createShape(options: MemberOptions, named: Iterable<string>): Shape {
  const shape: Shape = Object.create(Handle.prototype);
  const { definition } = options;
  defineMethods(shape, options, definition.kind === 'class' ? classMethodNames(definition.Class) : []);
  defineMethods(shape, options, named);
  return shape;
}

/** Adds methods that aren't there. `then` never is: a handle must not pass for a promise. */
export function defineMethods(shape: Shape, { methods }: MemberOptions, names: Iterable<string>): void {
  for (const name of names) {
    if (name in shape || name === 'then' || name === 'constructor') continue;
    const value = methodFor(name, methods.get(name)?.role);
    Object.defineProperty(shape, name, { value, enumerable: true, configurable: true, writable: true });
  }
}

function methodFor(name: string, role: MethodRole | undefined): (this: Handle, ...args: unknown[]) => unknown {
  const own = role !== undefined && role !== 'invoke' && role !== 'oneway' ? Handle.prototype[role] : undefined;
  if (own) return own as (...args: unknown[]) => unknown;
  return function (...args) {
    return this[BASE].caller.invoke(name, args, this[WITH]);
  };
}

function publicSubscription(subscription: Subscription): object {
  const unsubscribe = async () => subscription.unsubscribe();
  return { ready: subscription.whenReady, unsubscribe, [Symbol.asyncDispose]: unsubscribe };
}

function listenable({ on, once, off }: ClientCore['emitter']): object {
  const self = {
    on: chained(on),
    once: chained(once),
    off: chained(off),
  };
  function chained(register: typeof on) {
    return (event: string, listener: AnyListener) => {
      register(event, listener);
      return self;
    };
  }
  return self;
}
