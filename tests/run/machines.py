"""
Machines made of network namespaces: each has its own loopback and one cable to the first, which can be cut, in one direction too, and made slow.

The processes are real, the network is the kernel's; what is missing of a real machine is its own clock, disk and power supply.
"""

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from running import Running

RUN = [sys.executable, "-c", "from keepframe.cli import main; main()", "run", "pipeline.toml"]


def ip(*arguments, inside=None):
    """Run `ip`, in one of the namespaces or outside; what it prints."""
    enter = ["nsenter", f"--net=/run/netns/{inside}"] if inside is not None else []
    done = subprocess.run([*enter, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


@functools.cache
def missing():
    """Why there can be no such machines here; empty if there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for program in ("ip", "tc", "nsenter"):
        if shutil.which(program) is None:
            return f"there is no {program}; apt-get install iproute2 util-linux"
    name = f"kf{os.getpid()}x"
    try:
        ip("ip", "netns", "add", name)
        try:
            ip("ip", "link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b")
            ip("ip", "link", "del", f"{name}a")
        finally:
            ip("ip", "netns", "del", name)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no network namespaces: {getattr(error, 'stderr', error)}"
    return ""


class Machines:
    """A first machine and others, each on a cable to the first: 10.77.N.1 and 10.77.N.2. Use it in a `with`."""

    def __init__(self, others):
        base = f"kf{os.getpid()}"
        self.names = [f"{base}n{n}" for n in range(others + 1)]
        self.runs = []

    def __enter__(self):
        """Make them."""
        try:
            for name in self.names:
                ip("ip", "netns", "add", name)
                ip("ip", "link", "set", "lo", "up", inside=name)
            for n, name in enumerate(self.names[1:], 1):
                ip("ip", "link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b")
                for end, host, machine in (("a", 1, self.names[0]), ("b", 2, name)):
                    ip("ip", "link", "set", f"{name}{end}", "netns", machine)
                    ip("ip", "addr", "add", f"10.77.{n}.{host}/24", "dev", f"{name}{end}", inside=machine)
                    ip("ip", "link", "set", f"{name}{end}", "up", inside=machine)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        """End what runs on them, and take them away."""
        for run in self.runs:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()
        for name in self.names:
            if Path(f"/run/netns/{name}").exists():
                ip("ip", "netns", "del", name)

    def run(self, n, folder, *only, **environment):
        """Start a run of some stages on a machine; the folder is its own."""
        with (folder / "log").open("a") as log:
            process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.names[n]}", *RUN, "--only", ",".join(only)],
                cwd=folder,
                stdout=log,
                stderr=log,
                env=os.environ | environment,
            )
        self.runs.append(Running(folder, process, only))
        return self.runs[-1]

    def cut(self, n):
        """Pull the cable of machine n: nothing passes, and nobody is told."""
        ip("ip", "link", "set", f"{self.names[n]}a", "down", inside=self.names[0])

    def mend(self, n):
        """Plug it in."""
        ip("ip", "link", "set", f"{self.names[n]}a", "up", inside=self.names[0])

    def deafen(self, n):
        """What the first machine sends to machine n is lost; the other way it passes."""
        ip("ip", "route", "add", "blackhole", f"10.77.{n}.2/32", inside=self.names[0])

    def hear(self, n):
        """No more of that."""
        ip("ip", "route", "del", "blackhole", f"10.77.{n}.2/32", inside=self.names[0])

    def slow(self, n, rate="2mbit"):
        """Let machine n get no more than this."""
        ip(
            *("tc", "qdisc", "replace", "dev", f"{self.names[n]}a", "root", "tbf"),
            *("rate", rate, "burst", "16k", "latency", "400ms"),
            inside=self.names[0],
        )

    def bytes(self, n):
        """How many bytes have passed the cable of machine n, in both directions."""
        (link,) = json.loads(ip("ip", "-s", "-j", "link", "show", f"{self.names[n]}a", inside=self.names[0]))
        return link["stats64"]["rx"]["bytes"] + link["stats64"]["tx"]["bytes"]

    def opened(self, n):
        """How many connections machine n has begun so far: a link that is declared dead begins one more."""
        names, values = (
            line.split()[1:]
            for line in ip("cat", "/proc/net/snmp", inside=self.names[n]).splitlines()
            if line.startswith("Tcp:")
        )
        return int(dict(zip(names, values, strict=True))["ActiveOpens"])


def pull(run):
    """A machine without power: its supervisor is killed, and its processes die with it."""
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
