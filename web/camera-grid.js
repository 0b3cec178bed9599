import { CameraTile } from './camera-tile.js';
import { element, setText } from './element.js';

/** The tiles of all cameras, and the line that sums them up. */
export class CameraGrid {
  #container;
  #summary;
  #tiles = new Map();

  constructor(container, summary) {
    this.#container = container;
    this.#summary = summary;
    document.addEventListener('visibilitychange', () => {
      for (const tile of this.#tiles.values()) tile.refreshVideo();
    });
  }

  /** Shows exactly these cameras. */
  update(cameras) {
    for (const [id, tile] of this.#tiles) {
      if (cameras.some((camera) => camera.id === id)) continue;
      tile.remove();
      this.#tiles.delete(id);
    }
    for (const camera of cameras) this.#tileOf(camera.id).update(camera);
    setText(this.#summary, summaryOf(cameras));
    this.#showEmpty(cameras.length === 0);
  }

  #tileOf(id) {
    const known = this.#tiles.get(id);
    if (known !== undefined) return known;
    const tile = new CameraTile(id);
    this.#tiles.set(id, tile);
    this.#container.append(tile.node);
    return tile;
  }

  #showEmpty(isEmpty) {
    const note = this.#container.querySelector('.empty');
    if (!isEmpty) note?.remove();
    else if (note === null) this.#container.append(emptyNote());
  }
}

/** How to get a first camera. */
function emptyNote() {
  const body = '{"name": "Front door", "url": "rtsp://user:password@192.168.1.20/stream1"}';
  const command = `curl -X POST ${location.origin}/v1/cameras \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`;
  return element(
    'div',
    { class: 'empty' },
    element('h3', {}, 'No camera yet'),
    element('p', {}, 'Add one from a shell, and it shows up here within seconds:'),
    element('pre', {}, element('code', {}, command)),
    element(
      'p',
      {},
      'Where Sightline asks for a token, add -H "x-api-key: TOKEN". The ',
      element('a', { href: '/api/docs' }, 'API'),
      ' tells the rest; cameras can also stand in the configuration or on the command line.',
    ),
  );
}

function summaryOf(cameras) {
  if (cameras.length === 0) return '';
  const online = cameras.filter(({ state }) => state === 'online');
  const faces = online.reduce((sum, camera) => sum + camera.faces, 0);
  const noun = cameras.length === 1 ? 'camera' : 'cameras';
  return `${online.length} of ${cameras.length} ${noun} live · ${faces} ${faces === 1 ? 'face' : 'faces'} in view`;
}
