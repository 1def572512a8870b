/** The page around the frame: told what it may know, listened to only from the right window and origin. */
import { MARK, type ToFrame, type ToHost } from '../../bridge';

export class Host {
  readonly embedded: boolean;
  /** The panel is open (always, on the hosted page). */
  shown = $state.raw(true);
  /** Called when a person opened the panel. */
  opened: () => void = () => undefined;
  /** The greeting that was answered by opening the panel. */
  greet = '';
  readonly #origin: string;

  constructor(embedded: boolean, origin: string) {
    this.embedded = embedded;
    this.#origin = origin;
    if (!embedded) return;
    this.shown = false;
    window.addEventListener('message', (event) => this.#heard(event));
  }

  #heard(event: MessageEvent): void {
    if (event.source !== window.parent || event.origin !== this.#origin) return;
    const said = event.data as Partial<ToFrame> | null;
    if (!said || said.d !== MARK || said.t !== 'shown') return;
    this.shown = said.shown === true;
    this.greet = typeof said.greet === 'string' ? said.greet : '';
    if (this.shown && said.focus === true) this.opened();
  }

  tell(message: ToHost): void {
    if (this.embedded) window.parent.postMessage(message, this.#origin);
  }
}
