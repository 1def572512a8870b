import { gzipSync } from 'node:zlib';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin, type UserConfig } from 'vite';

const STATIC = join(import.meta.dirname, '..', 'deskbell', 'static');

/** Writes a .gz beside each text file, so that the server never compresses. */
function precompress(folder: string): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle() {
      for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|svg|json)$/.test(file)) continue;
        const path = join(folder, file);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

/** A page made of hashed files; the server finds them by manifest.json (one entry with `isEntry`). */
function page(entry: string, name: string): UserConfig {
  const outDir = join(STATIC, name);
  return {
    base: `/static/${name}/`,
    publicDir: false,
    plugins: [svelte(), precompress(outDir)],
    build: {
      outDir,
      emptyOutDir: true,
      manifest: 'manifest.json',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      // light-dark() as it is: known to every browser of the last two and a half years.
      cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
      reportCompressedSize: true,
      rolldownOptions: { input: { [name]: join(import.meta.dirname, entry) } },
    },
  };
}

/** The loader: one plain script under a name that never changes. */
function loader(): UserConfig {
  return {
    publicDir: false,
    build: {
      outDir: STATIC,
      emptyOutDir: false,
      lib: {
        entry: join(import.meta.dirname, 'widget/loader/loader.ts'),
        formats: ['iife'],
        name: 'deskbellLoader',
        fileName: () => 'widget.js',
      },
    },
    plugins: [
      {
        name: 'gzip-loader',
        apply: 'build',
        closeBundle() {
          const path = join(STATIC, 'widget.js');
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        },
      },
    ],
  };
}

export default defineConfig(({ mode }) => {
  if (mode === 'console') return page('console/main.ts', 'console');
  if (mode === 'frame') return page('widget/frame/main.ts', 'widget');
  if (mode === 'loader') return loader();
  return {
    plugins: [svelte()],
    resolve: { conditions: ['browser'] },
    test: { environment: 'happy-dom', include: ['**/*.test.ts'] },
  } as UserConfig;
});
