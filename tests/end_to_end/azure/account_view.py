# SPDX-License-Identifier: MIT
"""What is in an account, asked with the keys that the emulator's environment names, without any client
library."""
import base64
import email.utils
import hashlib
import hmac
import json
import re
import urllib.parse
import urllib.request

BATCH_VERSION = "2024-07-01.20.0"
BLOB_VERSION = "2021-12-02"


def signature(key, text):
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def canonical(query):
    return "".join(f"\n{name.lower()}:{value}" for name, value in sorted(query.items()))


class AccountView:
    def __init__(self, environment):
        self.batch_url = environment["AZURE_BATCH_ENDPOINT"].rstrip("/")
        if "://" not in self.batch_url:
            self.batch_url = "http://" + self.batch_url
        self.account = environment["AZURE_BATCH_ACCOUNT"]
        self.key = environment["AZURE_BATCH_ACCESS_KEY"]
        storage = dict(part.split("=", 1) for part in
                       environment["AZURE_STORAGE_CONNECTION_STRING"].split(";") if part)
        self.blob_url = storage["BlobEndpoint"].rstrip("/")
        self.blob_account, self.blob_key = storage["AccountName"], storage["AccountKey"]

    def get(self, url, query, headers):
        request = urllib.request.Request(url + "?" + urllib.parse.urlencode(query),
                                         headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def batch(self, path):
        query = {"api-version": BATCH_VERSION}
        date = email.utils.formatdate(usegmt=True)
        text = "GET" + "\n" * 12 + f"ocp-date:{date}\n/{self.account}{path}" + canonical(query)
        return json.loads(self.get(self.batch_url + path, query, {
            "ocp-date": date,
            "Authorization": f"SharedKey {self.account}:{signature(self.key, text)}"}))

    def blob(self, path, query):
        date = email.utils.formatdate(usegmt=True)
        resource = f"/{self.blob_account}" + urllib.parse.urlsplit(self.blob_url).path + path
        text = ("GET" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{BLOB_VERSION}\n" +
                resource + canonical(query))
        return self.get(self.blob_url + path, query, {
            "x-ms-date": date, "x-ms-version": BLOB_VERSION,
            "Authorization": f"SharedKey {self.blob_account}:{signature(self.blob_key, text)}"})

    def jobs(self):
        return self.batch("/jobs")["value"]

    def tasks(self, job):
        return self.batch(f"/jobs/{job}/tasks")["value"]

    def pool(self, name):
        return self.batch(f"/pools/{name}")

    def containers(self, prefix):
        return re.findall("<Name>([^<]*)</Name>",
                          self.blob("/", {"comp": "list", "prefix": prefix}))

    def blobs(self, container):
        return re.findall("<Name>([^<]*)</Name>", self.blob(
            f"/{container}", {"comp": "list", "restype": "container"}))
