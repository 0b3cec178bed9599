import { getJson } from './get-json.js';
import { ReconnectingSocket } from './reconnecting-socket.js';

const RECENT = 100;
const RETRY_MS = 3000;
/** Sorts before every id. */
const FIRST_ID = '0'.repeat(26);

/** Gives the recent events, then each new one, to `onEvent`, every event once and in order. Never ends. */
export async function followEvents({ onEvent, onLink }) {
  let newest = FIRST_ID;
  const take = (event) => {
    if (event.id <= newest) return;
    newest = event.id;
    onEvent(event);
  };
  for (const event of await recentEvents()) take(event);
  new ReconnectingSocket({
    address: () => `/ws/events?since=${newest}`,
    onMessage: (text) => take(JSON.parse(text)),
    onLink,
  });
}

async function recentEvents() {
  for (;;) {
    try {
      return (await getJson(`/v1/events?limit=${RECENT}`)).events;
    } catch {
      // The cameras are asked for at the same time and tell what is wrong.
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
