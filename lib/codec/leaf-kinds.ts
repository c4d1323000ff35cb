// Kinds of objects that contain no others: dates, regular expressions, URLs, signals; and integers of any size.

import { types } from 'node:util';
import type { Json } from './json.js';
import type { Kind } from './kind.js';
import { MAX_SIGNALS } from './limits.js';
import type { Reader } from './reader.js';
import { Tag } from './tags.js';
import { readText, writeText } from './text.js';
import type { Writer } from './writer.js';

export const dateKind: Kind<Date> = {
  tag: Tag.DATE,
  classes: ['Date'],
  is: types.isDate,
  // The time of an invalid date is NaN, which JSON represents as null.
  write: (_writer, date) => [Tag.DATE, date.getTime()],
  read: (reader, [, time]) => reader.meet(new Date(typeof time === 'number' ? time : Number.NaN)),
};

export const regexpKind: Kind<RegExp> = {
  tag: Tag.REGEXP,
  classes: ['RegExp'],
  is: types.isRegExp,
  write: (writer, { source, flags, lastIndex }) => [Tag.REGEXP, writeText(writer, source), flags, lastIndex],
  read: (reader, [, source, flags, lastIndex]) =>
    reader.meet(Object.assign(new RegExp(readText(reader, source), String(flags)), { lastIndex })),
};

export const urlKind: Kind<URL> = {
  tag: Tag.URL,
  classes: ['URL'],
  is: object => object instanceof URL,
  write: (writer, url) => [Tag.URL, writeText(writer, url.href)],
  read: (reader, [, href]) => reader.meet(new URL(readText(reader, href))),
};

export const searchParamsKind: Kind<URLSearchParams> = {
  tag: Tag.SEARCH_PARAMS,
  classes: ['URLSearchParams'],
  is: object => object instanceof URLSearchParams,
  write: (writer, params) => [Tag.SEARCH_PARAMS, writeText(writer, params.toString())],
  read: (reader, [, query]) => reader.meet(new URLSearchParams(readText(reader, query))),
};

export const signalKind: Kind<AbortSignal> = {
  tag: Tag.SIGNAL,
  classes: ['AbortSignal'],
  is: object => object instanceof AbortSignal,
  write(writer, signal) {
    if (!writer.signals) return writer.refuse('an AbortSignal outside of the arguments of a call');
    const number = writer.signals.add(signal);
    return number > MAX_SIGNALS ? writer.refuse(`one of over ${MAX_SIGNALS} AbortSignals`) : [Tag.SIGNAL, number];
  },
  read: (reader, [, number]) => reader.meet(reader.signal(number)),
};

export const writeBigInt = (writer: Writer, value: bigint): Json => [Tag.BIGINT, writeText(writer, value.toString(16))];

export function readBigInt(reader: Reader, json: Json | undefined): bigint {
  const digits = readText(reader, json);
  // `BigInt` would also accept a decimal number, in a time that grows with the square of its length.
  if (!/^-?[0-9a-f]+$/.test(digits)) return reader.refuse('one with hexadecimal digits in its integers');
  return digits[0] === '-' ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
}
