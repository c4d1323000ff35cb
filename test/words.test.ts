// Words of a house dialect that must not come back, in the code, its texts and the pages.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { readPages } from './helpers/readme/pages.js';
import { readSources } from './helpers/unit/sources.js';

const WORDS = [
  'road',
  'stranger',
  'stickies',
  'tenure',
  'newcomer',
  'closeOn',
  'restartOn',
  'noPrimaryMs',
  'heed',
  'hearer',
  'knock',
  'mend',
  'befall',
  'untold',
  'said again',
  'say again',
  'of its own accord',
];
const PATTERN = new RegExp(`\\b(?:${WORDS.join('|')})s?\\b`, 'gi');

test('no source of the library has one of them', t => {
  for (const name of readSources().keys()) t.is(readFileSync(`lib/${name}.ts`, 'utf8').match(PATTERN), null, name);
});

test('no page has one of them', t => {
  for (const [path, text] of readPages()) t.is(text.match(PATTERN), null, path);
});
