import Archive from '@lucide/svelte/icons/archive';
import AtSign from '@lucide/svelte/icons/at-sign';
import Clock from '@lucide/svelte/icons/clock-3';
import Message from '@lucide/svelte/icons/message-square';
import Ticket from '@lucide/svelte/icons/ticket';
import type { Component } from 'svelte';
import type { Tab } from './placement';

/** The five tabs in words and pictures (LIST-1). */
export const TAB: Record<
  Tab,
  { name: string; icon: Component<{ size?: number }>; empty: string; hint: string }
> = {
  live: {
    name: 'Live',
    icon: Message,
    empty: 'No live chats',
    hint: 'New chats come in by themselves while you are available.',
  },
  pending: {
    name: 'Pending',
    icon: Clock,
    empty: 'Nothing is pending',
    hint: 'Chats that wait for the customer stand here.',
  },
  tagged: {
    name: 'Tagged',
    icon: AtSign,
    empty: 'Nobody has tagged you',
    hint: 'Chats in which a colleague mentions you stand here until they close.',
  },
  closed: {
    name: 'Closed',
    icon: Archive,
    empty: 'No closed chats yet',
    hint: 'Every chat you finish is kept here.',
  },
  tickets: {
    name: 'Tickets',
    icon: Ticket,
    empty: 'No tickets',
    hint: 'What comes in while nobody is available becomes a ticket.',
  },
};
