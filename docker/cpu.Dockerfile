# Training and evaluation on CPU: the environment of `make install`, from the same script and the same lock.
#
#   docker build -f docker/cpu.Dockerfile -t medical-team:cpu .
#
# BASE needs Python 3.11 with venv and headers as `python3.11`, on Debian.
ARG BASE=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
FROM ${BASE}

# DeepSpeed and vLLM compile for the processor they find, also at run time.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ libgomp1 libnuma1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home medical

WORKDIR /opt/medical_team

# The environment changes less often than the code: a layer of its own. The package is installed as a link to the
# folder that the code is copied to below.
COPY setup.py ./
COPY scripts/install.sh scripts/
COPY requirements/cpu.txt requirements/torch-cpu.txt requirements/
COPY medical_team/__init__.py medical_team/
ENV VENV=/opt/venv
RUN PYTHON=python3.11 PIP_NO_CACHE_DIR=1 scripts/install.sh \
    && chown -R medical /opt/venv/torch_extensions \
    && install -d -o medical -m 0700 runs .cache

COPY LICENSE ./
COPY medical_team medical_team
COPY launch launch
COPY configs configs

ENV PATH=/opt/venv/bin:$PATH \
    TORCH_EXTENSIONS_DIR=/opt/venv/torch_extensions \
    HF_HOME=/opt/medical_team/.cache/huggingface \
    PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME ["/opt/medical_team/runs", "/opt/medical_team/.cache"]
# A job: it ends with an exit code, and its own watchdog ends it where it hangs.
HEALTHCHECK NONE
ENTRYPOINT ["python"]
CMD ["launch/train_ppo_ray.py", "--help"]
