// Reads a page of the documentation: its blocks of code with what they claim to print, its tables, its headings.

/** A fenced block. */
export interface Block {
  readonly lang: string;
  /** The second word after the fence, if there is one. */
  readonly file: string | undefined;
  readonly text: string;
  /** The line of the fence, from 1. */
  readonly line: number;
}

export function readBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*) ?(\S*)\n([\s\S]*?)^```$/gm)].map(({ 1: lang, 2: file, 3: text, index }) => ({
    lang: lang!,
    file: file || undefined,
    text: text!,
    line: markdown.slice(0, index).split('\n').length,
  }));
}

/** What a program says of its own output: one line after each arrow, in which `…` stands for anything. */
export function claimsOf(text: string): string[] {
  return [...text.matchAll(/^\s*\/\/ → (.*)$/gm)].map(([, claim]) => claim!);
}

export function meets(line: string, claim: string): boolean {
  const parts = claim.split('…').map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`).test(line);
}

/** A table: the cells of its head, and of each row. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The tables below a heading, up to the next heading. */
export function tablesIn(markdown: string, heading: string): Table[] {
  const lines = markdown.split('\n');
  const start = lines.indexOf(heading);
  if (start === -1) throw new Error(`There is no heading ${heading}`);
  const end = lines.findIndex((line, i) => i > start && /^#+ /.test(line));
  const section = lines.slice(start + 1, end === -1 ? undefined : end).join('\n');
  return [...section.matchAll(/^\|.*\n\|[-|]+\n(?:\|.*\n?)+/gm)].map(([table]) => readTable(table));
}

function readTable(table: string): Table {
  const [head, , ...rows] = table.trimEnd().split('\n').map(readCells);
  return { head: head!, rows };
}

const readCells = (line: string) =>
  line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map(cell => cell.trim());

/** The code in a cell, each without its backticks. */
export const codesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

/** The anchors of all headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** The markdown without what is in its blocks of code. */
export const withoutBlocks = (markdown: string): string => markdown.replace(/^```[\s\S]*?^```$/gm, '');
