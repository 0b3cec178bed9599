import { SightlineError } from '../core/errors.js';

/** Far more than any asset has; whoever sends more sends something else. */
const mostBytes = 512 * 1024 * 1024;
const mostRedirects = 5;

/** @param total in bytes; null when the server does not say */
export type ByteListener = (received: number, total: number | null) => void;

/**
 * Downloads a file into memory. A server may send on to another, but from https only to https.
 *
 * @throws SightlineError MODEL_PULL_FAILED
 */
export async function download(url: string, onBytes: ByteListener): Promise<Uint8Array> {
  let received = 0;
  try {
    const response = await follow(url);
    if (!response.ok || !response.body) throw new Error(`the answer was HTTP ${response.status}`);
    const length = response.headers.get('content-length');
    const total = length === null ? null : Number(length);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      received += chunk.length;
      if (received > mostBytes) throw new Error(`more than ${mostBytes} bytes came`);
      chunks.push(chunk);
      onBytes(received, total);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    const message = `Expected to download ${url} but after ${received} bytes ${reasonOf(error)}`;
    throw new SightlineError('MODEL_PULL_FAILED', message, { cause: error });
  }
}

/** The first answer that is no redirect. */
async function follow(url: string): Promise<Response> {
  let address = new URL(url);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await fetch(address, { redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    address = redirected(address, location);
  }
  throw new Error(`the server sent on more than ${mostRedirects} times`);
}

/**
 * Where a redirect leads.
 *
 * @throws Error when that is less safe than where it comes from, or no address
 */
export function redirected(from: URL, location: string): URL {
  const to = new URL(location, from);
  const allowed = from.protocol === 'https:' ? ['https:'] : ['https:', 'http:'];
  if (allowed.includes(to.protocol)) return to;
  throw new Error(`the server sent on to ${to.protocol}//${to.host}, which is not https`);
}

/** fetch says only that it failed; why stands in the cause, and behind several addresses in the first of several. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? first.message : String(first);
}
