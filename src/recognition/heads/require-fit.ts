import { SightlineError } from '../../core/errors.js';
import type { Head } from '../../core/heads.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';

/** @throws SightlineError HEAD_MISMATCH when a head was trained on embeddings of another model or dimension */
export function requireFit(
  head: Head,
  { model, dimension }: Pick<EmbedderSpec, 'model' | 'dimension'>,
): void {
  const fits =
    head.model.id === model.id && head.model.version === model.version && head.dimension === dimension;
  if (fits) return;
  throw new SightlineError(
    'HEAD_MISMATCH',
    `Expected a ${head.kind} head for ${dimension} numbers of ${model.id} version ${model.version} ` +
      `but received one for ${head.dimension} numbers of ${head.model.id} version ${head.model.version}`,
  );
}
