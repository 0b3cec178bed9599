// What benchmarks of the whole program share: a run of it with one camera `bench`, and a viewer of that camera.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';

export const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The full-HD video of a crowd where it is at hand, or else a video of the demo's. */
export function crowdOr(demoVideo) {
  const crowd = here('../../shared/data/video/crowd-1080p.mp4');
  return existsSync(crowd) ? crowd : here(`../models/cache/${demoVideo}`);
}

/**
 * Starts bench/app-process.mjs on the built program of a work tree, this one's when left out. It takes the messages
 * 'measure', 'report' (answered) and 'end' (answered).
 */
export async function startApp(options, { flood = false, tree = here('..') } = {}) {
  const child = fork(here('./app-process.mjs'), [JSON.stringify({ options, flood, tree })]);
  const [{ url }] = await once(child, 'message');
  return { child, url };
}

/** Sends a message to the program and gives its answer. */
export async function ask(child, message) {
  child.send(message);
  const [answer] = await once(child, 'message');
  return answer;
}

/** Looks at the camera, and counts its pictures. */
export function watch(url) {
  const viewer = { frames: 0, socket: new WebSocket(`${url.replace('http', 'ws')}/ws/video/bench`) };
  viewer.socket.on('message', () => viewer.frames++);
  return viewer;
}
