import { element, setText } from './element.js';
import { VideoView } from './video-view.js';

/** What stands over the picture, by state; `online` says nothing once a picture is there. */
const HEADINGS = {
  connecting: 'Connecting…',
  online: 'Waiting for the picture…',
  offline: 'Offline',
  ended: 'Ended',
  failed: 'Failed',
};
const BADGES = {
  connecting: 'Connecting',
  online: 'Live',
  offline: 'Offline',
  ended: 'Ended',
  failed: 'Failed',
};

/** One camera on the page: picture, name, state and figures. */
export class CameraTile {
  #canvas = element('canvas', { role: 'img', width: '640', height: '360' });
  #heading = element('strong');
  #reason = element('span');
  #overlay = element('div', { class: 'overlay' }, this.#heading, this.#reason);
  #picture = element('div', { class: 'picture' }, this.#canvas, this.#overlay);
  #name = element('h3');
  #badge = element('span', { class: 'badge' });
  #figures = element('span', { class: 'figures' });
  #advice = element('p', { class: 'advice' });
  #view;
  #state = 'connecting';
  #hasPicture = false;
  #isVisible = false;
  #observers;

  node = element(
    'article',
    { class: 'tile' },
    this.#picture,
    element('div', { class: 'caption' }, this.#name, this.#badge, this.#figures, this.#advice),
  );

  constructor(cameraId) {
    this.#view = new VideoView(cameraId, this.#canvas, () => {
      this.#hasPicture = true;
      this.#showOverlay();
    });
    const enlarge = element('button', { class: 'enlarge', type: 'button', 'aria-label': 'Full screen' }, '⛶');
    enlarge.addEventListener('click', () => void this.#toggleFullscreen());
    this.#picture.append(enlarge);
    this.#observers = [this.#watchVisibility(), this.#watchSize()];
  }

  /** Shows a camera as GET /v1/cameras tells it. */
  update(camera) {
    const { state, error, overloaded, hints, width, height } = camera;
    this.#state = state;
    this.node.dataset.state = overloaded === null ? state : 'overloaded';
    if (width !== null && height !== null) this.#picture.style.aspectRatio = `${width} / ${height}`;
    this.#canvas.setAttribute('aria-label', `Live picture of ${camera.name}`);
    setText(this.#name, camera.name);
    setText(this.#badge, overloaded === null ? BADGES[state] : 'Overloaded');
    this.#badge.title = overloaded?.message ?? '';
    setText(this.#heading, HEADINGS[state]);
    setText(this.#reason, state === 'online' ? '' : (error?.message ?? ''));
    setText(this.#figures, state === 'online' ? figuresOf(camera) : '');
    const advice = overloaded === null ? hints : [overloaded, ...hints];
    setText(this.#advice, advice.map(({ message, remedy }) => `${message} ${remedy}`).join(' '));
    this.#showOverlay();
  }

  remove() {
    for (const observer of this.#observers) observer.disconnect();
    this.#view.stop();
    this.node.remove();
  }

  /** Starts or stops the video: nobody sees a tile that is scrolled away, or a page in the background. */
  refreshVideo() {
    if (this.#isVisible && !document.hidden) this.#view.start();
    else this.#view.stop();
  }

  #showOverlay() {
    this.#overlay.hidden = this.#state === 'online' && this.#hasPicture;
  }

  #watchVisibility() {
    const observer = new IntersectionObserver((entries) => {
      this.#isVisible = entries.at(-1).isIntersecting;
      this.refreshVideo();
    });
    observer.observe(this.#picture);
    return observer;
  }

  #watchSize() {
    const observer = new window.ResizeObserver(() => this.refreshVideo());
    observer.observe(this.#picture);
    return observer;
  }

  async #toggleFullscreen() {
    if (document.fullscreenElement === this.#picture) await document.exitFullscreen();
    else await this.#picture.requestFullscreen();
  }
}

function figuresOf({ framesPerSecond, faces }) {
  return `${Math.round(framesPerSecond)} fps · ${faces} ${faces === 1 ? 'face' : 'faces'}`;
}
