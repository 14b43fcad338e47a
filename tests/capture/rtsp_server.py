"""
A real RTSP server (GStreamer's, from Debian) on a loopback port, as a program of the system's Python.

It serves the H.264 of an .mp4, the sound of an .m4a, or for x.odd something that says of itself that it is coded as nobody knows.

    python3 rtsp_server.py PORT FILE [LOGIN USER PASSWORD]     LOGIN: basic or digest
"""

import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402  after its versions are chosen

FILE = 'filesrc location="{}" ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1'
SOUND = 'filesrc location="{}" ! qtdemux ! aacparse ! rtpmp4gpay name=pay0 pt=97'

ODD = 'videotestsrc is-live=true ! theoraenc ! rtptheorapay pt=96 ! capssetter caps="application/x-rtp,encoding-name=ODD9" name=pay0'
LAUNCHES = {".m4a": SOUND, ".odd": ODD}


def main(port, file, login="", user="", password=""):
    """Serve until killed; the first line on stdout is the port."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    launch = LAUNCHES.get(Path(file).suffix, FILE)
    factory.set_launch(f"( {launch.format(file)} )")
    if login:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "user")
        if login == "digest":
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(user, password, token)
        else:
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
        server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("user", "media.factory.access", True)
        permissions.add_permission_for_role("user", "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
