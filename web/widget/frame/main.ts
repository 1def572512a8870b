/** Start of the frame (`/widget/frame/{key}#origin,language`) and of the hosted chat page (`/chat/{key}`). */
import { mount } from 'svelte';
import '../../ui/tokens.css';
import './frame.css';
import { pageStore } from '../../client/storage';
import App from './App.svelte';
import { Chat } from './state/chat.svelte';
import { Host } from './state/host.svelte';
import { Session } from './state/session';
import { language } from './texts/index.svelte';

const key = decodeURIComponent(location.pathname.split('/').filter(Boolean).at(-1) ?? '');
const [origin = '', wished = '', visitor = '', identity = ''] = location.hash
  .slice(1)
  .split(',')
  .map(decodeURIComponent);
const embedded = window.parent !== window;
/* The page says anew who this is. */
window.addEventListener('hashchange', () => location.reload());

const session = new Session(key, pageStore(), visitor, identity);
const chat = new Chat(session);
const host = new Host(embedded, origin);
const wishes = [wished, ...navigator.languages];
void language.use(wishes.filter(Boolean));
mount(App, { target: document.body, props: { chat, host, wishes } });
