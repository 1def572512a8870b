/** A number on WhatsApp, as its settings page shows it, and the service's words in plain ones. Times are milliseconds. */

export interface Account {
  id: number;
  name: string;
  phone_number_id: string;
  waba_id: string;
  display_phone: string;
  verified_name: string;
  department: number | null;
  enabled: boolean;
  /** Secrets are never shown; whether they are set is. */
  has_token: boolean;
  has_app_secret: boolean;
  webhook_url: string;
  verify_token: string;
  quality: string;
  throughput: string;
  limit: string;
  checked_at: number | null;
  trouble: string;
  trouble_at: number | null;
  templates_at: number | null;
}

export interface AccountTemplate {
  id: number;
  name: string;
  language: string;
  category: string;
  status: string;
  quality?: string;
  /** Why it was rejected or stopped, in the service's words. */
  reason?: string;
}

const QUALITY: Record<string, string> = { GREEN: 'High', YELLOW: 'Medium', RED: 'Low' };

export function qualityWord(quality: string): string {
  return QUALITY[quality.toUpperCase()] ?? 'Not known yet';
}

const THROUGHPUT: Record<string, string> = {
  STANDARD: '80 messages a second',
  HIGH: '1,000 messages a second',
};

export function throughputWord(level: string): string {
  return THROUGHPUT[level.toUpperCase()] ?? (level || 'Not known yet');
}

/** `TIER_10K`: how many customers may be written to first in 24 hours. */
export function limitWord(limit: string): string {
  const tier = /^TIER_(\d+)(K?)$/.exec(limit.toUpperCase());
  if (tier)
    return `${(Number(tier[1]) * (tier[2] ? 1000 : 1)).toLocaleString('en-GB')} customers in 24 hours`;
  return limit.toUpperCase().includes('UNLIMITED') ? 'No limit' : limit || 'Not known yet';
}

type Tone = 'good' | 'wait' | 'bad';
const STATUS: Record<string, [string, Tone]> = {
  APPROVED: ['Approved', 'good'],
  REINSTATED: ['Approved again', 'good'],
  PENDING: ['In review', 'wait'],
  IN_APPEAL: ['In appeal', 'wait'],
  PENDING_DELETION: ['Being deleted', 'wait'],
  FLAGGED: ['Flagged', 'wait'],
  REJECTED: ['Rejected', 'bad'],
  PAUSED: ['Paused', 'bad'],
  DISABLED: ['Disabled', 'bad'],
  LIMIT_EXCEEDED: ['Limit exceeded', 'bad'],
  LOCKED: ['Locked', 'bad'],
  ARCHIVED: ['Archived', 'wait'],
  DELETED: ['Deleted', 'wait'],
};

/** A template's state in words; an unknown one as the service says it. */
export function statusOf(status: string): { word: string; tone: Tone } {
  const [word, tone] = STATUS[status.toUpperCase()] ?? [status, 'wait'];
  return { word, tone };
}

const REASONS: Record<string, string> = {
  ABUSIVE_CONTENT: 'Its content counts as abusive',
  INCORRECT_CATEGORY: 'It is in the wrong category',
  INVALID_FORMAT: 'Its form is not valid: often two places side by side, or one at the very beginning or end',
  PROMOTIONAL: 'It advertises in a category that may not',
  SCAM: 'It looks like a scam',
  TAG_CONTENT_MISMATCH: 'Its language or category does not fit its text',
};

export function reasonWord(reason: string | undefined): string {
  return !reason || reason === 'NONE' ? '' : (REASONS[reason.toUpperCase()] ?? reason);
}
