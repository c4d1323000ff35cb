// What each name on a client stands for: defined by `delegate` and `override`, or derived from the class.

import { notImplemented, unknownDelegate } from './errors.js';
import { isGeneratorFunction } from './run-generator.js';
import type { DelegateKind, RealClass } from './types.js';

export type Descriptor =
  | { readonly type: 'override'; readonly value: unknown }
  | { readonly type: 'delegate'; readonly to: DelegateKind };

/** By name, in the order of definition. */
export type Descriptors = ReadonlyMap<string, Descriptor>;

const KINDS: readonly string[] = [
  'subscribe',
  'unSubscribe',
  'publish',
  'invoke',
  'invokeOneway',
  'close',
] satisfies DelegateKind[];

/** Delegated to the kind of the same name. */
const BY_NAME = ['subscribe', 'unSubscribe', 'publish', 'close'] as const;

/** Members of the client itself, whatever the class defines. */
const OWN = ['constructor', 'ready'];

function isDelegateKind(kind: unknown): kind is DelegateKind {
  return KINDS.includes(kind as string);
}

/** The explicit descriptors, followed by the automatic ones. */
export function withAutomatic(Class: RealClass, explicit: Descriptors): Descriptors {
  const all = new Map(explicit);
  const add = (name: string, to: DelegateKind) => {
    if (!all.has(name)) all.set(name, { type: 'delegate', to });
  };
  for (const name of BY_NAME) if (typeof memberOf(Class, name) === 'function') add(name, name);
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Class.prototype))) {
    if (!name.startsWith('_') && !OWN.includes(name) && isWaitedFor(value)) add(name, 'invoke');
  }
  return all;
}

/** The first method that is delegated to this kind. */
export function methodFor(descriptors: Descriptors, kind: DelegateKind): string | undefined {
  for (const [name, descriptor] of descriptors) {
    if (descriptor.type === 'delegate' && descriptor.to === kind) return name;
  }
  return undefined;
}

/** A method that is to be called must exist in the class. */
export function checkDelegate(Class: RealClass, name: string, to: DelegateKind): void {
  if (!isDelegateKind(to)) throw unknownDelegate(name, to, KINDS);
  if (isCalled(to) && typeof memberOf(Class, name) !== 'function') throw notImplemented(name);
}

export const isCalled = (to: DelegateKind): boolean => to === 'invoke' || to === 'invokeOneway';

export const memberOf = (Class: RealClass, name: string): unknown => Class.prototype[name];

function isWaitedFor(value: unknown): boolean {
  return isGeneratorFunction(value) || (typeof value === 'function' && value.constructor.name === 'AsyncFunction');
}
