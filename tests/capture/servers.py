"""Cameras on a loopback port, as real ones answer: MJPEG and snapshots over HTTP, with logins, and with every bad habit."""

import base64
import hashlib
import os
import signal
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np

REALM, NONCE = "camera", "abc123"
CERTIFICATE = Path(__file__).with_name("camera.pem")
"""Of the tests alone, with its key: openssl req -x509 -newkey ec -nodes -subj /CN=camera."""


def jpeg(number=0, size=(48, 64), quality=90, level=None):
    """A JPEG file that is another for each number; of nothing but one gray level, if that is given."""
    y, x = np.mgrid[: size[0], : size[1]]
    image = np.clip(90 + 60 * np.sin(x / 9 + number) + 40 * np.cos(y / 7 - number), 0, 255).astype(np.uint8)
    image[8:20, (5 * number) % (size[1] - 12) : (5 * number) % (size[1] - 12) + 12] = 250
    if level is not None:
        image[:] = level
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


class HttpCamera:
    """
    A camera that serves /snap.jpg and /video.mjpg; what it does can be changed while it runs.

    login: "", "basic" or "digest". parts: how the stream is cut: "plain", "no-length", "wrong-length", "no-crlf". behind: bytes after
    each picture. ends_after: so many pictures a stream has. is_safe: over https, with a certificate that it made for itself. piece: so many bytes at a time, with a pause behind each. sent: every picture that went out whole.
    """

    def __init__(self, port=0, *, login="", user="admin", password="s3cret pass/ö", size=(48, 64), **more):
        self.login, self.user, self.password, self.size = login, user, password, size
        self.parts, self.behind, self.etag, self.pause_s, self.piece = "plain", b"", False, 0.02, 1 << 20
        self.ends_after, self.is_safe = 1 << 60, False
        self.status, self.body, self.kind, self.location = 200, None, "image/jpeg", None
        self.is_frozen = threading.Event()
        self.is_over = threading.Event()
        self.sent, self.asked, self.headers = [], 0, []
        self.number = 0
        for name, value in more.items():
            setattr(self, name, value)
        camera = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                camera.answer(self)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass

            def shutdown_request(self, request):
                camera.open.discard(request)
                super().shutdown_request(request)

            def process_request(self, request, address):
                camera.open.add(request)
                super().process_request(request, address)

        self.open = set()
        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        if self.is_safe:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(CERTIFICATE)
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def url(self, path="snap.jpg", userinfo=""):
        return f"http{'s' * self.is_safe}://{userinfo}127.0.0.1:{self.port}/{path}"

    def stop(self):
        """As if somebody had pulled the plug."""
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()
        for request in list(self.open):
            try:
                request.shutdown(2)
            except OSError:
                continue
        self._thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def next(self):
        """The next picture."""
        self.number += 1
        return jpeg(self.number, self.size)

    def answer(self, handler):
        self.asked += 1
        self.headers.append(dict(handler.headers))
        if not self._is_known(handler):
            return
        if self.location is not None:
            self._reply(handler, 302, b"", {"Location": self.location})
        elif handler.path.startswith("/video"):
            self._stream(handler)
        else:
            self._snapshot(handler)

    def _snapshot(self, handler):
        while self.is_frozen.is_set() and not self.is_over.is_set():
            self.is_over.wait(0.01)
        if self.etag and handler.headers.get("If-None-Match") == '"1"':
            self._reply(handler, 304, b"", {})
            return
        data = self.body if self.body is not None else self.next()
        self.sent.append(hashlib.sha256(data).hexdigest())
        self._reply(
            handler,
            self.status,
            data + self.behind,
            {"Content-Type": self.kind} | ({"ETag": '"1"'} if self.etag else {}),
        )

    def _stream(self, handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=--edge")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        last = self.number + self.ends_after
        while not self.is_over.is_set() and self.number < last:
            if self.is_frozen.is_set():
                self.is_over.wait(0.01)
                continue
            data = self.body if self.body is not None else self.next()
            length = {"plain": len(data) + len(self.behind), "wrong-length": 7}.get(self.parts)
            head = "--edge\r\nContent-Type: image/jpeg\r\n"
            head += f"Content-Length: {length}\r\n" if length is not None else ""
            end = b"" if self.parts == "no-crlf" else b"\r\n"
            self.sent.append(hashlib.sha256(data).hexdigest())
            self._write(handler, head.encode() + b"\r\n" + data + self.behind + end)

    def _is_known(self, handler):
        given = handler.headers.get("Authorization", "")
        if not self.login:
            return True
        if self.login == "basic":
            right = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            is_known, asked = given == right, f'Basic realm="{REALM}"'
        else:
            is_known = self._is_digest_right(given, handler.path)
            asked = f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth", algorithm=MD5'
        if not is_known:
            self._reply(handler, 401, b"no", {"WWW-Authenticate": asked})
        return is_known

    def _is_digest_right(self, given, path):
        if not given.startswith("Digest "):
            return False
        said = dict(part.strip().split("=", 1) for part in given[7:].split(","))
        said = {key: value.strip('"') for key, value in said.items()}
        first = _md5(f"{self.user}:{REALM}:{self.password}")
        second = _md5(f"GET:{path}")
        right = _md5(f"{first}:{NONCE}:{said['nc']}:{said['cnonce']}:auth:{second}")
        return said["response"] == right

    def _reply(self, handler, status, data, headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        self._write(handler, data)

    def _write(self, handler, data):
        for begin in range(0, len(data), self.piece):
            handler.wfile.write(data[begin : begin + self.piece])
            handler.wfile.flush()
            self.is_over.wait(self.pause_s)


def _md5(text):
    return hashlib.md5(text.encode()).hexdigest()


RTSP = ["/usr/bin/python3", str(Path(__file__).with_name("rtsp_server.py"))]
RTSP_PACKAGES = "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"


def rtsp_is_missing():
    """Why there is no RTSP server to test with; empty if there is one."""
    code = (
        "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer; Gst.init(None); "
        "assert all(map(Gst.ElementFactory.find, ['qtdemux', 'h264parse', 'rtph264pay']))"
    )
    try:
        done = subprocess.run([RTSP[0], "-c", code], capture_output=True, timeout=60, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else f"no RTSP server; apt install {RTSP_PACKAGES}"


class RtspServer:
    """GStreamer's RTSP server in a process of its own, serving this file at /live."""

    def __init__(self, file, *login, port=0):
        if not port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
        self.port = port
        self.process = subprocess.Popen(
            [*RTSP, str(port), str(file), *login],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout.readline().strip() == str(port)

    def url(self, userinfo="", path="live"):
        return f"rtsp://{userinfo}127.0.0.1:{self.port}/{path}"

    def freeze(self):
        """It says nothing more and ends no connection."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def stop(self):
        """As if somebody had pulled the plug."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Link:
    """A line to a server on this machine, on a port of its own, that can be slowed down, or let nothing through while it stays open."""

    PIECE = 200

    def __init__(self, server_port):
        self.server_port, self.bytes_per_s = server_port, None
        self.is_open, self.is_over = threading.Event(), threading.Event()
        self.is_open.set()
        self._ends = [socket.create_server(("127.0.0.1", 0))]
        self.port = self._ends[0].getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._ends[0].accept()
                far = socket.create_connection(("127.0.0.1", self.server_port))
            except ConnectionRefusedError:
                near.close()
                continue
            except OSError:
                return
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source, sink):
        try:
            while data := source.recv(self.PIECE):
                self.is_open.wait()
                if self.bytes_per_s:
                    self.is_over.wait(len(data) / self.bytes_per_s)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            _shut(end)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.is_open.set()
        for end in self._ends:
            _shut(end)
            end.close()


def _shut(end):
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
