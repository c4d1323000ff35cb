// Types for the single overloads of functions and constructors. TypeScript itself infers only from the last one.

// biome-ignore lint/suspicious/noExplicitAny: any function.
type Any = any;

/**
 * The overloads of a function as a union of functions; if there are more than 10, the last 10. Type parameters are
 * replaced by their constraints.
 */
export type Overloads<F> = F extends {
  (...a: infer A0): infer R0;
  (...a: infer A1): infer R1;
  (...a: infer A2): infer R2;
  (...a: infer A3): infer R3;
  (...a: infer A4): infer R4;
  (...a: infer A5): infer R5;
  (...a: infer A6): infer R6;
  (...a: infer A7): infer R7;
  (...a: infer A8): infer R8;
  (...a: infer A9): infer R9;
}
  ?
      | Known<A0, R0>
      | Known<A1, R1>
      | Known<A2, R2>
      | Known<A3, R3>
      | Known<A4, R4>
      | Known<A5, R5>
      | Known<A6, R6>
      | Known<A7, R7>
      | Known<A8, R8>
      | Known<A9, R9>
  : never;

/** If a function has fewer overloads, nothing is inferred for the others. */
type Known<A, R> = unknown extends A
  ? never
  : A extends readonly Any[]
    ? unknown[] extends A
      ? unknown extends R
        ? never
        : (...args: A) => R
      : (...args: A) => R
    : never;

/**
 * Whether a function has 10 or more overloads, so that {@link Overloads} may miss some. With fewer, the first one is
 * matched several times.
 */
export type HasMoreOverloads<F> = F extends {
  (...a: infer A0): Any;
  (...a: infer A1): Any;
  (...a: Any): Any;
  (...a: Any): Any;
  (...a: Any): Any;
  (...a: Any): Any;
  (...a: Any): Any;
  (...a: Any): Any;
  (...a: Any): Any;
  (...a: Any): Any;
}
  ? [A0, A1] extends [A1, A0]
    ? false
    : true
  : false;

/** The parameters of each overload of a constructor, as a union of lists. */
export type ConstructorArgs<C> = C extends {
  new (...a: infer A0): Any;
  new (...a: infer A1): Any;
  new (...a: infer A2): Any;
  new (...a: infer A3): Any;
  new (...a: infer A4): Any;
  new (...a: infer A5): Any;
  new (...a: infer A6): Any;
  new (...a: infer A7): Any;
}
  ?
      | KnownArgs<A0>
      | KnownArgs<A1>
      | KnownArgs<A2>
      | KnownArgs<A3>
      | KnownArgs<A4>
      | KnownArgs<A5>
      | KnownArgs<A6>
      | KnownArgs<A7>
  : never;

type KnownArgs<A> = unknown extends A ? never : A extends readonly Any[] ? A : never;

/** The intersection of all types of a union. */
export type Intersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void
  ? I
  : never;
