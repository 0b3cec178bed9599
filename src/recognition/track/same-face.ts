import { euclideanDistance } from '../../core/distance.js';
import type { Identity, Neighbour } from '../../core/face.js';
import { judge, leaning, type DecisionRules } from '../decision/decision.js';
import { fuse, type Counted } from './observations.js';

/**
 * Whether an observation shows the face of earlier ones. `poor`: its quality is too low to say; `unclear`: it lies between
 * what one face and what two faces give.
 */
export type SameFace = 'yes' | 'no' | 'unclear' | 'poor';

/** Below this quality the distances of one face and of two overlap. */
const tellingQuality = 0.3;

/** Whether an observation is good enough to tell faces apart by. */
export function isTelling({ quality }: Pick<Counted, 'quality'>): boolean {
  return quality >= tellingQuality;
}

/**
 * Compares an observation with what was seen of a track before it was in doubt.
 *
 * @param observation with its nearest people in the gallery
 * @param earlier at least one
 * @param identity what was decided from them
 */
export function showsSameFace(
  observation: Counted & { readonly nearest: readonly Neighbour[] },
  earlier: readonly Counted[],
  identity: Identity,
  rules: DecisionRules,
): SameFace {
  const { vector, nearest } = observation;
  if (!isTelling(observation)) return 'poor';
  const named = identity.state === 'known' ? identity.person.id : undefined;
  const distance = euclideanDistance(vector, fuse(earlier));
  if (distance <= rules.sameFaceDistance) return 'yes';
  if (named !== undefined && leaning(nearest, rules)?.id === named) return 'yes';
  if (distance > rules.otherFaceDistance) return 'no';
  const person = judge(nearest, rules);
  return person !== null && person !== 'unclear' && person.id !== named ? 'no' : 'unclear';
}
