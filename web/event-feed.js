import { connect } from './client/index.js';
import { getJson } from './get-json.js';

const RECENT = 100;
const RETRY_MS = 3000;

/** Gives the recent events, then each new one, to `onEvent`, every event once and in order. Rejects when refused. */
export async function followEvents({ onEvent, onLink }) {
  const { events, newest } = await recentEvents();
  for (const event of events.reverse()) onEvent(event);
  for await (const event of connect({ url: location.origin, since: newest, onLink })) onEvent(event);
}

async function recentEvents() {
  for (;;) {
    try {
      return await getJson(`/v1/events?limit=${RECENT}`);
    } catch {
      // The cameras are asked for at the same time and tell what is wrong.
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
