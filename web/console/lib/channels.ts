/** What channels take of a message, said before it is sent; the server decides. Pure. */

const MB = 1024 * 1024;
const OFFICE = 'application/vnd.openxmlformats-officedocument.';

/** One kind of file that a channel takes. A type that ends in `.` is a beginning. */
interface Taken {
  label: string;
  types: readonly string[];
  most: number;
}

export interface ChannelLimits {
  /** Characters of one message there; a longer one goes as several. */
  text: number;
  files: readonly Taken[];
  /** Types that are made into pictures it takes. */
  converted: readonly string[];
  /** What it takes, in words. */
  takes: string;
}

const LIMITS: Record<string, ChannelLimits> = {
  whatsapp: {
    text: 4096,
    files: [
      { label: 'pictures', types: ['image/jpeg', 'image/png'], most: 5 },
      {
        label: 'sounds',
        types: ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg'],
        most: 16,
      },
      { label: 'videos', types: ['video/mp4', 'video/3gpp'], most: 16 },
      { label: 'documents', types: ['text/plain', 'text/csv', 'application/pdf', OFFICE], most: 100 },
    ],
    converted: ['image/webp', 'image/gif', 'image/bmp', 'image/tiff'],
    takes: 'pictures, sounds (not WAV or FLAC), videos (MP4, 3GP), PDF, text and Office files',
  },
};
const OLD_OFFICE = /\.(doc|xls|ppt)$/i;
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

/** What becomes of a file there, when that is not plain: that it is changed, too large, or not taken at all. */
export function fileWords(
  file: { name: string; size: number; type: string },
  channel: string,
  label: string,
): { text: string; bad: boolean } | null {
  const limits = limitsOf(channel);
  if (!limits) return null;
  if (limits.converted.includes(file.type)) return { text: `Goes to ${label} as JPEG or PNG`, bad: false };
  const old = file.type === 'application/octet-stream' && OLD_OFFICE.test(file.name);
  const type = old ? OFFICE : file.type;
  const kind = limits.files.find(({ types }) =>
    types.some((one) => one === type || (one.endsWith('.') && type.startsWith(one))),
  );
  if (!kind) return { text: `${label} does not take it: it takes ${limits.takes}`, bad: true };
  return file.size > kind.most * MB
    ? { text: `${label} takes ${kind.label} up to ${kind.most} MB`, bad: true }
    : null;
}
