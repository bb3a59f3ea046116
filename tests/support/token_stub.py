# SPDX-License-Identifier: MIT
"""A token service and a service behind it, over TLS, for the tests of tokens.

Usage: token_stub.py CERTIFICATE KEY. Prints "listening PORT". Gives tokens tok1, tok2, … to the
client "client-1" with the secret "s3cret"; /guarded answers to the newest token only.
"""

import http.server
import json
import ssl
import sys
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    given = 0

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self):
        form = urllib.parse.parse_qs(
            self.rfile.read(int(self.headers["Content-Length"])).decode())
        if self.path != "/tenant-1/oauth2/v2.0/token":
            self.answer(400, {"error": "invalid_request",
                              "error_description": "AADSTS90002: Tenant not found."})
        elif form.get("client_id") != ["client-1"] or form.get("client_secret") != ["s3cret"]:
            self.answer(401, {"error": "invalid_client",
                              "error_description": "AADSTS7000215: Invalid client secret."})
        elif form["scope"] != ["https://batch.core.windows.net//.default"]:
            self.answer(400, {"error": "invalid_scope", "error_description": "AADSTS70011: No."})
        else:
            Handler.given += 1
            self.answer(200, {"token_type": "Bearer", "expires_in": 3600,
                              "access_token": f"tok{Handler.given}"})

    def do_GET(self):
        good = self.headers.get("Authorization") == f"Bearer tok{Handler.given}"
        if self.path == "/expire":
            Handler.given += 1
            good = True
        self.answer(200 if good else 401, {"id": "p1"})

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print("listening", server.server_port, flush=True)
server.serve_forever()
