// Checks for the fields of received messages, each with a description of the expected value. Long lists count against the
// budget of the message.

import { isRecord } from '../utils/is-record.js';
import { spendElements } from './budget.js';
import { areTravellingParts } from './pack-parts.js';

export type Test = readonly [test: (value: unknown) => boolean, expected: string];

export type Fields = Readonly<Record<string, Test>>;

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export const anything: Test = [() => true, 'anything'];
export const count: Test = [isCount, 'a whole number'];
export const text: Test = [value => typeof value === 'string', 'a string'];
export const shortText: Test = [
  value => typeof value === 'string' && value.length <= 4096,
  'a string of at most 4096 characters',
];
export const flag: Test = [value => typeof value === 'boolean', 'a boolean'];
export const number: Test = [value => Number.isFinite(value), 'a number'];
export const duration: Test = [value => Number.isFinite(value) && (value as number) > 0, 'a duration'];
const isName = (value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= 512;
export const group: Test = [isName, 'a group name'];
export const oneOf = (...values: (string | true)[]): Test => [
  value => values.includes(value as string),
  values.join(' or '),
];
export const optional = ([test, expected]: Test): Test => [value => value === undefined || test(value), expected];
export const listOf = ([test, expected]: Test, most: number): Test => [
  value => Array.isArray(value) && value.length <= most && spendElements(value.length) && isEach(value, test),
  `a list of at most ${most}, each ${expected}`,
];
/** Unlike `every`, it also tests holes. */
function isEach(list: readonly unknown[], test: (item: unknown) => boolean): boolean {
  for (const item of list) if (!test(item)) return false;
  return true;
}

const isPayload = (value: unknown) =>
  isRecord(value) &&
  typeof value.text === 'string' &&
  typeof value.ext === 'boolean' &&
  (!Array.isArray(value.parts) || spendElements(value.parts.length)) &&
  areTravellingParts(value.parts, undefined);
export const payload: Test = [isPayload, 'an encoded value'];
const isShaped =
  (fields: () => Fields) =>
  (value: unknown): boolean =>
    isRecord(value) && Object.entries(fields()).every(([field, [test]]) => test(value[field]));
export const mapOf = (fields: () => Fields): Test => [
  value => isRecord(value) && !Array.isArray(value) && areShaped(Object.values(value), fields),
  'a table',
];
const areShaped = (values: readonly unknown[], fields: () => Fields): boolean =>
  spendElements(values.length) && values.every(isShaped(fields));
export const shaped = (fields: () => Fields): Test => [isShaped(fields), 'an object'];

/** Minimum and maximum pause, in ms. */
export const pauses: Test = [
  value =>
    Array.isArray(value) &&
    value.length === 2 &&
    value.every(ms => Number.isFinite(ms) && ms >= 1) &&
    value[0] <= value[1],
  'two numbers of milliseconds',
];
