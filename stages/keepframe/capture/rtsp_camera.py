"""
A camera that streams video over the network: RTSP, and whatever else FFmpeg opens by an address.

What a decoded frame looks like as a picture is in decoded_picture.py, how a camera is lost and found in live.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from keepframe.capture.credentials import Login, check_address, login
from keepframe.capture.decoded import ANY_METADATA
from keepframe.capture.decoded_picture import picture_of
from keepframe.capture.interval import NS
from keepframe.capture.live import Live
from keepframe.capture.naming import STREAMS
from keepframe.capture.pace import Pace
from keepframe.errors import CameraError
from keepframe.frame import Frame

KEY_FRAMES_FROM_S = 10.0
"""From this `every` on only key frames are decoded, as long as they come that often: most cameras send one every 1 to 4 s."""

DECODED_WITHIN = 3
"""So many times the read deadline may pass without a picture: a camera may send few key frames."""
UNKNOWN = "cannot be decoded here; set the camera to H.264"
LATE = "no answer in time; is it on, and the address right?"

av.logging.set_level(None)  # what FFmpeg writes to stderr by itself holds addresses with passwords


@dataclass(kw_only=True)
class Rtsp(Live):
    """
    A video stream with an address like rtsp://HOST/PATH; also rtsps, rtmp, srt, udp, and http for HLS.

    url: a user and password in it are taken out. transport: of RTSP, "tcp" (nothing is lost on the way) or "udp". user, password_file,
    password_env: as `http` has them. every, open_timeout, read_timeout, frozen_after: as all live sources have them; with every = "10s" or
    more only key frames are decoded, as long as they come that often.

    media_ns is the camera's own time. A picture that the decoder says is damaged, and what builds on it up to the next key frame, is rejected
    as "corrupt"; pictures before the first key frame are passed over.

    >>> Rtsp(url="rtsp://door.local/live").transport
    'tcp'
    """

    url: str
    transport: Literal["tcp", "udp"] = "tcp"
    user: str | None = None
    password_file: Path | None = None
    password_env: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_address(self.url, (*STREAMS, "http", "https"))

    def connection(self, pace: Pace) -> Iterator[Frame]:
        """Open the stream and decode it."""
        known = login(self.url, self.user, self.password_file, self.password_env)
        container, stream = self._open(known)
        with container:
            yield from self._pictures(container, stream, known, pace)

    def _open(self, known: Login) -> tuple[InputContainer, VideoStream]:
        options = {"rtsp_transport": self.transport, "analyzeduration": "1000000"}
        began_s = self.clock.monotonic_s()
        try:
            container = av.open(
                known.address, options=options, timeout=(self.open_s, self.read_s), **ANY_METADATA
            )
        except av.FFmpegError as error:
            is_late = self.clock.monotonic_s() - began_s >= min(self.open_s, self.read_s)
            raise CameraError(f"{known.url}: {LATE if is_late else _reason(error, known)}") from None
        stream = container.streams.best("video")
        if not isinstance(stream, VideoStream) or stream.codec_context is None:
            container.close()
            told = (
                f"its video is coded in a way that {UNKNOWN}" if stream else "expected video, got none in it"
            )
            raise CameraError(f"{known.url}: {told}")
        stream.codec_context.thread_count = 1
        return container, stream

    def _pictures(
        self, container: InputContainer, stream: VideoStream, known: Login, pace: Pace
    ) -> Iterator[Frame]:
        only_keys = pace.interval is not None and pace.interval >= KEY_FRAMES_FROM_S * NS
        is_damaged = is_begun = False
        key_s = decoded_s = self.clock.monotonic_s()
        for packet in self._packets(container, stream, known):
            self.pulse()
            now = self.clock.monotonic_s()
            if now - decoded_s > DECODED_WITHIN * self.read_s:
                raise CameraError(f"{known.url}: what has come for {now - decoded_s:.0f} s {UNKNOWN}")
            is_key = packet.is_keyframe or packet.size == 0
            if only_keys and not is_key:
                only_keys = now - key_s <= (pace.interval or 0) / NS
                is_damaged = is_damaged or not only_keys  # the pictures it builds on were not decoded
                decoded_s = now
                continue
            key_s = now if is_key else key_s
            is_begun = is_begun or is_key
            if not is_begun:
                continue
            is_damaged = is_damaged or packet.is_corrupt
            try:
                frames = stream.codec_context.decode(packet)
            except av.FFmpegError:
                is_damaged = True
                continue
            for frame in frames:
                is_damaged = (is_damaged and not frame.key_frame) or frame.is_corrupt
                if pace.take():
                    yield self._frame(frame, stream, is_damaged=is_damaged)
                decoded_s = self.clock.monotonic_s()  # whoever takes the pictures may take his time

    def _packets(
        self, container: InputContainer, stream: VideoStream, known: Login
    ) -> Iterator[av.Packet[Any]]:
        try:
            yield from container.demux(stream)
        except av.FFmpegError as error:
            raise CameraError(f"{known.url}: {_reason(error, known)}") from None

    def _frame(self, decoded: av.VideoFrame, stream: VideoStream, *, is_damaged: bool) -> Frame:
        base = decoded.time_base or stream.time_base
        media_ns = round(decoded.pts * base * NS) if decoded.pts is not None and base is not None else None
        if is_damaged:
            return Frame(media_ns=media_ns).settled("rejected", "corrupt")
        return Frame(media_ns=media_ns, picture=picture_of(decoded, self.picture_room))


def _reason(error: av.FFmpegError, known: Login) -> str:
    """What is wrong and what to do, in one line; the error's own text would hold the address with its password."""
    match error:
        case av.error.HTTPUnauthorizedError():
            told = "login refused (401); check user and password"
            return (
                told
                if known.user
                else "it asks for a login (401); set user, and password_file or password_env"
            )
        case av.error.HTTPForbiddenError():
            return "not allowed (403); may this user see the camera?"
        case av.error.HTTPNotFoundError():
            return "there is no such stream (404); check the path of the address"
        case av.error.ExitError():
            return LATE
        case av.error.InvalidDataError():
            return "expected video, got something that cannot be read as it"
        case av.error.ProtocolNotFoundError():
            return "this FFmpeg does not speak that protocol"
        case av.error.DecoderNotFoundError():
            return f"its video is coded in a way that {UNKNOWN}"
    return f"cannot be reached or read ({error.strerror})"
