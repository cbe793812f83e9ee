"""Redis goes away for two minutes: is everything taken in meanwhile, and done soon after its return?

    python benchmarks/no_redis.py --seconds 120

A service with a Redis of somebody else's, the HTTP API beside it; a document a second through the inbox and another
through the API while Redis is dead, then until all are done.
"""

from __future__ import annotations

import argparse
import http
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.fakes.running import FAST, Up, wait_for
from worker.database import Database
from worker.processes import own_redis
from worker.processes.services import Service

DEMAND_SECONDS = 60.0
CROSSFOOT = (sys.executable, "-P", "-c", "import sys; from worker.cli import main; sys.exit(main())")
BODY = '--cut\r\nContent-Disposition: form-data; name="file"; filename="{0}"\r\n\r\n{1}\r\n--cut--\r\n'


def post(port: int, number: int) -> int:
    """Upload a document of a number; the status of the answer."""
    return post_text(port, f"{number}.txt", f"api {number}\n")


def post_text(port: int, name: str, text: str) -> int:
    """Upload a document; the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    head = {"Content-Type": "multipart/form-data; boundary=cut"}
    connection.request("POST", "/v1/jobs", BODY.format(name, text).encode(), head)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def is_ready(port: int) -> bool:
    """Whether the API answers."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/livez")
    except OSError:
        return False
    return connection.getresponse().status == http.HTTPStatus.OK


def measure(folder: Path, seconds: float) -> bool:
    """Whether all was taken, and done in time."""
    own = own_redis.prepare(folder)
    broker = Service("redis", own.command, {}, folder, folder / "redis.log")
    broker.start()
    own_redis.wait_until_ready(own.url, 10)
    port = 18_000 + int(time.time()) % 10_000
    with Up(folder / "home", replace(FAST, redis_url=own.url)) as up, (folder / "serve.log").open("wb") as log:
        command = [*CROSSFOOT, "serve", "--port", str(port)]
        api = subprocess.Popen(command, env=up.settings.environment(), stdout=log, stderr=log)
        wait_for(lambda: is_ready(port) or None)
        broker.kill()
        statuses: list[int] = []
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            up.drop(f"inbox-{len(statuses)}.txt", f"inbox {len(statuses)}\n")
            statuses.append(post(port, len(statuses)))
            time.sleep(1.0)
        broker.start()
        returned = time.monotonic()
        done, left = 0, 1
        while left and time.monotonic() - returned < 2 * DEMAND_SECONDS:
            with Database.open(up.settings) as db:
                counts = {r["state"]: r["n"] for r in db.rows("SELECT state, count(*) AS n FROM jobs GROUP BY state")}
            done, left = counts.get("done", 0), 2 * len(statuses) - counts.get("done", 0)
            time.sleep(0.2)
        took = time.monotonic() - returned
        api.terminate()
        api.wait()
    broker.kill()
    told = json.dumps({str(s): statuses.count(s) for s in sorted(set(statuses))})
    print(f"without Redis for {seconds:.0f} s: {len(statuses)} uploads answered {told}, as many dropped")
    print(f"done {done} of {2 * len(statuses)}, {took:.1f} s after its return (demand: {DEMAND_SECONDS:.0f} s)")
    return not left and took < DEMAND_SECONDS and set(statuses) == {http.HTTPStatus.ACCEPTED}


def main() -> int:
    """Measure; 1 where it is not as demanded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=120.0)
    folder = Path(tempfile.mkdtemp(prefix="no-redis-"))
    good = measure(folder, parser.parse_args().seconds)
    shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
