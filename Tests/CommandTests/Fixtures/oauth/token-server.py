#!/usr/bin/env python3
"""A small identity provider for the tests of log-ins, with OpenSSL's command line and nothing from outside.

token-server.py serve FOLDER   makes a key, and listens on a free port of 127.0.0.1, which it writes to FOLDER/port:
                               GET /jwks is the public key, POST /token a token for the client that FOLDER/client names
token-server.py mint FOLDER SECONDS [SUBJECT]   prints a token that expires so soon
"""
import base64
import http.server
import json
import os
import subprocess
import sys
import time
import urllib.parse


def openssl(*arguments, given=None):
    return subprocess.run(["openssl", *arguments], input=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def mint(folder, seconds, subject="amiwatch"):
    now = time.time()
    head = {"alg": "RS256", "typ": "JWT", "kid": "test"}
    claims = {"iss": "https://issuer.example.com", "aud": "kafka", "sub": subject, "scope": "kafka", "iat": int(now), "exp": int(now + seconds)}
    text = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
    signature = openssl("dgst", "-sha256", "-sign", os.path.join(folder, "idp.key"), given=text.encode())
    return f"{text}.{encoded(signature)}"


def key_set(folder):
    line = openssl("rsa", "-in", os.path.join(folder, "idp.key"), "-noout", "-modulus").decode().strip()
    modulus = bytes.fromhex(line.removeprefix("Modulus="))
    return {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "test", "n": encoded(modulus), "e": "AQAB"}]}


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, self.server.keys) if self.path == "/jwks" else self.answer(404, {})

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        with open(os.path.join(self.server.folder, "client"), encoding="utf-8") as file:
            wanted = "Basic " + base64.b64encode(file.read().strip().encode()).decode()
        if self.path != "/token" or form.get("grant_type") != ["client_credentials"]:
            return self.answer(400, {"error": "invalid_request"})
        if self.headers.get("Authorization") != wanted:
            return self.answer(401, {"error": "invalid_client"})
        self.answer(200, {"access_token": mint(self.server.folder, 300), "token_type": "Bearer", "expires_in": 300})

    def log_message(self, format, *values):
        pass


if sys.argv[1] == "mint":
    print(mint(sys.argv[2], float(sys.argv[3]), *sys.argv[4:]))
else:
    folder = sys.argv[2]
    openssl("genrsa", "-out", os.path.join(folder, "idp.key"), "2048")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.folder, server.keys = folder, key_set(folder)
    with open(os.path.join(folder, "port.new"), "w", encoding="utf-8") as file:
        file.write(str(server.server_port))
    os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
    server.serve_forever()
