/** What the preferences are called on the page, in groups. What the server has and is not named here stands at the end. */

export interface Described {
  label: string;
  hint: string;
  unit?: string;
  choices?: Record<string, string>;
  /** What an empty text means; else it switches off what it is for. */
  empty?: string;
}
export interface Group {
  title: string;
  lead: string;
  items: Record<string, Described>;
}

export const GROUPS: readonly Group[] = [
  {
    title: 'Routing',
    lead: 'Who is given a new chat.',
    items: {
      distribution: {
        label: 'Distribution',
        hint: 'How chats are shared out among the agents who have room.',
        choices: {
          averaged: 'Averaged: fewest live chats',
          round_robin: 'Round robin: each in turn',
          random: 'Random',
          offer: 'Offer: it rings, accept or decline',
        },
      },
      last_agent: {
        label: 'Last agent first',
        hint: 'A customer comes to the agent who last dealt with them, if that agent has room.',
      },
      max_chats: {
        label: 'Most chats per agent',
        hint: 'Live chats that routing gives one agent. Pending ones do not count; a person may have an own number.',
        unit: 'chats',
      },
      ring_seconds: {
        label: 'Ring time',
        hint: 'With “Offer”: how long a chat rings at one agent before it goes to the next.',
        unit: 'seconds',
      },
    },
  },
  {
    title: 'Timeouts',
    lead: 'What happens when somebody does not answer. A change counts at once, also for chats that wait already.',
    items: {
      agent_timeout_minutes: {
        label: 'Agent chat timeout',
        hint: 'A customer without an answer for so long goes to another agent with room. Flagged chats stay.',
        unit: 'minutes',
      },
      inactivity_minutes: {
        label: 'Inactivity timeout',
        hint: 'A customer silent for so long after the last answer: the chat is closed. Still queued: it becomes a ticket.',
        unit: 'minutes',
      },
      pending_minutes: {
        label: 'Pending time',
        hint: 'A pending chat that hears nothing from its customer for so long is closed, flagged or not.',
        unit: 'minutes',
      },
      transfer_minutes: {
        label: 'Transfer timeout',
        hint: 'A transfer that nobody answers goes back to its sender.',
        unit: 'minutes',
      },
    },
  },
  {
    title: 'Closing a chat',
    lead: 'What the closing dialog asks the agent.',
    items: {
      close_sentiment: { label: 'Sentiment', hint: 'Negative, neutral or positive.' },
      close_tag: { label: 'Closing tag', hint: 'One of the list under “Closing tags”.' },
      close_note: { label: 'Note', hint: 'A few words for colleagues.' },
    },
  },
  {
    title: 'After a chat',
    lead: 'What customers get and are asked when a conversation has ended. Texts that are empty are the usual ones, in the customer’s language.',
    items: {
      transcripts: {
        label: 'Mail the transcript',
        hint: 'After each end, to whoever’s address is known: what is new, without comments and events.',
      },
      transcript_subject: {
        label: 'Its subject',
        hint: '{number} and {site} are filled in.',
        empty: 'the usual words',
      },
      transcript_intro: {
        label: 'Its first lines',
        hint: '{number} and {site} are filled in.',
        empty: 'the usual words',
      },
      survey: {
        label: 'Survey',
        hint: 'In the widget and by a link in the transcript, after chats an agent dealt with.',
        choices: { off: 'None', csat: 'CSAT: satisfied, 1 to 5', nps: 'NPS: recommend us, 0 to 10' },
      },
      survey_question: { label: 'Its question', hint: 'What is asked.', empty: 'the usual words' },
      survey_thanks: { label: 'Its thanks', hint: 'Said after the answer.', empty: 'the usual words' },
    },
  },
  {
    title: 'Customer’s keywords',
    lead: 'A message that is only this word does what it says instead of being answered; each channel has its own.',
    items: {
      web_end: { label: 'Ends the chat, on the web', hint: 'Closes the chat.' },
      web_stop: {
        label: 'Opts out, on the web',
        hint: 'Closes the chat, and nobody writes to this customer until they write first.',
      },
      whatsapp_end: { label: 'Ends the chat, on WhatsApp', hint: 'Closes the chat.' },
      whatsapp_stop: {
        label: 'Opts out, on WhatsApp',
        hint: 'Closes the chat; nobody writes to this customer, not even by a template, until they write first.',
      },
    },
  },
  {
    title: 'Typing',
    lead: 'That somebody types is always shown.',
    items: {
      typing_preview: {
        label: 'Show what customers type',
        hint: 'Agents who have the chat open see the text before it is sent. The widget tells the customer so.',
      },
    },
  },
  {
    title: 'When nobody can answer',
    lead: 'Out of hours, or with no agent available. What customers write then becomes a ticket.',
    items: {
      offline: {
        label: 'The widget',
        hint: 'A hidden launcher may take five minutes to change on pages that are open.',
        choices: { form: 'Takes a message', hidden: 'Hides its launcher' },
      },
      hours: { label: 'Business hours', hint: 'A department may have its own.' },
    },
  },
  {
    title: 'Sign-in and files',
    lead: 'Limits of the whole desk.',
    items: {
      session_hours: {
        label: 'Session length',
        hint: 'After so long a member of staff signs in again.',
        unit: 'hours',
      },
      upload_mb: { label: 'Largest file', hint: 'For customers and agents.', unit: 'MB' },
    },
  },
];

/** A greeting that a site shows by itself. `page`: what the address must contain, '' for any page. */
export interface Trigger {
  id: string;
  page: string;
  seconds: number;
  visits: number;
  text: string;
}
