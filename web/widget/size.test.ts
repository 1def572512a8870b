// @vitest-environment node
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';

interface Chunk {
  file: string;
  isEntry?: boolean;
  css?: string[];
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

  test('The frame that the first click opens, with its form, is at most 35 kB.', () => {
    const entry = parts()['widget/frame/main.ts']!;
    const form = parts()['widget/frame/parts/Welcome.svelte']!;
    expect(weight(entry) + weight(form)).toBeLessThanOrEqual(35_000);
  });
});
