"""Sounds as WAV files of every encoding that is read, what torchaudio and transformers' feature extractors make of them, and
an Audio Spectrogram Transformer in small that tells tones, sweeps and noise apart, as Hugging Face keeps one.

    python audio_models.py OUT      (torch 2.15, torchaudio 2.11, transformers 5.24, soundfile 0.13, numpy)
"""
import json
import os
import sys

import numpy as np
import soundfile
import torch
import torchaudio
from torch import nn
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification, Wav2Vec2FeatureExtractor, WhisperFeatureExtractor

torch.set_num_threads(1)
KINDS = ["tone", "sweep", "noise"]


def sound(rng, kind, rate, seconds):
    t = np.arange(int(rate * seconds)) / rate
    level = rng.uniform(0.1, 0.8)
    f = rng.uniform(300, 2500)
    if kind == "tone":
        x = np.sin(2 * np.pi * f * t + rng.uniform(0, 6))
    elif kind == "sweep":
        g = f * rng.choice([2.5, 3.5])
        x = np.sin(2 * np.pi * (f * t + (g - f) * t * t / (2 * seconds)))
    else:
        x = np.clip(rng.standard_normal(len(t)) * 0.4, -1, 1)
    return (level * x + 0.01 * rng.standard_normal(len(t))).clip(-1, 1)


FILES = {
    "pcm8": (11025, "PCM_U8", 1, "tone"), "pcm16": (44100, "PCM_16", 2, "sweep"), "pcm24": (48000, "PCM_24", 1, "noise"),
    "pcm32": (22050, "PCM_32", 2, "tone"), "float": (16000, "FLOAT", 1, "sweep"), "double": (8000, "DOUBLE", 1, "tone"),
}
RATE = 16000


def mono(path):
    data, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return torch.from_numpy(data.mean(1, dtype=np.float64).astype(np.float32)), rate


def listed(values):
    return [float(np.float32(v)) for v in np.asarray(values).reshape(-1)]


def features(out):
    folder = os.path.join(out, "sounds")
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(2)
    expected = {}
    extractors = {
        "ast": ASTFeatureExtractor(num_mel_bins=24, max_length=20),
        "whisper": WhisperFeatureExtractor(feature_size=16, chunk_length=1),
        "wav2vec2": Wav2Vec2FeatureExtractor(),
    }
    for name, extractor in extractors.items():
        extractor.to_json_file(os.path.join(folder, name + ".json"))
    for name, (rate, subtype, channels, kind) in FILES.items():
        x = np.stack([sound(rng, kind, rate, 0.15) for _ in range(channels)], 1)
        path = os.path.join(folder, name + ".wav")
        soundfile.write(path, x, rate, subtype=subtype)
        samples, _ = mono(path)
        at = torchaudio.transforms.Resample(rate, RATE)(samples)
        given = {"ast": extractors["ast"](at.numpy(), sampling_rate=RATE)["input_values"][0], "whisper": extractors["whisper"](at.numpy(), sampling_rate=RATE)["input_features"][0][:, :20], "wav2vec2": extractors["wav2vec2"](at.numpy(), sampling_rate=RATE)["input_values"][0][:300]}
        expected[name] = {"rate": rate, "samples": listed(samples[:200]), "count": len(samples), "resampled": listed(at[:400]), "resampledCount": len(at), **{k: listed(v) for k, v in given.items()}}
    json.dump(expected, open(os.path.join(folder, "expected.json"), "w"))


class Bare(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, values):
        return self.model(input_values=values).logits


def classifier(out):
    folder = os.path.join(out, "kinds")
    os.makedirs(os.path.join(folder, "sounds"), exist_ok=True)
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    extractor = ASTFeatureExtractor(num_mel_bins=32, max_length=64)
    config = ASTConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, patch_size=16, frequency_stride=16, time_stride=8, max_length=64, num_mel_bins=32, id2label=dict(enumerate(KINDS)), label2id={k: i for i, k in enumerate(KINDS)})
    model = ASTForAudioClassification(config)
    values, targets = [], []
    for i in range(240):
        kind = i % len(KINDS)
        values.append(torch.as_tensor(extractor(sound(rng, KINDS[kind], RATE, rng.uniform(0.4, 0.7)).astype(np.float32), sampling_rate=RATE)["input_values"][0]))
        targets.append(kind)
    values, targets = torch.stack(values), torch.tensor(targets)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    model.train()
    for step in range(120):
        some = torch.from_numpy(rng.integers(0, len(targets), 24))
        loss = nn.functional.cross_entropy(model(input_values=values[some]).logits, targets[some])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("loss", loss.item(), file=sys.stderr)
    model.eval()
    config.architectures = ["ASTForAudioClassification"]
    config.to_json_file(os.path.join(folder, "config.json"))
    extractor.to_json_file(os.path.join(folder, "preprocessor_config.json"))
    with torch.no_grad():
        torch.onnx.export(Bare(model).eval(), (values[:1],), os.path.join(folder, "model.onnx"), input_names=["input_values"], output_names=["logits"], dynamic_axes={"input_values": {0: "batch"}, "logits": {0: "batch"}}, opset_version=17, dynamo=False)
    expected = {}
    for name, (kind, rate, subtype) in {"tone": ("tone", 22050, "PCM_16"), "sweep": ("sweep", 16000, "PCM_16"), "noise": ("noise", 8000, "PCM_U8")}.items():
        path = os.path.join(folder, "sounds", name + ".wav")
        soundfile.write(path, sound(rng, kind, rate, 0.6), rate, subtype=subtype)
        samples, _ = mono(path)
        given = extractor(torchaudio.transforms.Resample(rate, RATE)(samples).numpy(), sampling_rate=RATE, return_tensors="pt")["input_values"]
        with torch.no_grad():
            probabilities = model(input_values=given).logits.softmax(-1)[0]
        expected[name] = {"label": KINDS[int(probabilities.argmax())], "probabilities": probabilities.tolist()}
    json.dump(expected, open(os.path.join(folder, "expected.json"), "w"), indent=1)


if __name__ == "__main__":
    for name in sys.argv[2:] or ["features", "classifier"]:
        {"features": features, "classifier": classifier}[name](sys.argv[1])
