/** HTTP calls with the error shape of docs/protocol.md. */

/** `code` is the server's, or `network` when no answer came, or `aborted`. `retryAfter` is in ms. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;
  readonly limit: unknown;
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    code: string,
    text: string,
    more: { field?: string | undefined; limit?: unknown; retryAfter?: number | undefined } = {},
  ) {
    super(text);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.field = more.field;
    this.limit = more.limit;
    this.retryAfter = more.retryAfter;
  }
}

export function toError(status: number, body: string, retryAfter: string | null): ApiError {
  const wait = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined;
  try {
    const { error } = JSON.parse(body) as {
      error: { code: string; text: string; field?: string; limit?: unknown };
    };
    return new ApiError(status, String(error.code), String(error.text), {
      field: error.field,
      limit: error.limit,
      retryAfter: wait,
    });
  } catch {
    return new ApiError(status, `http_${status}`, `The server answered ${status}.`, { retryAfter: wait });
  }
}

export const aborted = () => new ApiError(0, 'aborted', 'Stopped.');
export const unreachable = () => new ApiError(0, 'network', 'No connection to the server.');

export interface UploadOptions {
  /** 0..1 */
  progress?(share: number): void;
  signal?: AbortSignal;
}

const TIMEOUT = 20_000;

export class Api {
  readonly #headers: () => Record<string, string>;

  /** `headers` are added to each call: `X-Deskbell: 1` for staff, `Authorization` for visitors. */
  constructor(headers: () => Record<string, string>) {
    this.#headers = headers;
  }

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.call<T>('GET', path, undefined, signal);
  }

  post<T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> {
    return this.call<T>('POST', path, body, signal);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>('PUT', path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>('PATCH', path, body);
  }

  delete(path: string): Promise<void> {
    return this.call<void>('DELETE', path);
  }

  async call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const timeout = AbortSignal.timeout(TIMEOUT);
    let response: Response;
    let text: string;
    try {
      response = await fetch(path, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...this.#headers(),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      text = await response.text();
    } catch {
      if (signal?.aborted) throw aborted();
      throw unreachable();
    }
    if (!response.ok) throw toError(response.status, text, response.headers.get('Retry-After'));
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** A file as it is. The code for it comes with the first file. */
  async upload<T>(path: string, file: Blob, options: UploadOptions = {}): Promise<T> {
    const { upload } = await import('./upload').catch(() => {
      throw unreachable();
    });
    return upload<T>(path, this.#headers(), file, options);
  }
}
