import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventTypes } from '../../../src/events/identity-event.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { closeCodes } from '../../../src/server/live/close-codes.js';
import { eventStreamQuery, streamQuery } from '../../../src/server/query.js';

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
/** What stands in the first column of the tables. */
const documented = [...text.matchAll(/^\| `?([\w./{}-]+)`? +\|/gm)].map(([, name]) => name);

describe('docs/protocol.md', () => {
  it('lists every type of event, and no other', () => {
    expect(documented.filter((name) => name?.startsWith('sightline.'))).toEqual(eventTypes);
  });

  it('lists every metric, and no other', async () => {
    const exposed = await new Metrics(
      () => [],
      () => 0,
      () => ({ waiting: 0, lost: 0 }),
    ).expose();
    const names = [...exposed.matchAll(/^# TYPE (sightline_\w+)/gm)].map(([, name]) => name);
    expect(documented.filter((name) => name?.startsWith('sightline_')).sort()).toEqual(names.sort());
  });

  it('lists every close code and every parameter of a WebSocket', () => {
    for (const code of Object.values(closeCodes)) expect(documented).toContain(String(code));
    for (const schema of [streamQuery, eventStreamQuery]) {
      for (const name of Object.keys(schema.shape)) expect(documented).toContain(name);
    }
  });
});
