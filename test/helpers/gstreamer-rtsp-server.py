"""GStreamer's RTSP server, playing one H.264 file over RTP-in-RTSP (TCP) only: `PORT FILE`."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

port, file = sys.argv[1:3]
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f'( filesrc location="{file}" ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 )')
factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
factory.set_shared(True)
server.get_mount_points().add_factory("/stream", factory)
if server.attach(None) == 0:
    sys.exit(f"Expected to listen on 127.0.0.1:{port}")
print("listening", flush=True)
GLib.MainLoop().run()
