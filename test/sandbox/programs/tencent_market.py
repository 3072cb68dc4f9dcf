"""As the document's Python program asks the older gateway, with nothing but the standard library."""
import base64, datetime, hashlib, hmac, os, urllib.parse, urllib.request

source = "market"
date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
text = "x-date: %s\nx-source: %s" % (date, source)
signature = base64.b64encode(hmac.new(os.environ["SECRET"].encode(), text.encode(), hashlib.sha1).digest()).decode()
headers = {
    "X-Source": source,
    "X-Date": date,
    "Authorization": 'hmac id="%s", algorithm="hmac-sha1", headers="x-date x-source", signature="%s"'
    % (os.environ["ID"], signature),
    "Content-Type": "application/x-www-form-urlencoded",
}
form = {"idcard": os.environ["ID_NUMBER"], "image": os.environ["IMAGE"], "name": os.environ["NAME"], "url": ""}
request = urllib.request.Request(os.environ["BASE_URL"], urllib.parse.urlencode(form).encode(), headers, method="POST")
with urllib.request.urlopen(request, timeout=10) as response:
    print(response.read().decode())
