import { CameraGrid } from './camera-grid.js';
import { setText } from './element.js';
import { followEvents } from './event-feed.js';
import { EventList } from './event-list.js';
import { getJson } from './get-json.js';

const POLL_MS = 2000;
const SHOW_ALL_KEY = 'sightline.all-faces';

const byId = (id) => document.getElementById(id);
const grid = new CameraGrid(byId('cameras'), byId('summary'));
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
  list.showPassing(toggle.checked);
  toggle.addEventListener('change', () => {
    localStorage.setItem(SHOW_ALL_KEY, toggle.checked ? 'yes' : 'no');
    list.showPassing(toggle.checked);
  });
}

rememberToggle();
void pollCameras();
followEvents({
  onLink: showLink,
  onEvent: (event) => {
    list.add(event);
    if (event.type.startsWith('sightline.camera.')) void refreshCameras();
  },
}).catch(() => showLink(false));
