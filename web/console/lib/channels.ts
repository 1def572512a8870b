/** What channels take of a message, said before it is sent; the server decides. Pure. */

export interface ChannelLimits {
  /** Characters of one message there; a longer one goes as several. */
  text: number;
  /** Of a text that goes with a file. */
  caption: number;
  /** Largest files by their kind, in MB. */
  files: Record<string, number>;
}

const MB = 1024 * 1024;
const LIMITS: Record<string, ChannelLimits> = {
  whatsapp: { text: 4096, caption: 1024, files: { image: 5, audio: 16, video: 16, document: 100 } },
};
const NEAR = 400;

export function limitsOf(channel: string): ChannelLimits | null {
  return LIMITS[channel] ?? null;
}

/** How much room is left, when that is near or over; else nothing. */
export function roomWords(length: number, limits: ChannelLimits): string {
  if (length > limits.text) return `Goes as ${Math.ceil(length / limits.text)} messages`;
  const left = limits.text - length;
  return left < NEAR ? `${left} characters left` : '';
}

interface Taken {
  name: string;
  size: number;
  type: string;
}

/** What becomes of a file there, when that is not plain: that it is changed, or too large. */
export function fileWords(
  file: Taken,
  channel: string,
  label: string,
): { text: string; bad: boolean } | null {
  const limits = limitsOf(channel);
  if (!limits) return null;
  const [kind = ''] = file.type.split('/');
  const group = kind in limits.files ? kind : 'document';
  const most = limits.files[group]!;
  const converts = kind === 'image' && !['image/jpeg', 'image/png'].includes(file.type);
  if (file.size > most * MB && !converts)
    return { text: `${label} takes ${GROUPS[group] ?? 'such files'} up to ${most} MB`, bad: true };
  if (converts) return { text: `Goes to ${label} as JPEG or PNG`, bad: false };
  return null;
}

const GROUPS: Record<string, string> = {
  image: 'pictures',
  audio: 'sound',
  video: 'videos',
  document: 'documents',
};
