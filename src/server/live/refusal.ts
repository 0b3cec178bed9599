import type { WebSocket } from 'ws';
import { problemOf } from '../problem.js';
import { closeCodes } from './close-codes.js';

/** What of a reason fits into a close frame. */
const MAX_REASON_BYTES = 123;
/** How long a refused client may take to say goodbye. */
const GOODBYE_MS = 2000;

/**
 * Closes a WebSocket whose request may not pass. After the handshake, because a browser does not tell a page why one
 * failed: of a refused handshake it sees 1006, whatever the answer was.
 */
export function refuseSocket(socket: WebSocket, error: unknown): void {
  const { status, code, detail } = problemOf(error);
  socket.close(closeCodeFor(status), cut(`${code}: ${detail}`));
  const timer = setTimeout(() => socket.terminate(), GOODBYE_MS);
  socket.once('close', () => clearTimeout(timer));
}

/** 4000 and the HTTP status, where that is documented. */
function closeCodeFor(status: number): number {
  const code = 4000 + status;
  return Object.values<number>(closeCodes).includes(code) ? code : closeCodes.internalError;
}

/** As much of a text as fits, whole characters only. */
function cut(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return new TextDecoder().decode(bytes.subarray(0, MAX_REASON_BYTES), { stream: true });
}
