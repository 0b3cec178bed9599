import type { WebSocket } from 'ws';
import { cutBytes } from '../../core/excerpt.js';
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
  socket.close(closeCodeFor(status), cutBytes(`${code}: ${detail}`, MAX_REASON_BYTES));
  const timer = setTimeout(() => socket.terminate(), GOODBYE_MS);
  socket.once('close', () => clearTimeout(timer));
}

/** 4000 and the HTTP status, where that is documented. */
function closeCodeFor(status: number): number {
  // A URL that is too long is one more invalid request.
  const code = 4000 + (status === 414 ? 400 : status);
  return Object.values<number>(closeCodes).includes(code) ? code : closeCodes.internalError;
}
