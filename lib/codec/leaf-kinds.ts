// Kinds of objects that hold no others: dates, patterns, addresses, signals.

import { types } from 'node:util';
import type { Kind } from './kind.js';
import { Tag } from './tags.js';

export const dateKind: Kind<Date> = {
  tag: Tag.DATE,
  classes: ['Date'],
  is: types.isDate,
  // An invalid date is NaN, which JSON says as null.
  write: (_writer, date) => [Tag.DATE, date.getTime()],
  read: (reader, [, time]) => reader.meet(new Date(typeof time === 'number' ? time : Number.NaN)),
};

export const regexpKind: Kind<RegExp> = {
  tag: Tag.REGEXP,
  classes: ['RegExp'],
  is: types.isRegExp,
  write: (_writer, { source, flags, lastIndex }) => [Tag.REGEXP, source, flags, lastIndex],
  read: (reader, [, source, flags, lastIndex]) =>
    reader.meet(Object.assign(new RegExp(String(source), String(flags)), { lastIndex })),
};

export const urlKind: Kind<URL> = {
  tag: Tag.URL,
  classes: ['URL'],
  is: object => object instanceof URL,
  write: (_writer, url) => [Tag.URL, url.href],
  read: (reader, [, href]) => reader.meet(new URL(String(href))),
};

export const searchParamsKind: Kind<URLSearchParams> = {
  tag: Tag.SEARCH_PARAMS,
  classes: ['URLSearchParams'],
  is: object => object instanceof URLSearchParams,
  write: (_writer, params) => [Tag.SEARCH_PARAMS, params.toString()],
  read: (reader, [, query]) => reader.meet(new URLSearchParams(String(query))),
};

export const signalKind: Kind<AbortSignal> = {
  tag: Tag.SIGNAL,
  classes: ['AbortSignal'],
  is: object => object instanceof AbortSignal,
  write: (writer, signal) => [
    Tag.SIGNAL,
    writer.signals?.add(signal) ?? writer.refuse('an AbortSignal outside of the arguments of a call'),
  ],
  read: (reader, [, number]) => reader.meet(reader.signal(number)),
};
