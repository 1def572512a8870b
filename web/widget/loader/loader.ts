/**
 * The one script a site puts in: `<script src="https://desk/widget.js" data-site="KEY" async></script>`.
 * It runs inside somebody else's page: it never throws into it, keeps one global (`Deskbell`), fetches nothing before the
 * first click, and relies on no array method, iterator or JSON, since the page may have changed them.
 * Optional: data-position="left|right", data-color="#rrggbb", data-label, data-lang. The desk itself adds data-away="hidden"
 * when its launchers hide while nobody can answer: then one small page is asked, in a frame, before anything shows.
 */
import { MARK, safeColor, type ToFrame, type ToHost } from '../bridge';
import { sheetText } from './look';
import type { Hands, Visits } from './visits';

/** `Deskbell('set', {...})`, `('identify', jwt)`, `('logout')`, `('consent', true)`: docs/widget.md. */
interface Deskbell {
  (what: string, value?: unknown): void;
  open(): void;
  close(): void;
  /** Takes everything away; the script may be put in again later. */
  shutdown(): void;
  /** Calls from before this script was there. */
  q?: ArrayLike<ArrayLike<unknown>>;
}

const HOME =
  'M21 11.5a8.4 8.4 0 0 1-8.5 8.3 8.7 8.7 0 0 1-3.8-.9L3 20.5l1.7-5a8.1 8.1 0 0 1-.9-4 8.4 8.4 0 0 1 17.2 0z';
const CROSS = 'M6 6l12 12M18 6L6 18';
const MOST_RETURNS = 20;
const SMALL = 480;
const KEYBOARD = 99;
const OUT = 'out';

type Page = Window & { Deskbell?: Deskbell };

/** Whatever goes wrong stays here: the host page must never notice. */
function safe<A extends unknown[]>(run: (...given: A) => void): (...given: A) => void {
  return function (this: unknown): void {
    try {
      run.apply(null, arguments as unknown as A);
    } catch {
      /* a chat button is not worth an error in somebody's shop */
    }
  };
}

