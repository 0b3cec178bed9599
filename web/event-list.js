import { element, setText } from './element.js';
import { RECENT } from './event-feed.js';
import { figuresOf, kindOf, percent, reasonOf, sentenceOf } from './event-sentence.js';

/** A picture is kept a moment after its event was told. */
const PICTURE_RETRY_MS = 2000;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** The events on the page, newest first. Older ones leave it; GET /v1/events has more. */
export class EventList {
  #list;
  #emptyNote;

  constructor(list, emptyNote) {
    this.#list = list;
    this.#emptyNote = emptyNote;
  }

  /** Lists past events, newest first, in place of what is listed. */
  show(events) {
    this.#list.replaceChildren(...events.map(itemOf));
    this.#emptyNote.hidden = events.length > 0;
  }

  /** Words events anew that are listed: people in them may be known by another name now. */
  reword(events) {
    for (const event of events) {
      const sentence = this.#list.querySelector(`[data-id="${event.id}"] .sentence`);
      if (sentence) setText(sentence, sentenceOf(event));
    }
  }

  add(event) {
    this.#list.prepend(itemOf(event));
    while (this.#list.childElementCount > RECENT) this.#list.lastElementChild.remove();
    this.#emptyNote.hidden = true;
  }
}

function itemOf(event) {
  const reason = reasonOf(event);
  const line = [
    element('span', { class: 'sentence' }, sentenceOf(event)),
    timeOf(event),
    ...confidenceOf(event),
  ];
  const body =
    reason === ''
      ? element('div', { class: 'line' }, ...line)
      : element(
          'details',
          {},
          element('summary', { class: 'line', title: reason }, ...line),
          element('p', {}, reason),
          element('dl', {}, ...figuresOf(event).map(([label, value]) => pair(label, value))),
        );
  return element('li', { 'data-kind': kindOf(event), 'data-id': event.id }, ...pictureOf(event), body);
}

/** The face of an event that says who somebody is, or is not; nothing where none is kept. */
function pictureOf({ id, type }) {
  if (!type.startsWith('sightline.identity.')) return [];
  const src = `/v1/events/${id}/snapshot.jpg`;
  const picture = element('img', { class: 'face', src, alt: '', loading: 'lazy', width: '40', height: '40' });
  const tryAgain = () => {
    picture.addEventListener('error', () => picture.remove(), { once: true });
    setTimeout(() => picture.setAttribute('src', src), PICTURE_RETRY_MS);
  };
  picture.addEventListener('error', tryAgain, { once: true });
  return [picture];
}

function pair(label, value) {
  return element('div', {}, element('dt', {}, label), element('dd', {}, value));
}

function timeOf({ time }) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return element(
    'time',
    { datetime: time, title: calendar.format(date) },
    (isToday ? clock : calendar).format(date),
  );
}

/** Only a name has a confidence that means something to people. */
function confidenceOf({ data }) {
  if (!data.identity || data.confidence === null) return [];
  // Nobody is ever certain.
  const shown = percent(Math.min(0.99, data.confidence));
  return [element('span', { class: 'confidence', title: 'Confidence' }, shown)];
}
