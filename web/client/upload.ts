/** Uploads by XMLHttpRequest, because fetch tells no upload progress. */
import { aborted, toError, unreachable, type UploadOptions } from './http';

export function upload<T>(
  path: string,
  headers: Record<string, string>,
  file: Blob,
  options: UploadOptions,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (options.signal?.aborted) return reject(aborted());
    const request = new XMLHttpRequest();
    request.open('POST', path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) options.progress?.(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status < 300) return resolve(JSON.parse(request.responseText) as T);
      reject(toError(request.status, request.responseText, request.getResponseHeader('Retry-After')));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(aborted());
    options.signal?.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
