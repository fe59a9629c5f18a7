"""The container's health check: ``python -m bot.run.probe`` asks the health page if all is well.

Ends with 0 when it answers that all is well, else with 1 and one sentence. No answer is as bad as
a bad one: a blocked event loop cannot answer. Without a page to ask it cannot be well either.
"""

import http.client
import sys
from typing import Final

from bot.config.schema import HealthConfig
from bot.config.sources import load_config
from bot.errors import ConfigError

PATIENCE_S: Final = 5.0
ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # not listened on here
"""Where to ask a page that answers on every address of the machine."""


def main() -> int:
    try:
        health = load_config().health
    except ConfigError as error:
        verdict, is_well = str(error), False
    else:
        verdict, is_well = ask(health)
    sys.stdout.write(f"{verdict}\n")
    return 0 if is_well else 1


def ask(health: HealthConfig) -> tuple[str, bool]:
    """Return what the page says and whether that is good."""
    if health.port == 0:
        return "health.port is 0: there is no page to ask; set it, or check nothing", False
    host = ANYWHERE.get(health.host, health.host)
    connection = http.client.HTTPConnection(host, health.port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.read().decode().strip(), answer.status == 200
    except (OSError, http.client.HTTPException) as error:
        return f"no answer from {host}, port {health.port}: {error!r}", False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
