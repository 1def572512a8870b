// @vitest-environment node
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';

interface Chunk {
  file: string;
  isEntry?: boolean;
  css?: string[];
  imports?: string[];
}
const STATIC = join(import.meta.dirname, '..', '..', 'deskbell', 'static');
const zipped = (path: string): number => gzipSync(readFileSync(join(STATIC, path)), { level: 9 }).length;

/** Needs `npm run build` before; `make test` builds first. */
describe.runIf(existsSync(join(STATIC, 'widget/manifest.json')))('Built sizes', () => {
  const text = () => readFileSync(join(STATIC, 'widget/manifest.json'), 'utf8');
  const parts = () => JSON.parse(text()) as Record<string, Chunk>;
  const weight = (chunk: Chunk): number =>
    [chunk.file, ...(chunk.css ?? [])].reduce((sum, file) => sum + zipped(`widget/${file}`), 0);

  test('The loader, which every page of a site pays for, is at most 3 kB.', () => {
    expect(zipped('widget.js')).toBeLessThanOrEqual(3_000);
  });

  test('What the loader fetches to report pages is at most 2 kB.', () => {
    expect(zipped('visits.js')).toBeLessThanOrEqual(2_000);
  });

  const opened = (): number => weight(parts()['widget/frame/main.ts']!);

  test('The frame that the first click opens, with its form, is at most 35 kB.', () => {
    expect(opened() + weight(parts()['widget/frame/parts/Welcome.svelte']!)).toBeLessThanOrEqual(35_000);
  });

  test('All that a conversation needs is at most 35 kB, and no file beside these two is part of it.', () => {
    const talk = parts()['widget/frame/parts/Conversation.svelte']!;
    expect(talk.imports).toEqual(['widget/frame/main.ts']);
    expect(opened() + weight(talk)).toBeLessThanOrEqual(35_000);
  });
});
