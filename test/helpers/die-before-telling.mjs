// Publishes two events. The sink gets the first; the process is killed when the second is stored and nobody knows yet.
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist, path] = process.argv.slice(2);
const room = (file) => import(pathToFileURL(join(dist, 'src', file)).href);
const { openStorage } = await room('storage/open-storage.js');
const { EventPublisher } = await room('events/event-publisher.js');
const { EventReader } = await room('events/event-reader.js');
const { cameraOnline } = await room('events/build-event.js');

const fail = (error) => {
  throw error;
};
const store = await openStorage({ data: dirname(path) });
const publisher = await EventPublisher.open({
  store: store.events,
  ...{ onFailure: fail, onRecovery: fail, onListenerError: fail },
});
let stored = 0;
publisher.onStored((events) => {
  stored += events.length;
  if (stored === 2) process.kill(process.pid, 'SIGKILL');
});
const cursors = {
  load: (name) => store.cursors.load(name),
  // The second event comes when it is written down that the sink has the first.
  save: async (name, position) => {
    await store.cursors.save(name, position);
    if (position > 0) publisher.publish(cameraOnline({ id: 'second', name: 'Second' }));
  },
};
const sink = {
  name: 'webhook',
  deliver: async (events) => console.log(events.map(({ data }) => data.camera.id).join()),
};
await EventReader.open({ sink, store: store.events, cursors, publisher, onError: fail });
publisher.publish(cameraOnline({ id: 'first', name: 'First' }));
setInterval(() => {}, 1000);
