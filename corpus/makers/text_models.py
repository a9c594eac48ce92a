"""Text models as Hugging Face keeps them, in small: a tokenizer of each kind (WordPiece, byte-level BPE, Unigram), a network of
seeded weights in ONNX, and the configuration that says what it is for; with what the Python libraries give for hard texts.

    python text_models.py OUT          (tokenizers 0.22, onnx 1.20, onnxruntime 1.23, numpy)
"""
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

WIDTH = 24
CORPUS = [
    "the quick brown fox jumps over the lazy dog", "a model is served where its file is", "Das ist kein Test, sondern ein Satz.",
    "What is the price of the ticket to Paris?", "refund my order please, it never arrived", "caf\u00e9 na\u00efve \u00fcber stra\u00dfe",
    "numbers like 1234 and 3.14 and dates 2026-11-29", "\u4eca\u65e5\u306f\u5929\u6c17\u304c\u3044\u3044", "don't stop, they're here; we've won!", "HELLO hello HeLLo",
] * 20
TEXTS = [
    "the quick brown fox", "", " ", "  two  spaces\tand\na line ", "don't they're we've", "caf\u00e9 na\u00efve \u00fcber STRASSE stra\u00dfe", "cafe\u0301 combining", "\u4eca\u65e5\u306f\u5929\u6c17",
    "emoji \U0001f600 and \U0001f468\u200d\U0001f469\u200d\U0001f467", "unbelievablyverylongwordwithoutspaces" * 3, "[MASK] <mask> [SEP] are words", "1234567 3.14,15 2026-11-29", "a.b,c;d:e!f?g", "\u00a0nbsp\u2003em space", "zero\u200bwidth \ufeffbom",
    "What is the price of the ticket to Paris? refund my order please, it never arrived, the quick brown fox jumps over the lazy dog", "\u0130stanbul \u0131 I i", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u03a3", "tab\tand\rreturn", "\u00bd \u2460 \ufb01 ligature",
]


def wordpiece():
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=260, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    t.decoder = decoders.WordPiece()
    return t, {"tokenizer_class": "BertTokenizer", "pad_token": "[PAD]", "model_max_length": 20}, True


def bpe():
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=420, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    t.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    return t, {"tokenizer_class": "RobertaTokenizer", "pad_token": "<pad>", "model_max_length": 24}, False


def unigram():
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("  ", " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.train_from_iterator(CORPUS, trainers.UnigramTrainer(vocab_size=220, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>"))
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    t.decoder = decoders.Metaspace()
    return t, {"tokenizer_class": "XLMRobertaTokenizer", "pad_token": "<pad>", "model_max_length": 22}, False


