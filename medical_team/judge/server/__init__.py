"""A judge behind HTTP: ``make_app`` around any ``Judge``, ``serve`` as a process. The wire format is ``judge.wire``.

A request passes ``connection`` (time limits of the socket), ``rim`` (id, token, log, metrics), ``body`` (size, JSON)
and ``app``; ``queue`` holds its audits until the judge has room. ``standing`` knows whether the judge is loaded and
admitted. Nothing of the package outside imports this one, so that only a server pays for FastAPI.
"""
