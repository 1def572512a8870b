import type { Start } from '../../../client/frames';

export type Details = Pick<Start, 'name' | 'email' | 'department' | 'fields' | 'greeting'>;
export type Failed = { text: string; details: Details; why: string };

/** What goes back into the form when a chat was not started: its text and all that were written behind it. */
export function refusedStart(frame: Start, behind: readonly { text?: string }[], why: string): Failed {
  const { name, email, department, fields } = frame;
  const text = [frame, ...behind]
    .map((one) => one.text)
    .filter(Boolean)
    .join('\n');
  const details = { ...(name && { name }), ...(email && { email }), ...(department && { department }) };
  return { text, details: { ...details, ...(fields && { fields }) }, why };
}