def network(path, vocabulary, types, seed, outputs):
    """Embeddings, one mixing layer that looks at the mask, and a head: [N, T] -> what `outputs` asks for."""
    rng = np.random.default_rng(seed)
    weight = lambda name, *shape: numpy_helper.from_array((rng.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32), name)
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["N", "T"]) for n in ["input_ids", "attention_mask"] + (["token_type_ids"] if types else [])]
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["embedded"]),
        *([helper.make_node("Gather", ["kinds", "token_type_ids"], ["kind"]), helper.make_node("Add", ["embedded", "kind"], ["x0"])] if types else [helper.make_node("Identity", ["embedded"], ["x0"])]),
        helper.make_node("MatMul", ["x0", "mix"], ["x1"]),
        helper.make_node("Tanh", ["x1"], ["x2"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "two"], ["mask3"]),
        helper.make_node("Mul", ["x2", "mask3"], ["x3"]),
        helper.make_node("ReduceSum", ["x3", "one"], ["sum"], keepdims=1),
        helper.make_node("ReduceSum", ["mask3", "one"], ["count"], keepdims=1),
        helper.make_node("Div", ["sum", "count"], ["context"]),
        helper.make_node("Add", ["x2", "context"], ["last_hidden_state"]),
    ]
    weights = [weight("words", vocabulary, WIDTH), weight("mix", WIDTH, WIDTH), numpy_helper.from_array(np.array([1], np.int64), "one"), numpy_helper.from_array(np.array([2], np.int64), "two")]
    if types:
        weights.append(weight("kinds", 2, WIDTH))
    kind, labels = outputs
    if kind == "hidden":
        given = [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["N", "T", WIDTH])]
    else:
        weights.append(weight("head", WIDTH, labels))
        if kind == "tokens":
            nodes.append(helper.make_node("MatMul", ["last_hidden_state", "head"], ["logits"]))
            given = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", "T", labels])]
        else:
            weights.append(numpy_helper.from_array(np.array(0, np.int64), "zero"))
            nodes += [helper.make_node("Gather", ["last_hidden_state", "zero"], ["first"], axis=1), helper.make_node("MatMul", ["first", "head"], ["logits"])]
            given = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", labels])]
    model = helper.make_model(helper.make_graph(nodes, "text", inputs, given, weights), opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def write(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        json.dump(value, file, ensure_ascii=False)


def case(out, name, make, config, outputs, extra=None, pairs=False):
    folder = os.path.join(out, name)
    os.makedirs(os.path.join(folder, "onnx"), exist_ok=True)
    tokenizer, settings, types = make()
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    write(os.path.join(folder, "tokenizer_config.json"), settings)
    write(os.path.join(folder, "config.json"), config)
    for file, value in (extra or {}).items():
        write(os.path.join(folder, file), value)
    model = os.path.join(folder, "onnx", "model.onnx")
    network(model, tokenizer.get_vocab_size(), types, sum(map(ord, name)), outputs)
    given = [(t, TEXTS[(i + 5) % len(TEXTS)]) for i, t in enumerate(TEXTS)] if pairs else TEXTS
    whole = [e.ids for e in tokenizer.encode_batch(given)]
    tokenizer.enable_truncation(settings["model_max_length"])
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id(settings["pad_token"]), pad_token=settings["pad_token"])
    encoded = tokenizer.encode_batch(given)
    feeds = {"input_ids": np.array([e.ids for e in encoded]), "attention_mask": np.array([e.attention_mask for e in encoded])}
    if types:
        feeds["token_type_ids"] = np.array([e.type_ids for e in encoded])
    raw = onnxruntime.InferenceSession(model).run(None, feeds)[0]
    expected = {"texts": given, "ids": whole, "cut": [[i for i, m in zip(e.ids, e.attention_mask) if m] for e in encoded]}
    if outputs[0] == "hidden":
        mask = feeds["attention_mask"][..., None].astype(np.float32)
        pooled = (raw * mask).sum(1) / mask.sum(1)
        expected["embeddings"] = (pooled / np.linalg.norm(pooled, axis=1, keepdims=True)).tolist()
    elif outputs[0] == "tokens":
        e = np.exp(raw - raw.max(-1, keepdims=True))
        p = e / e.sum(-1, keepdims=True)
        expected["tokens"] = [[{"id": int(i), "label": config["id2label"][str(int(row.argmax()))], "score": float(row.max())} for i, m, row in zip(enc.ids, enc.attention_mask, rows) if m] for enc, rows in zip(encoded, p)]
    elif outputs[1] == 1:
        expected["scores"] = (1 / (1 + np.exp(-raw[:, 0]))).tolist()
    else:
        e = np.exp(raw - raw.max(-1, keepdims=True))
        expected["probabilities"] = (e / e.sum(-1, keepdims=True)).tolist()
    write(os.path.join(folder, "expected.json"), expected)


def main(out):
    modules = {
        "modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}, {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}],
        "1_Pooling/config.json": {"word_embedding_dimension": WIDTH, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True},
    }
    labels = {"0": "refund", "1": "question", "2": "other"}
    case(out, "wordpiece-embedding", wordpiece, {"architectures": ["BertModel"], "model_type": "bert"}, ("hidden", 0), modules)
    case(out, "bpe-classifier", bpe, {"architectures": ["RobertaForSequenceClassification"], "model_type": "roberta", "id2label": labels}, ("sequence", 3))
    case(out, "unigram-reranker", unigram, {"architectures": ["XLMRobertaForSequenceClassification"], "model_type": "xlm-roberta", "id2label": {"0": "LABEL_0"}}, ("sequence", 1), pairs=True)
    case(out, "wordpiece-pairs", wordpiece, {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "id2label": {"0": "contradiction", "1": "neutral", "2": "entailment"}}, ("sequence", 3), pairs=True)
    case(out, "wordpiece-tokens", wordpiece, {"architectures": ["BertForTokenClassification"], "model_type": "bert", "id2label": {"0": "O", "1": "B-PER", "2": "I-PER"}}, ("tokens", 3))


main(sys.argv[1])
