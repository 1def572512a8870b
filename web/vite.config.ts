import { gzipSync } from 'node:zlib';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { minify } from 'terser';
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

const SWITCHES: Record<string, string[]> = {
  'dom/hydration.js': ['hydrating'],
  'flags/index.js': ['async_mode_flag', 'legacy_mode_flag', 'tracing_mode_flag'],
};
const NO_PROXY = `
  export const proxy = (value) => value;
  export const get_proxied_value = (value) => value;
  export const is = Object.is;
`;

/** What the widget never does (wake a server's markup, `await` in markup, legacy mode, deep state) as constants, so that
 * its code falls out of the bundle. Fails when Svelte no longer has the switch as it is written here. */
function withoutUnused(): Plugin {
  return {
    name: 'without-unused',
    apply: 'build',
    enforce: 'pre',
    transform(code, id) {
      if (id.includes('/web/widget/') && /\$state\s*[<(]/.test(code))
        this.error(`${id}: state in the widget is $state.raw, since deep state is left out of its bundle`);
      const file = id.match(/\/svelte\/src\/internal\/(?:client\/)?([\w/]+\.js)/)?.[1] ?? '';
      if (file === 'proxy.js') return { code: NO_PROXY, map: null };
      for (const name of SWITCHES[file] ?? []) {
        const declared = `export let ${name} = false;`;
        if (!code.includes(declared)) this.error(`Svelte's ${file} has no "${declared}" any more`);
        code = code.replace(declared, `export const ${name} = false;`);
        code = code.replace(new RegExp(`^\\t${name} = .*;$`, 'gm'), '');
      }
      return SWITCHES[file] && { code, map: null };
    },
  };
}

/** Icons as the plain markup they are. The library draws each part of each of them as a dynamic element with spread
 * attributes: a fifth of the time it took to open a chat. Fails when the library writes its icons in another way. */
function plainIcons(): Plugin {
  const frame =
    'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width={size} height={size} {fill} stroke="currentColor" ' +
    'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" class="lucide-icon" aria-hidden="true"';
  return {
    name: 'plain-icons',
    enforce: 'pre',
    transform(code, id) {
      if (!/\/@lucide\/svelte\/dist\/icons\/[\w-]+\.svelte$/.test(id)) return;
      const data = code.match(/const iconData = (\{.*\});/)?.[1];
      if (!data) return this.error(`${id}: no iconData any more`);
      const { node } = JSON.parse(data) as { node: [string, Record<string, string>][] };
      const parts = node.map(([tag, attributes]) => {
        const written = Object.entries(attributes).map(([name, value]) => `${name}="${value}"`);
        return `<${tag} ${written.join(' ')} />`;
      });
      const script = "<script>let { size = 24, fill = 'none' } = $props();</script>";
      return { code: `${script}<svg ${frame}>${parts.join('')}</svg>`, map: null };
    },
  };
}

/** Only the design tokens that a page's own styles use. */
function usedTokens(): Plugin {
  return {
    name: 'used-tokens',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const parts = Object.values(bundle);
      const text = () => parts.map((part) => ('code' in part ? part.code : String(part.source))).join('\n');
      for (let before = ''; before !== text();) {
        before = text();
        const used = new Set([...before.matchAll(/var\((--[\w-]+)/g)].map((match) => match[1]));
        for (const part of parts) {
          if (part.type !== 'asset' || !part.fileName.endsWith('.css')) continue;
          part.source = String(part.source).replace(/(?<=[{;])(--[\w-]+):[^;{}]+;?/g, (rule, name: string) =>
            used.has(name) ? rule : '',
          );
        }
      }
    },
  };
}

/** A second look at what is small already: half a kilobyte less where every one counts. */
function squeezed(): Plugin {
  return {
    name: 'squeezed',
    apply: 'build',
    enforce: 'post',
    async generateBundle(_, bundle) {
      for (const part of Object.values(bundle)) {
        if (part.type !== 'chunk') continue;
        const compress = { passes: 3, unsafe_arrows: true };
        part.code = (await minify(part.code, { module: true, ecma: 2020, compress })).code ?? part.code;
      }
    },
  };
}

/** A page made of hashed files; the server finds them by manifest.json (one entry with `isEntry`). */
function page(entry: string, name: string, more: Plugin[] = []): UserConfig {
  const outDir = join(STATIC, name);
  return {
    base: `/static/${name}/`,
    publicDir: false,
    plugins: [...more, plainIcons(), svelte(), precompress(outDir)],
    build: {
      outDir,
      emptyOutDir: true,
      manifest: 'manifest.json',
      assetsInlineLimit: 0,
      // The frame is two files deep at most: preloading would cost it more than it saves.
      modulePreload: name === 'console' && { polyfill: false },
      // light-dark() as it is: known to every browser of the last two and a half years.
      cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
      reportCompressedSize: true,
      rolldownOptions: { input: { [name]: join(import.meta.dirname, entry) } },
    },
  };
}

/** A script under a name that never changes: the loader is a plain one, what it fetches a module. */
function script(entry: string, name: string, format: 'iife' | 'es'): UserConfig {
  return {
    publicDir: false,
    build: {
      outDir: STATIC,
      emptyOutDir: false,
      lib: {
        entry: join(import.meta.dirname, 'widget/loader', entry),
        formats: [format],
        name: 'deskbellLoader',
        fileName: () => name,
      },
      minify: true,
    },
    plugins: [
      {
        name: 'gzip-script',
        apply: 'build',
        closeBundle() {
          const path = join(STATIC, name);
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        },
      },
    ],
  };
}

export default defineConfig(({ mode }) => {
  if (mode === 'console') return page('console/main.ts', 'console');
  if (mode === 'frame')
    return page('widget/frame/main.ts', 'widget', [withoutUnused(), usedTokens(), squeezed()]);
  if (mode === 'loader') return script('loader.ts', 'widget.js', 'iife');
  if (mode === 'visits') return script('visits.ts', 'visits.js', 'es');
  return {
    plugins: [svelte()],
    resolve: { conditions: ['browser'] },
    test: { environment: 'happy-dom', include: ['**/*.test.ts'] },
  } as UserConfig;
});
