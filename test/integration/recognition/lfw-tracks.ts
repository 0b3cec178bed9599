import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Detection, Landmarks } from '../../../src/core/face.js';
import type { RgbImage } from '../../../src/core/image.js';
import type { FaceDetector } from '../../../src/detection/face-detector.js';
import { qualityFloor } from '../../../src/core/face-quality.js';
import { cutFace, copyCrop } from '../../../src/recognition/embedding/crop.js';
import type { FaceEmbedder } from '../../../src/core/face-embedder.js';
import { observationOf, type Observation } from '../../../src/recognition/track/observations.js';
import { readPicture } from './faces.js';
import { centralFace } from '../../../src/recognition/enrolment/main-face.js';
import { lfwImages } from './lfw.js';

/** One photo that plays a track: the untouched crop first, then the same face a little different each time. */
export interface PhotoTrack {
  readonly person: string;
  readonly photo: string;
  readonly observations: readonly Observation[];
}

/** A repeatable source of numbers, 0 to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Plays tracks from at most so many photos a person, with so many observations each. */
export async function playTracks(
  photosAPerson: number,
  observations: number,
  detector: FaceDetector,
  embedder: FaceEmbedder,
): Promise<PhotoTrack[]> {
  const random = randomFrom(1);
  const tracks: Promise<PhotoTrack>[] = [];
  for (const person of readdirSync(lfwImages).sort()) {
    for (const photo of readdirSync(join(lfwImages, person)).sort().slice(0, photosAPerson)) {
      const image = await readPicture(join(lfwImages, person, photo));
      const face = centralFace(await detector.detect(image), image);
      if (!face) continue;
      const shots = [{ image, face }];
      for (let count = 1; count < observations; count++) shots.push(await varied(image, face, random));
      // The worker has the last photo in hand while this thread finds the next face.
      await tracks.at(-1);
      tracks.push(embedAll(shots, embedder).then((embedded) => ({ person, photo, observations: embedded })));
    }
  }
  return Promise.all(tracks);
}

interface FaceShot {
  readonly image: RgbImage;
  readonly face: Detection;
}

/**
 * The face as another moment might show it: up to 40 % smaller, up to 30 % darker or brighter, blurred by up to .8
 * pixels, compressed, and with landmarks off by up to 4 % of the distance of the eyes.
 */
async function varied(image: RgbImage, face: Detection, random: () => number): Promise<FaceShot> {
  const between = (least: number, most: number): number => least + random() * (most - least);
  const width = Math.round(image.width * between(0.6, 1));
  const scale = width / image.width;
  const jpeg = await sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
    .resize(width)
    .linear(between(0.7, 1.3), 0)
    .blur(between(0.3, 0.8))
    .jpeg({ quality: Math.round(between(50, 90)) })
    .toBuffer();
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  const [left, right] = face.landmarks;
  const slip = 0.04 * Math.hypot(right.x - left.x, right.y - left.y);
  const landmarks = face.landmarks.map(({ x, y }) => ({
    x: (x + between(-slip, slip)) * scale,
    y: (y + between(-slip, slip)) * scale,
  })) as unknown as Landmarks;
  return {
    image: { width: info.width, height: info.height, data: new Uint8Array(data) },
    face: { ...face, landmarks },
  };
}

async function embedAll(shots: readonly FaceShot[], embedder: FaceEmbedder): Promise<Observation[]> {
  const observations = await Promise.all(shots.map((shot) => embed(shot, embedder)));
  return observations
    .filter((observation) => observation !== undefined)
    .filter(({ quality }) => quality >= qualityFloor);
}

async function embed({ image, face }: FaceShot, embedder: FaceEmbedder): Promise<Observation | undefined> {
  const task = cutFace(image, face.landmarks);
  if (!task) return undefined;
  const crop = copyCrop(task);
  const { width, height } = image;
  const seen = { box: face.box, velocity: { x: 0, y: 0 }, firstSeenAt: 0, lastSeenAt: 0, hits: 5 };
  const shot = {
    track: { id: 1, state: 'confirmed', detection: face, ...seen },
    detection: face,
    frame: { sequence: 0, width, height, capturedAt: 0 },
  } as const;
  return observationOf(await embedder.embed(task), shot, crop);
}
