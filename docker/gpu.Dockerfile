# Training on NVIDIA GPUs.
#
#   docker build -f docker/gpu.Dockerfile -t medical-team:gpu .
#
# CUDA is the toolkit of the CUDA version that the locked torch was built with (13.0); its compiler builds flash-attn
# here, and is kept since DeepSpeed and flashinfer compile kernels for the card they find.
ARG CUDA=nvidia/cuda:13.0.2-devel-ubuntu22.04
ARG BASE=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
# hadolint ignore=DL3006
FROM ${CUDA} AS cuda

FROM ${BASE}

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ libgomp1 libnuma1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home medical

COPY --from=cuda /usr/local/cuda-13.0 /usr/local/cuda
ENV CUDA_HOME=/usr/local/cuda \
    PATH=/opt/venv/bin:/usr/local/cuda/bin:$PATH

WORKDIR /opt/medical_team

# DeepSpeed's source package builds in an environment of its own, without torch and so without asking for a GPU.
COPY requirements/gpu.txt requirements/
RUN python3.11 -m venv /opt/venv \
    && DS_ACCELERATOR=cpu python -m pip install --no-cache-dir --no-deps --require-hashes -r requirements/gpu.txt

# Architectures of the cards to run on (80: A100, 90: H100, 100: B200), and compilers at once: 4 take 40 GB of memory.
ARG FLASH_ATTN_CUDA_ARCHS=80;90
ARG MAX_JOBS=4
COPY requirements/flash-attn.txt requirements/
RUN FLASH_ATTENTION_FORCE_BUILD=TRUE FLASH_ATTN_CUDA_ARCHS="${FLASH_ATTN_CUDA_ARCHS}" MAX_JOBS="${MAX_JOBS}" \
    python -m pip install --no-cache-dir --no-deps --no-build-isolation --require-hashes \
    -r requirements/flash-attn.txt

COPY setup.py LICENSE ./
COPY medical_team medical_team
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && install -d -o medical -m 0700 runs .cache
COPY launch launch
COPY configs configs

ENV HF_HOME=/opt/medical_team/.cache/huggingface \
    PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME ["/opt/medical_team/runs", "/opt/medical_team/.cache"]
# A job: it ends with an exit code, and its own watchdog ends it where it hangs.
HEALTHCHECK NONE
ENTRYPOINT ["python"]
CMD ["launch/train_ppo_ray.py", "--help"]
