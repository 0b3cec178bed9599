import { markup, type Markup } from '../../../core/markup.js';
import type { GalleryFigures } from '../gallery-figures.js';

/** The smallest decade that the curve shows; no gallery is large enough to measure lower rates. */
const leastDecade = -6;

/** A histogram of the distances of genuine and of impostor pairs, each as shares of its kind. */
export function distanceHistogram(figures: GalleryFigures): Markup {
  const { histogram, pairs } = figures;
  const genuine = histogram.genuine.map((count) => count / Math.max(1, pairs.genuine));
  const impostor = histogram.impostor.map((count) => count / Math.max(1, pairs.impostor));
  const top = Math.max(0.1, Math.ceil(Math.max(...genuine, ...impostor) * 10) / 10);
  const ticks = [0, 0.5, 1].map((height) => ({ height, label: percent(height * top) }));
  const frame = {
    id: 'histogram',
    title: 'Distances of two photos',
    description:
      `Pairs of one person: ${pairs.genuine}${mode(genuine, histogram.binWidth)}; ` +
      `pairs of two people: ${pairs.impostor}${mode(impostor, histogram.binWidth)}.`,
    yLabel: 'share of the pairs',
    yTicks: ticks,
    marks: marks(figures),
  };
  const area = (kind: string, shares: readonly number[]): Markup =>
    markup`<path class="${kind}" d="${outline(
      shares.map((share) => share / top),
      histogram.binWidth,
    )}"/>`;
  return plotFrame(frame, markup`${area('impostor', impostor)}${area('genuine', genuine)}`);
}

/** Both error rates over the threshold, on a logarithmic scale. */
export function errorCurve(figures: GalleryFigures): Markup {
  const { pairs, curve } = figures;
  const finest = Math.max(pairs.genuine, pairs.impostor, 10);
  const decades = -Math.max(leastDecade, -Math.ceil(Math.log10(finest)));
  const frame = {
    id: 'curve',
    title: 'Error rates by threshold',
    description: `At the threshold in use, ${figures.current.threshold}: ${rates(figures.current)}.`,
    yLabel: 'error rate',
    yTicks: Array.from({ length: decades + 1 }, (_, power) => ({
      height: 1 - power / decades,
      label: percent(10 ** -power),
    })),
    marks: marks(figures),
  };
  const line = (kind: 'far' | 'frr', style: string): Markup => {
    const points = curve.flatMap((point) => {
      const rate = point[kind];
      // A logarithmic scale cannot show zero.
      if (rate === null || rate === 0) return [];
      const height = Math.max(0, 1 + Math.log10(rate) / decades);
      return [`${xOf(point.threshold).toFixed(1)} ${yOf(height).toFixed(1)}`];
    });
    return points.length === 0 ? markup`` : markup`<path class="line ${style}" d="M${points.join('L')}"/>`;
  };
  return plotFrame(frame, markup`${line('far', 'impostor')}${line('frr', 'genuine')}`);
}

/** A rate from 0 to 1 as a percentage, with two significant digits below 10 %. */
export function percent(rate: number): string {
  const value = rate * 100;
  return `${value === 0 || value >= 10 ? value.toFixed(0) : Number(value.toPrecision(2))} %`;
}

/** Both error rates in words. */
export function rates({ far, frr }: { far: number | null; frr: number | null }): string {
  const word = (rate: number | null): string => (rate === null ? 'not measurable' : percent(rate));
  return `false accepts ${word(far)}, false rejects ${word(frr)}`;
}

function marks({ current, suggestion }: GalleryFigures): PlotFrame['marks'] {
  if (current.threshold === suggestion.threshold)
    return [{ distance: current.threshold, label: `in use, suggested ${current.threshold}` }];
  return [
    { distance: current.threshold, label: `in use ${current.threshold}` },
    { distance: suggestion.threshold, label: `suggested ${suggestion.threshold}` },
  ].sort((a, b) => a.distance - b.distance);
}

