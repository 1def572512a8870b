import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    runes: true,
    // Short scope names: they stand in every element and every rule.
    cssHash: ({ hash, filename, css }) => `s${hash(filename || css).slice(0, 5)}`,
  },
};
