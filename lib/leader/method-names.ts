// Which methods of the real client other workers can call.

import { isEmitterMethod } from './emitter-like.js';

/** Whether a name may be called at all, whatever the client. */
export function isCallableName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && !name.startsWith('_') && !(name in Object.prototype);
}

/** Whether a name may be called on this client. */
export function isCallableOf(client: object, name: unknown): name is string {
  return isCallableName(name) && !isEmitterMethod(client, name) && !isGetter(client, name);
}

/**
 * Looks only at property descriptors, so no code of the application runs. Names that a Proxy makes up have no descriptor.
 */
function isGetter(client: object, name: string): boolean {
  for (let at: object | null = client; at; at = Object.getPrototypeOf(at)) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property) return property.get !== undefined;
  }
  return false;
}

/** The public methods of an object, including those of its classes. Getters are not run. */
export function methodNames(client: object): string[] {
  const names = new Set<string>();
  for (let at: object | null = client; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && isCallableName(name) && !isEmitterMethod(client, name)) names.add(name);
    }
  }
  return [...names];
}

/** The public methods of a class that has no instance yet. */
export function classMethodNames(Class: { readonly prototype: object }): string[] {
  return methodNames(Class.prototype);
}
