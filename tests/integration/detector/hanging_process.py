"""Run by the tests: a detector, one of whose workers ignores that it is to end. `hanging_process.py SECONDS`."""

import asyncio
import sys

from fastapi import FastAPI

from tocsin_chassis.platform import Platform
from tocsin_chassis.serving import serve_alone
from tocsin_detector.app import create_app
from tocsin_detector.settings import DetectorSettings


async def ignore_everything() -> int:
    print("hangs", flush=True)
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("ignored", flush=True)


def create_hanging_app(settings: DetectorSettings, platform: Platform) -> FastAPI:
    app = create_app(settings, platform)
    app.state.service.work("stubborn", ignore_everything)
    return app


if __name__ == "__main__":
    serve_alone("detector", DetectorSettings, create_hanging_app, hard_stop=float(sys.argv[1]))