/** The fullest bin of a histogram in words; empty if there are no pairs. */
function mode(shares: readonly number[], binWidth: number): string {
  const most = Math.max(...shares);
  const bin = shares.indexOf(most);
  return most === 0
    ? ''
    : `, most often at ${(bin * binWidth).toFixed(2)} to ${((bin + 1) * binWidth).toFixed(2)}`;
}

/** The SVG path around all bars of a histogram. */
function outline(heights: readonly number[], binWidth: number): string {
  const bars = heights.map(
    (height, bin) => `V${yOf(height).toFixed(1)}H${xOf((bin + 1) * binWidth).toFixed(1)}`,
  );
  return `M${xOf(0)} ${yOf(0)}${bars.join('')}V${yOf(0)}`;
}

/** In units of the SVG, which is shown at about 1.25 pixels per unit. */
const plot = { width: 400, height: 260, left: 56, right: 392, top: 34, bottom: 218 } as const;

const largestDistance = 2;
/** Units that a mark's label may take, and the gap between the label and its line. */
const roomForName = 140;
const nameGap = 4;

/** The x coordinate of a distance, 0 to 2. */
function xOf(distance: number): number {
  return plot.left + (distance / largestDistance) * (plot.right - plot.left);
}

/** The y coordinate of a height from 0 at the bottom to 1 at the top. */
function yOf(height: number): number {
  return plot.bottom - height * (plot.bottom - plot.top);
}

interface PlotFrame {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What the plot shows, for screen readers. */
  readonly description: string;
  readonly yLabel: string;
  /** Ticks at heights from 0 to 1. */
  readonly yTicks: readonly { readonly height: number; readonly label: string }[];
  /** Vertical lines at distances with a label each, from left to right. */
  readonly marks: readonly { readonly distance: number; readonly label: string }[];
}

/** A plot over the distance of two photos, 0 to 2, with axes, ticks and marks around its content. */
function plotFrame(frame: PlotFrame, content: Markup): Markup {
  const { id, title, description, yLabel, yTicks, marks } = frame;
  const middle = (plot.top + plot.bottom) / 2;
  return markup`<svg viewBox="0 0 ${plot.width} ${plot.height}" role="img" aria-labelledby="${id}-title ${id}-text">
<title id="${id}-title">${title}</title><desc id="${id}-text">${description}</desc>
${yTicks.map(yTick)}${[0, 0.5, 1, 1.5, 2].map(xTick)}
<text class="axis" x="${(plot.left + plot.right) / 2}" y="252" text-anchor="middle">distance of two photos</text>
<text class="axis" transform="translate(10 ${middle}) rotate(-90)" text-anchor="middle">${yLabel}</text>
${content}
${marks.map(verticalMark)}
</svg>`;
}

function yTick({ height, label }: PlotFrame['yTicks'][number]): Markup {
  const y = yOf(height).toFixed(1);
  return markup`<path class="grid" d="M${plot.left} ${y}H${plot.right}"/><text x="${plot.left - 4}" y="${y}" dy="3.5" text-anchor="end">${label}</text>`;
}

function xTick(distance: number): Markup {
  const x = xOf(distance).toFixed(1);
  return markup`<path class="grid" d="M${x} ${plot.bottom}v4"/><text x="${x}" y="${plot.bottom + 15}" text-anchor="middle">${distance}</text>`;
}

/** Labels go on the side of their line that has room, each in its own row so that they never overlap. */
function verticalMark({ distance, label }: PlotFrame['marks'][number], row: number): Markup {
  const x = xOf(distance);
  const isLeft = row === 0 ? x > roomForName + nameGap : x > plot.width - roomForName;
  const nameX = (isLeft ? x - nameGap : x + nameGap).toFixed(1);
  const y = plot.top - 22 + row * 13;
  return markup`<path class="mark mark-${row}" d="M${x.toFixed(1)} ${y - 9}V${plot.bottom}"/><text x="${nameX}" y="${y}" text-anchor="${isLeft ? 'end' : 'start'}">${label}</text>`;
}
