import type { Identity, IdentityEvidence } from '../core/face.js';

/** One or two sentences for people: why a face was, or was not, named. */
export function explain(identity: Identity): string {
  if (identity.state === 'undecided') return 'Recognition has not decided about this face.';
  if (identity.state === 'known') return explainKnown(identity.person.name, identity.evidence);
  return explainUnknown(identity.evidence);
}

function explainKnown(name: string, evidence: IdentityEvidence): string {
  const { votes, margin } = evidence;
  const agreement = `${votes.inFavour} of ${votes.total} observations of this face point to ${name}.`;
  if (evidence.distance === null) return agreement;
  const runnerUp = margin === null ? '' : `; the next person is ${figure(margin)} further away`;
  return (
    `${agreement} Together they are at distance ${figure(evidence.distance)} from the nearest photo, ` +
    `a name needs ${figure(evidence.threshold)} or less${runnerUp}.`
  );
}

/** Who is within the threshold and yet no name: the classifier rejected it. */
function explainUnknown({ nearest, threshold }: IdentityEvidence): string {
  const [first] = nearest;
  if (first === undefined) return 'Nobody is enrolled yet, so nobody can be named.';
  const ruledOut = nearest.filter(({ rejected }) => rejected).map(({ person }) => person.name);
  const possible = nearest.find(({ rejected }) => !rejected);
  const sentences = [
    ...(ruledOut.length > 0 ? [`Somebody marked this face as not ${ruledOut.join(' nor ')}.`] : []),
    ...(possible
      ? [
          `The nearest person is ${possible.person.name} at distance ${figure(possible.distance)}; ` +
            (possible.distance > threshold
              ? `a name needs ${figure(threshold)} or less.`
              : 'that is near enough, but the trained classifier does not confirm it.'),
        ]
      : []),
  ];
  return sentences.join(' ');
}

function figure(distance: number): string {
  return distance.toFixed(2);
}
