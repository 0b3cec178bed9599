import { request as httpRequest, type Agent } from 'node:http';
import type { MalformedRequest } from './malformed.js';

export interface Answer {
  readonly status: number;
  readonly bytes: number;
}

/** Sends a request as it is; null when the server hangs up on what is no HTTP. */
export function sendRaw(url: string, sent: MalformedRequest, agent: Agent): Promise<Answer | null> {
  const { hostname, port } = new URL(url);
  const { method, path, headers, body } = sent;
  return new Promise((resolve) => {
    const outgoing = httpRequest({ agent, hostname, port, method, path, headers }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.once('close', () => resolve({ status: response.statusCode ?? 0, bytes }));
      // An endless answer is a good one.
      if (response.headers['content-type']?.startsWith('multipart/')) response.destroy();
    });
    outgoing.once('error', () => resolve(null));
    outgoing.end(body);
  });
}
