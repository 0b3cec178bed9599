import type { GalleryFigures } from '../gallery-figures.js';
import { markup, type Markup } from '../../../core/markup.js';
import { plotFrame, xOf, yOf, type PlotFrame } from './plot-frame.js';

/** The smallest rate that the curve can show; below it lies nothing that a gallery could measure. */
const leastDecade = -6;

/** Where photos of one person and of two people lie, each as shares of its kind. */
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

/** Both error rates over the threshold, in decades. */
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
      // Zero lies below every decade.
      if (rate === null || rate === 0) return [];
      const height = Math.max(0, 1 + Math.log10(rate) / decades);
      return [`${xOf(point.threshold).toFixed(1)} ${yOf(height).toFixed(1)}`];
    });
    return points.length === 0 ? markup`` : markup`<path class="line ${style}" d="M${points.join('L')}"/>`;
  };
  return plotFrame(frame, markup`${line('far', 'impostor')}${line('frr', 'genuine')}`);
}

/** A rate for people, with two figures where it is small. */
export function percent(rate: number): string {
  const value = rate * 100;
  return `${value === 0 || value >= 10 ? value.toFixed(0) : Number(value.toPrecision(2))} %`;
}

/** Both error rates in words; those that cannot be measured say so. */
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

/** Where most pairs lie, in words; empty without any. */
function mode(shares: readonly number[], binWidth: number): string {
  const most = Math.max(...shares);
  const bin = shares.indexOf(most);
  return most === 0
    ? ''
    : `, most often at ${(bin * binWidth).toFixed(2)} to ${((bin + 1) * binWidth).toFixed(2)}`;
}

/** Bars side by side, as one line around them all. */
function outline(heights: readonly number[], binWidth: number): string {
  const bars = heights.map(
    (height, bin) => `V${yOf(height).toFixed(1)}H${xOf((bin + 1) * binWidth).toFixed(1)}`,
  );
  return `M${xOf(0)} ${yOf(0)}${bars.join('')}V${yOf(0)}`;
}
