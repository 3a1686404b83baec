"""Connections between processes, by sockets."""
import contextlib
import json
import socket
import threading
import time

# Connections on which a vanished host shows after 8 seconds of silence.
ALIVE = {"TCP_KEEPIDLE": 2, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3}


def listen(port):
    """Returns a socket that takes connections of all addresses at a port."""
    both = socket.has_dualstack_ipv6()
    return socket.create_server(
        ("", port), dualstack_ipv6=both,
        family=socket.AF_INET6 if both else socket.AF_INET)


def watch(link):
    """Has a connection end when the host beyond has vanished."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name in ALIVE.keys() & vars(socket):
        link.setsockopt(
            socket.IPPROTO_TCP, getattr(socket, name), ALIVE[name])


def in_background(function, *arguments):
    """Runs a function while this process goes on, and no longer."""
    threading.Thread(target=function, args=arguments, daemon=True).start()


def send(link, content):
    """Sends a line of JSON; `peers.Team.attend` notices if nobody is there."""
    with contextlib.suppress(OSError):
        link.sendall(json.dumps(content).encode() + b"\n")


def reach(host, port):
    """Connects to an address as soon as anybody listens there."""
    while True:
        with contextlib.suppress(OSError):
            link = socket.create_connection((host, port), timeout=10)
            if link.getsockname() != link.getpeername():  # not with itself
                link.settimeout(None)
                return link
            link.close()
        time.sleep(0.2)


def relay(host, port):
    """Returns a port of this machine that leads to another address.

    Connections to it stay open when those beyond have ended: JAX, which would
    abort where the first process is gone, then does not find out.
    """
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            near, _ = server.accept()
            far = reach(host, port)
            in_background(pump, near, far)
            in_background(pump, far, near)

    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(2 ** 16):
                sink.sendall(data)

    in_background(serve)
    return server.getsockname()[1]
