/** Parts that not every visit needs, fetched when they are first wanted. */
import { textNodes } from '../../../ui/links';
import type { Attachments } from '../state/attachments.svelte';

/** The thread and the formats both use it: here it needs no file of its own. */
export const plainText = (text: string): DocumentFragment => textNodes(text);

class Lazy<C> {
  part = $state.raw<C | null>(null);
  /** It did not come: trying again would bring it without its style. */
  failed = $state.raw(false);
  readonly #load: () => Promise<{ default: C }>;

  constructor(load: () => Promise<{ default: C }>) {
    this.#load = load;
  }

  /** Resolves when the part is there, or with null when it could not be had. */
  async want(): Promise<C | null> {
    try {
      return (this.part ??= (await this.#load()).default);
    } catch {
      this.failed = true;
      return null;
    }
  }
}

export const welcome = new Lazy(() => import('./Welcome.svelte'));
export const conversation = new Lazy(() => import('./Conversation.svelte'));
export const notice = new Lazy(() => import('./Notice.svelte'));
export const emoji = new Lazy(() => import('./Emoji.svelte'));
export const endDialog = new Lazy(() => import('./EndDialog.svelte'));
export const after = new Lazy(() => import('./After.svelte'));
export const fileView = new Lazy(() => import('./FileView.svelte'));
export const quote = new Lazy(() => import('./Quote.svelte'));
export const attachmentRow = new Lazy(() => import('./AttachmentRow.svelte'));
export const attachments = new Lazy<typeof Attachments>(() =>
  import('../state/attachments.svelte').then((file) => ({ default: file.Attachments })),
);
export const formatted = new Lazy(() =>
  import('../../../ui/rich').then((file) => ({ default: file.htmlNodes })),
);
