import { connect } from './client/index.js';
import { getJson } from './get-json.js';

/** As many as the page lists. */
export const RECENT = 100;
const RETRY_MS = 3000;
const NAMES_POLL_MS = 2000;

/**
 * Follows events of some types; of all types when none is named. `onRecent` gets the newest ones, `onEvent` every
 * one after them, once and in order, and `onNames` the newest ones again whenever names have changed: each says in `person`
 * who it is known to be now. Rejects when the server refuses.
 */
export class EventFeed {
  #types;
  #listener;
  #stream;
  #people;
  #timer;
  #isClosed = false;

  constructor(types, listener) {
    this.#types = types;
    this.#listener = listener;
  }

  async run() {
    const { events, newest } = await this.#readRecent();
    if (this.#isClosed) return;
    this.#listener.onRecent(events);
    this.#watchNames();
    const { onEvent, onLink } = this.#listener;
    this.#stream = connect({ url: location.origin, since: newest, types: this.#types, onLink });
    for await (const event of this.#stream) onEvent(event);
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#stream?.close();
  }

  async #readRecent() {
    for (;;) {
      try {
        const query = new URLSearchParams(this.#types.map((type) => ['type', type]));
        query.set('limit', RECENT);
        const page = await getJson(`/v1/events?${query}`);
        this.#people = page.people;
        return page;
      } catch {
        // The cameras are asked for at the same time and tell what is wrong.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #watchNames() {
    this.#timer = setTimeout(async () => {
      const events = (await this.#namesHaveChanged()) ? (await this.#readRecent()).events : [];
      if (this.#isClosed) return;
      this.#listener.onNames(events);
      this.#watchNames();
    }, NAMES_POLL_MS);
  }

  async #namesHaveChanged() {
    if (document.hidden) return false;
    try {
      return (await getJson('/v1/events?limit=1')).people !== this.#people;
    } catch {
      return false;
    }
  }
}
