"""As the document's Python program signs, with nothing but the standard library."""
import base64, hashlib, hmac, json, os, time, urllib.request

secret = os.environ["SECRET"].encode()


def sign(data):
    return base64.b64encode(hmac.new(secret, data.encode(), hashlib.sha256).digest()).decode()


def call(name, payload):
    body = json.dumps(payload)
    timestamp = str(int(time.time()))
    key = os.environ["ID"]
    signature = sign("groupKey=" + key + "&sign=" + sign(body) + "&timestamp=" + timestamp)
    headers = {"GroupKey": key, "Timestamp": timestamp, "Signature": signature, "Content-Type": "application/json"}
    url = os.environ["BASE_URL"] + "/v2/truth_build/" + name
    request = urllib.request.Request(url, body.encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


task = call("create", {"photoUrlList": ["https://a.test/照片.jpg?x=1&y=2"]})["data"]["data"][0]["taskID"]
print(json.dumps(call("query", {"taskID": task})["data"]["list"]))
