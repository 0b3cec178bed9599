import { CameraGrid } from './camera-grid.js';
import { setText } from './element.js';
import { EventFeed } from './event-feed.js';
import { EventList } from './event-list.js';
import { LISTED_TYPES } from './event-sentence.js';
import { getJson } from './get-json.js';

const POLL_MS = 2000;
const SHOW_ALL_KEY = 'sightline.all-faces';

const byId = (id) => document.getElementById(id);
const grid = new CameraGrid(byId('cameras'), byId('summary'));
let feed;
const list = new EventList(byId('event-list'), byId('no-events'));

/** States and figures of the cameras; what happens to them is told by events, which ask for a look at once. */
async function refreshCameras() {
  try {
    const { cameras } = await getJson('/v1/cameras');
    grid.update(cameras);
    showNotice('');
  } catch (error) {
    // The token is no longer right: the address of the page now shows where to enter one.
    if (error.status === 401) location.reload();
    showNotice(error.status === undefined ? 'Sightline does not answer. Trying again…' : error.message);
  }
}

function showNotice(text) {
  setText(byId('notice'), text);
  byId('notice').hidden = text === '';
}

async function pollCameras() {
  if (!document.hidden) await refreshCameras();
  setTimeout(() => void pollCameras(), POLL_MS);
}

function showLink(isUp) {
  byId('link').classList.toggle('up', isUp);
  setText(byId('link'), isUp ? 'Up to date' : 'Reconnecting…');
}

function rememberToggle() {
  const toggle = byId('all-faces');
  toggle.checked = localStorage.getItem(SHOW_ALL_KEY) === 'yes';
  showEvents(toggle.checked);
  toggle.addEventListener('change', () => {
    localStorage.setItem(SHOW_ALL_KEY, toggle.checked ? 'yes' : 'no');
    showEvents(toggle.checked);
  });
}

/** Lists the newest events, with or without those of faces that only come and go, and follows them. */
function showEvents(withPassing) {
  feed?.close();
  feed = new EventFeed(withPassing ? [] : LISTED_TYPES, {
    onLink: showLink,
    onRecent: (events) => list.show(events),
    onNames: (events) => list.reword(events),
    onEvent: (event) => {
      list.add(event);
      if (event.type.startsWith('sightline.camera.')) void refreshCameras();
    },
  });
  feed.run().catch(() => showLink(false));
}

rememberToggle();
void pollCameras();
