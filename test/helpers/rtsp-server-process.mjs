// A real RTSP server in a process of its own, started by rtsp-server.ts with a JSON configuration as its argument.
// rtsp-streaming-server is GPL: it stays in tests, and out of our process.
import dgram from 'node:dgram';
import net from 'node:net';
import rtspStreamingServer from 'rtsp-streaming-server';

const { publishPort, clientPort, rtpPortStart, rtpPortCount, credentials } = JSON.parse(process.argv[2]);

// It would listen on every address of the machine.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function listenOnLoopback(port, callback) {
  return listen.call(this, port, '127.0.0.1', callback);
};
const bind = dgram.Socket.prototype.bind;
dgram.Socket.prototype.bind = function bindToLoopback(port, callback) {
  return bind.call(this, port, '127.0.0.1', callback);
};

const authentication = async (user, password) =>
  user === credentials.user && password === credentials.password;
const server = new rtspStreamingServer.RtspServer({
  serverPort: publishPort,
  clientPort,
  rtpPortStart,
  rtpPortCount,
  clientServerHooks: credentials ? { authentication } : {},
});

const { PublishServer } = server;
const recordRequest = PublishServer.recordRequest;
PublishServer.recordRequest = async function recordAndTell(request, response) {
  await recordRequest.call(PublishServer, request, response);
  process.send('publishing');
};

process.on('disconnect', () => process.exit());
await server.start();
process.send('listening');
