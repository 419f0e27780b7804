# Servers of Python's http.server, as wsgiref uses it: lenient at the beginning of a request, where everything before a blank
# is a method. Prints what differential-upstreams.ts reads: ports, requests as they were understood, ended connections.
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()
ended = 0


def say(**event):
    with lock:
        print(json.dumps(event), flush=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 8

    def setup(self):
        super().setup()
        self.connection_number = self.server.numbers.pop(self.client_address)

    def parse_request(self):
        if not super().parse_request():
            return False
        say(
            lane=self.server.lane,
            connection=self.connection_number,
            method=self.command,
            target=self.path,
            host=self.headers.get("host", ""),
            body=-1,
        )
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
        return False

    def finish(self):
        global ended
        try:
            super().finish()
        finally:
            with lock:
                ended += 1

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.next_number = 0
        self.numbers = {}

    # In the order in which connections are accepted; what serves them runs in threads.
    def process_request(self, request, client_address):
        self.numbers[client_address] = self.next_number
        self.next_number += 1
        super().process_request(request, client_address)

    def handle_error(self, *_):
        pass


for lane in range(int(sys.argv[1])):
    server = Server(("127.0.0.1", 0), Handler)
    server.lane = lane
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say(lane=lane, port=server.server_address[1])

for line in sys.stdin:
    say(settled=ended)
