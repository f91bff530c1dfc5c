# The judge behind HTTP, in an environment of its own: without openrlhf, ray and deepspeed, and with a newer vLLM.
#
#   docker build -f docker/judge.Dockerfile -t medical-team:judge .
#   docker build -f docker/judge.Dockerfile -t medical-team:judge-rule --build-arg LOCK=judge-rule.txt .
#
# The second is for judges of plain code: no vLLM, no model, no GPU.
ARG BASE=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
FROM ${BASE}

# Triton compiles small C programs when a model is loaded.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev libgomp1 libnuma1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home medical

WORKDIR /opt/medical_team

ARG LOCK=judge.txt
COPY requirements/${LOCK} requirements/
RUN python3.11 -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r "requirements/${LOCK}" \
    && install -d -o medical -m 0700 .cache

COPY LICENSE ./
COPY medical_team medical_team
COPY launch/serve_medical_judge.py launch/
COPY docker/judge_answers.py docker/

# PYTHONPATH: there is no setup.py in here, whose extras are the trainer's. The sampler that needs CUDA's compiler is
# left alone, since the image has none.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/medical_team \
    HF_HOME=/opt/medical_team/.cache/huggingface \
    PYTHONUNBUFFERED=1 \
    VLLM_USE_FLASHINFER_SAMPLER=0
USER 10001:10001
VOLUME ["/opt/medical_team/.cache"]
EXPOSE 8000
STOPSIGNAL SIGTERM
# Whether the process lives. Whether its judge is loaded and admitted is /ready, which asks for the token.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "docker/judge_answers.py", "http://127.0.0.1:8000/health"]
# Reachable from other containers, so that it does not start without a token: --token-file or MEDICAL_TEAM_JUDGE_TOKEN.
ENTRYPOINT ["python", "launch/serve_medical_judge.py", "--host", "0.0.0.0", "--port", "8000"]
CMD ["--model", "google/medgemma-4b-it", "--token-file", "/run/secrets/judge_token"]
