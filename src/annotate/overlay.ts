import type { Landmarks } from '../core/face.js';
import { clip, type Box } from '../core/geometry.js';
import type { RgbImage } from '../core/image.js';
import { drawText, fillDisc, fillRect, strokeBox, type Rgb } from './draw.js';
import type { LabelBitmap, LabelCache } from './label-cache.js';

/** What to draw over one face. */
export interface FaceOverlay {
  /** In pixels of the picture drawn on. */
  readonly box: Box;
  /** Empty for a box without a label. */
  readonly label: string;
  readonly tone: 'known' | 'unknown' | 'undecided' | 'held';
  /** Set for a box that is predicted instead of detected, and for a name that is held. */
  readonly dashed?: boolean;
  /** Drawn as dots, in pixels of the picture. */
  readonly landmarks?: Landmarks;
}

/**
 * Blue, orange and greys can be told apart with any kind of colour blindness, and black text on them has a
 * contrast above 8:1. M. Okabe, K. Ito, "Color universal design" (2008).
 */
const tones: Record<FaceOverlay['tone'], Rgb> = {
  known: [86, 180, 233],
  unknown: [230, 159, 0],
  undecided: [225, 225, 225],
  held: [175, 190, 205],
};
const dark: Rgb = [16, 16, 16];

/** Sizes in pixels that suit a picture's height: 13 px text at 360p, 24 px at 1080p. */
interface OverlayStyle {
  readonly textHeight: number;
  readonly lineWidth: number;
  /** Width of the dark line around coloured ones. */
  readonly outline: number;
  readonly dash: number;
  readonly padding: number;
}

/** Below 13 px, names in Chinese or Devanagari cannot be read; above, text grows more slowly than the picture. */
function overlayStyle(pictureHeight: number): OverlayStyle {
  const textHeight = Math.max(13, Math.round(6 + pictureHeight / 60));
  const lineWidth = Math.max(2, Math.round(pictureHeight / 360));
  const outline = Math.max(1, Math.round(lineWidth / 3));
  return { textHeight, lineWidth, outline, dash: lineWidth * 4, padding: Math.round(textHeight / 4) };
}

/**
 * Draws boxes and names over a picture, in place. A label that is not rendered yet is skipped, and its rendering starts
 * for the next frames.
 */
export function drawOverlay(image: RgbImage, overlays: readonly FaceOverlay[], labels: LabelCache): void {
  const style = overlayStyle(image.height);
  for (const overlay of overlays) {
    drawBox(image, overlay, style);
    drawLandmarks(image, overlay, style);
  }
  const taken: Box[] = [];
  for (const overlay of overlays) {
    const text = overlay.label === '' ? undefined : labels.get(overlay.label, style.textHeight);
    const visible = clip(overlay.box, image.width, image.height);
    if (!text || text.width === 0 || isEmpty(visible)) continue;
    taken.push(drawLabel(image, visible, text, tones[overlay.tone], style, taken));
  }
}

/** Renders all labels that `drawOverlay` needs for a picture of this height, for a picture that has no next frame. */
export async function prepareLabels(
  pictureHeight: number,
  overlays: readonly FaceOverlay[],
  labels: LabelCache,
): Promise<void> {
  const { textHeight } = overlayStyle(pictureHeight);
  const texts = overlays.map((overlay) => overlay.label).filter((label) => label !== '');
  await Promise.all(texts.map((text) => labels.prepare(text, textHeight)));
}

function drawBox(image: RgbImage, overlay: FaceOverlay, style: OverlayStyle): void {
  const { lineWidth, outline } = style;
  const box = clipWithin(overlay.box, image, (lineWidth >> 1) + outline);
  if (isEmpty(box)) return;
  strokeBox(image, box, {
    colour: tones[overlay.tone],
    width: lineWidth,
    outlineColour: dark,
    outlineWidth: outline,
    dash: overlay.dashed === true ? style.dash : 0,
  });
}

function drawLandmarks(image: RgbImage, { landmarks, tone, box }: FaceOverlay, style: OverlayStyle): void {
  // On a small face, dots as thick as the line would run into each other.
  const radius = Math.min(style.lineWidth, Math.max(1, box.width / 40));
  for (const point of landmarks ?? []) {
    fillDisc(image, point, radius + style.outline, dark);
    fillDisc(image, point, radius, tones[tone]);
  }
}

/** Clips a box to a picture minus a margin, so that lines at the picture's edge are fully visible. */
function clipWithin(box: Box, picture: RgbImage, margin: number): Box {
  const moved = { ...box, x: box.x - margin, y: box.y - margin };
  const inside = clip(moved, picture.width - 2 * margin, picture.height - 2 * margin);
  return { ...inside, x: inside.x + margin, y: inside.y + margin };
}

/** Draws a label beside a face where it covers the `taken` labels least, and returns its box. */
function drawLabel(
  image: RgbImage,
  face: Box,
  text: LabelBitmap,
  colour: Rgb,
  style: OverlayStyle,
  taken: readonly Box[],
): Box {
  const width = text.width + 2 * style.padding;
  const height = Math.max(Math.round(style.textHeight * 1.4), text.height + 2 * style.outline + 2);
  const line = (style.lineWidth >> 1) + style.outline;
  const place = placeLabel({ width, height }, face, line, image, taken);
  fillRect(
    image,
    place.x - style.outline,
    place.y - style.outline,
    width + 2 * style.outline,
    height + 2 * style.outline,
    dark,
  );
  fillRect(image, place.x, place.y, width, height, colour);
  drawText(image, place.x + style.padding, place.y + ((height - text.height) >> 1), text, dark);
  return place;
}

function isEmpty(box: Box): boolean {
  return box.width <= 0 || box.height <= 0;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The box of a face's label, in whole pixels and inside the picture if it fits: above the face, below it, or inside its
 * top, flush with its left or right side. The first of these that covers least of the `taken` labels is chosen.
 *
 * @param line thickness of the face's frame outside its box, in pixels
 */
export function placeLabel(label: Size, face: Box, line: number, picture: Size, taken: readonly Box[]): Box {
  const left = Math.round(face.x) - line;
  const right = Math.round(face.x + face.width) + line - label.width;
  const above = Math.round(face.y) - line - label.height;
  const below = Math.round(face.y + face.height) + line;
  const inside = Math.round(face.y) + line;
  let best: Box | undefined;
  let leastCovered = Infinity;
  for (const y of [above, below, inside]) {
    if ((y < 0 || y + label.height > picture.height) && y !== inside) continue;
    for (const x of [left, right]) {
      const place = {
        ...label,
        x: within(x, picture.width - label.width),
        y: within(y, picture.height - label.height),
      };
      const covered = taken.reduce((sum, other) => sum + overlap(place, other), 0);
      if (covered >= leastCovered) continue;
      best = place;
      leastCovered = covered;
    }
  }
  return best!;
}

function within(value: number, max: number): number {
  return Math.max(0, Math.min(value, max));
}

/** Common area in square pixels. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}
