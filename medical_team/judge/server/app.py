"""The application: four paths around a judge. How a process of it runs is ``serve``'s concern."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from medical_team.judge.server.desk import Desk
from medical_team.judge.server.rim import Rim, sentence
from medical_team.judge.server.settings import ServerSettings
from medical_team.judge.server.standing import Admission, OpenJudge, Standing
from medical_team.judge.wire import AUDITS_PATH, HEALTH_PATH, METRICS_PATH, READY_PATH


def make_app(open_judge: OpenJudge, settings: ServerSettings, admission: Admission | None = None) -> FastAPI:
    """The application around the judge that ``open_judge`` loads, which begins with the application's lifespan.

    ``app.state.standing`` says how the judge stands. Nothing describes the paths to strangers: no OpenAPI pages.
    """
    standing = Standing(open_judge, admission)
    desk = Desk(standing, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        standing.start()
        yield
        await standing.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.standing = standing
    app.add_middleware(Rim, settings=settings, metrics=desk.metrics)
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse)
    app.add_api_route(AUDITS_PATH, desk.audits, methods=["POST"])
    app.add_api_route(HEALTH_PATH, desk.health, methods=["GET"])
    app.add_api_route(READY_PATH, desk.ready, methods=["GET"])
    app.add_api_route(METRICS_PATH, desk.measurements, methods=["GET"])
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    """The framework's own answer to a bad field would quote the field; this one says only that it is bad."""
    if isinstance(error, HTTPException):
        return sentence(error.status_code, error.detail, dict(error.headers or {}))
    return sentence(422, "the request is not what this path takes")
