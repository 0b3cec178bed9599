import { describe } from 'vitest';
import { describeEvents } from './events.js';
import { describeHealing } from './healing.js';
import { describeHeads } from './heads.js';
import { describePeople } from './people.js';
import { describeRevisions } from './revisions.js';
import { describeSettings } from './settings.js';
import { testData, type OpenTestStorage } from './test-data.js';
import { describeTracks } from './tracks.js';

/** What every storage has to do, whichever engine it is made of. */
export function describeStorage(name: string, open: OpenTestStorage): void {
  describe(name, () => {
    const data = testData(open);
    describePeople(data);
    describeHealing(data);
    describeTracks(data);
    describeEvents(data);
    describeSettings(data);
    describeHeads(data);
    describeRevisions(data);
  });
}
