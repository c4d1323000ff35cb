// The application's own types of values and classes of errors, from the options `types` and `errors`.

import { ownTypeFailed, unknownOwnType } from '../errors/value-errors.js';

/** A type of values that the library does not know, such as `ObjectId`. */
export interface OwnType<V = unknown, P = unknown> {
  /** The name of the type in messages. Must be the same in all workers. */
  readonly name: string;
  /** Whether a value is of this type. Called for every object; must not change it. */
  test(value: unknown): boolean;
  /** Returns the value as plain data. */
  encode(value: V): P;
  /** Returns the value for its plain data. */
  decode(plain: P): V;
}

/** Any class of errors. */
export type ErrorClass = abstract new (...args: never) => Error;

export class OwnTypes {
  /** @returns undefined if there are none */
  static of(types: readonly OwnType[], errors: readonly ErrorClass[]): OwnTypes | undefined {
    return types.length + errors.length > 0 ? new OwnTypes(types, errors) : undefined;
  }

  readonly #byName: ReadonlyMap<string, OwnType>;
  readonly #errors: ReadonlyMap<string, ErrorClass>;

  constructor(
    readonly types: readonly OwnType[],
    readonly errors: readonly ErrorClass[],
  ) {
    this.#byName = new Map(types.map(type => [type.name, type]));
    this.#errors = new Map(errors.map(Class => [Class.name, Class]));
  }

  /** @throws what a `test` throws */
  find(value: object): OwnType | undefined {
    return this.types.find(type => type.test(value));
  }

  /** @throws `ERR_NOT_SERIALIZABLE` */
  decode(name: string, plain: unknown): unknown {
    const type = this.#byName.get(name);
    if (!type) throw unknownOwnType(name);
    try {
      return type.decode(plain);
    } catch (error) {
      throw ownTypeFailed(name, 'decode', error);
    }
  }

  /** The name of the nearest class of an error that is in `errors`. */
  classOf(error: object): string | undefined {
    for (let at: object | null = error; at; at = Object.getPrototypeOf(at)) {
      const Class = this.errors.find(({ prototype }) => prototype === at);
      if (Class) return Class.name;
    }
    return undefined;
  }

  /** Makes an error an instance of the class in `errors` with this name. Without such a class, the error is not changed. */
  restore(error: Error, name: string): void {
    const Class = this.#errors.get(name);
    if (Class) Object.setPrototypeOf(error, Class.prototype as object);
  }
}
