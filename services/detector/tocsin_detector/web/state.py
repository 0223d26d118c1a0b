"""This service's own state, as pages get it."""

from typing import Annotated, cast

from fastapi import Depends, Request

from tocsin_detector.usecases.state import DetectorState


def _state(request: Request) -> DetectorState:
    return cast(DetectorState, request.app.state.detector)


State = Annotated[DetectorState, Depends(_state)]