function boot(script: HTMLScriptElement, page: Page): void {
  const site = script.getAttribute('data-site') || '';
  const desk = new URL(script.src).origin;
  const flag = 'deskbell.chat.' + site;
  const given = (name: string) => script.getAttribute('data-' + name) || '';
  const doc = document;
  const make = <K extends keyof HTMLElementTagNameMap>(tag: K) => doc.createElement(tag);
  const tell = (message: ToFrame) =>
    frame && frame.contentWindow && frame.contentWindow.postMessage(message, desk);

  let frame: HTMLIFrameElement | undefined;
  let probe: HTMLIFrameElement | undefined;
  let shown = false;
  let up = false;
  let returns = 0;
  let unread = 0;
  let words = given('label') || 'Chat';

  const host = doc.createElement('deskbell-widget');
  const root = host.attachShadow({ mode: 'closed' });
  const sheet = new CSSStyleSheet();
  const button = make('button');
  const badge = make('b');
  const panel = make('div');
  const svg = doc.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = doc.createElementNS('http://www.w3.org/2000/svg', 'path');
  let tracker: Visits | undefined;
  let signed = '';
  let greet = '';

  function paint(color: string, position: string): void {
    const rtl = getComputedStyle(doc.documentElement).direction === 'rtl';
    const side = given('position') || position || (rtl ? 'left' : 'right');
    sheet.replaceSync(sheetText(safeColor(given('color')) || safeColor(color), side === 'left'));
  }

  function label(): void {
    button.setAttribute('aria-label', unread ? words + ' (' + unread + ')' : words);
    badge.textContent = unread > 99 ? '99+' : '' + unread;
    badge.hidden = !unread;
  }

  /** A new fragment makes a frame that runs begin again. */
  function point(): void {
    const enc = encodeURIComponent;
    const key = (tracker && tracker.key()) || '';
    frame!.src =
      desk +
      '/widget/frame/' +
      enc(site) +
      '#' +
      enc(location.origin) +
      ',' +
      given('lang') +
      ',' +
      key +
      ',' +
      signed;
  }

  function load(): void {
    if (frame) return;
    frame = make('iframe');
    frame.title = words;
    frame.allow = 'autoplay; clipboard-write';
    point();
    panel.appendChild(frame);
  }

  /** Who the site says this is: a JWT, or OUT. */
  function sign(word: string): void {
    signed = word;
    if (frame) point();
    else if (word === OUT) load();
  }

  function show(want: boolean, focus: boolean): void {
    load();
    shown = want;
    if (tracker) tracker.opened();
    button.hidden = false;
    panel.toggleAttribute('inert', !want);
    button.className = want ? 'open' : '';
    button.setAttribute('aria-expanded', '' + want);
    path.setAttribute('d', want ? CROSS : HOME);
    if (up) tell({ d: MARK, t: 'shown', shown, focus, greet });
    if (focus) (want ? frame! : button).focus();
  }

  function remember(open: boolean): void {
    if (open) localStorage.setItem(flag, '1');
    else localStorage.removeItem(flag);
  }

  const heard = safe((event: MessageEvent) => {
    const said = event.data as ToHost;
    if (event.origin !== desk || !said || said.d !== MARK) return;
    if (said.t === 'open' && probe && event.source === probe.contentWindow) {
      button.hidden = !shown && said.open !== true;
      return probe.remove();
    }
    if (!frame || event.source !== frame.contentWindow) return;
    if (said.t === 'up') {
      up = true;
      words = given('label') || '' + said.label;
      paint(said.color, said.position);
      frame.title = words;
      label();
      tell({ d: MARK, t: 'shown', shown, focus: shown, greet });
    } else if (said.t === 'unread') {
      unread = said.count >>> 0;
      label();
    } else if (said.t === 'close') show(false, true);
    else if (said.t === 'chat') remember(said.open === true);
  });

  /** Pages that swap their whole document (single-page sites) may take the button along: put it back, within reason. */
  const watch = new MutationObserver(
    safe(() => {
      if (!host.isConnected && returns++ < MOST_RETURNS) doc.documentElement.appendChild(host);
    }),
  );

  /** A phone's keyboard covers what is fixed: the panel keeps to what can be seen. Zooming in is no keyboard. */
  const view = page.visualViewport!;
  const fit = safe(() => {
    const covered = page.innerWidth <= SMALL && view.scale === 1 && page.innerHeight - view.height > KEYBOARD;
    panel.style.cssText = covered ? 'height:' + view.height + 'px;top:' + view.offsetTop + 'px' : '';
  });
  const follow = safe((how: 'addEventListener' | 'removeEventListener') => {
    view[how]('resize', fit);
    view[how]('scroll', fit);
  });

  paint('', '');
  label();
  follow('addEventListener');
  button.type = 'button';
  button.setAttribute('aria-expanded', 'false');
  button.addEventListener(
    'click',
    safe(() => show(!shown, true)),
  );
  root.addEventListener(
    'keydown',
    safe((event) => {
      if ((event as KeyboardEvent).key === 'Escape' && shown) show(false, true);
    }),
  );
  path.setAttribute('d', HOME);
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.appendChild(path);
  button.appendChild(svg);
  button.appendChild(badge);
  panel.setAttribute('inert', '');
  root.appendChild(panel);
  root.appendChild(button);
  /* By index: assigning an array asks the page's own Array iterator. */
  root.adoptedStyleSheets[0] = sheet;
  page.addEventListener('message', heard);
  doc.documentElement.appendChild(host);
  watch.observe(doc.documentElement, { childList: true });

  const ready = import(/* @vite-ignore */ desk + '/visits.js').then(
    safe((part: { begin(hands: Hands): Visits }) => {
      if (page.Deskbell !== did) return;
      tracker = part.begin({
        desk,
        site,
        safe,
        root,
        button,
        framed: () => !!frame,
        show(focus, id) {
          greet = id;
          show(true, focus);
        },
        sign,
      });
    }),
  );
  const did = safe((what: string, value?: unknown) => {
    void ready.then(safe(() => tracker!.call(what, value)));
  }) as Deskbell;
  const early = page.Deskbell && page.Deskbell.q;
  page.Deskbell = did;
  for (let i = 0; early && i < early.length; i++) did(early[i]![0] as string, early[i]![1]);
  did.open = safe(() => show(true, true));
  did.close = safe(() => shown && show(false, true));
  did.shutdown = safe(() => {
    if (tracker) tracker.stop();
    watch.disconnect();
    follow('removeEventListener');
    page.removeEventListener('message', heard);
    host.remove();
    delete page.Deskbell;
  });
  /* After that part, or without it: the frame is told how the desk knows this browser. */
  let begun = false;
  safe(() => {
    begun = !!localStorage.getItem(flag);
    if (begun) void ready.then(load, load);
  })();
  if (given('away') === 'hidden' && !begun) {
    probe = make('iframe');
    button.hidden = probe.hidden = true;
    probe.src = desk + '/widget/open/' + encodeURIComponent(site);
    root.appendChild(probe);
  }
}

safe(() => {
  const page = window as Page;
  const script = (document.currentScript ||
    document.querySelector('script[data-site][src*="/widget.js"]')) as HTMLScriptElement | null;
  if (script && (!page.Deskbell || page.Deskbell.q)) boot(script, page);
})();
