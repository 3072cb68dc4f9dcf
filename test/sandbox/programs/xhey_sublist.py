"""As the document's Python program calls v2/department/sublist, with nothing but the standard library."""
import base64, hashlib, hmac, json, os, time, urllib.request


def sign(data):
    digest = hmac.new(os.environ["SECRET"].encode(), data.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


body = json.dumps({"departmentID": 1})
timestamp = str(int(time.time()))
text = "groupKey=%s&sign=%s&timestamp=%s" % (os.environ["ID"], sign(body), timestamp)
headers = {"GroupKey": os.environ["ID"], "Timestamp": timestamp, "Signature": sign(text)}
url = os.environ["BASE_URL"] + "/v2/department/sublist"
request = urllib.request.Request(url, body.encode(), {**headers, "Content-Type": "application/json"}, method="POST")
with urllib.request.urlopen(request, timeout=10) as response:
    print(response.read().decode())
