/** Parts that not every visit needs, fetched when they are first wanted. */

class Lazy<C> {
  part = $state.raw<C | null>(null);
  readonly #load: () => Promise<{ default: C }>;

  constructor(load: () => Promise<{ default: C }>) {
    this.#load = load;
  }

  /** Resolves when the part is there; after a failure the next call tries again. */
  async want(): Promise<void> {
    this.part ??= (await this.#load()).default;
  }
}

export const welcome = new Lazy(() => import('./Welcome.svelte'));
export const conversation = new Lazy(() => import('./Conversation.svelte'));
export const emoji = new Lazy(() => import('./Emoji.svelte'));
export const endDialog = new Lazy(() => import('./EndDialog.svelte'));
export const fileView = new Lazy(() => import('./FileView.svelte'));
export const attachmentRow = new Lazy(() => import('./AttachmentRow.svelte'));
