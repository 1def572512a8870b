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

function toError(status: number, body: string, retryAfter: string | null): ApiError {
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
      if (signal?.aborted) throw new ApiError(0, 'aborted', 'Stopped.');
      throw new ApiError(0, 'network', 'No connection to the server.');
    }
    if (!response.ok) throw toError(response.status, text, response.headers.get('Retry-After'));
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** A file as it is. XMLHttpRequest, because fetch tells no upload progress. */
  upload<T>(path: string, file: Blob, options: UploadOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open('POST', path);
      for (const [name, value] of Object.entries(this.#headers())) request.setRequestHeader(name, value);
      request.setRequestHeader('Content-Type', 'application/octet-stream');
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) options.progress?.(event.loaded / event.total);
      };
      request.onload = () => {
        if (request.status < 300) return resolve(JSON.parse(request.responseText) as T);
        reject(toError(request.status, request.responseText, request.getResponseHeader('Retry-After')));
      };
      request.onerror = () => reject(new ApiError(0, 'network', 'No connection to the server.'));
      request.onabort = () => reject(new ApiError(0, 'aborted', 'Stopped.'));
      options.signal?.addEventListener('abort', () => request.abort(), { once: true });
      request.send(file);
    });
  }
}
