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
const [origin = '', wished = ''] = location.hash.slice(1).split(',').map(decodeURIComponent);
const embedded = window.parent !== window;

const chat = new Chat(new Session(key, pageStore()));
const host = new Host(embedded, origin);
const wishes = [wished, ...navigator.languages];
void language.use(wishes.filter(Boolean));
mount(App, { target: document.body, props: { chat, host, wishes } });
