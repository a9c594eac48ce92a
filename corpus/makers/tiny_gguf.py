"""A language model small enough to be kept in the repository: the Llama architecture with seeded weights, a vocabulary of
bytes and printable characters, and ChatML as its template. It writes nonsense, the same nonsense for the same seed, in
printable characters: the rows of its output matrix are zero for everything else, and the end of a turn is likely.

    python tiny_gguf.py OUT.gguf          (gguf 0.19, numpy)
"""
import sys

import gguf
import numpy as np

WIDTH, HEADS, LAYERS, FORWARD, CONTEXT = 64, 4, 2, 128, 4096
TEMPLATE = "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"


def main(path):
    rng = np.random.default_rng(7)
    writer = gguf.GGUFWriter(path, "llama")
    tokens = [("<unk>", 2), ("<s>", 3), ("</s>", 3)] + [("<0x%02X>" % b, 6) for b in range(256)]
    printable = [chr(c) for c in range(33, 127)]
    tokens += [("\u2581", 1)] + [(c, 1) for c in printable] + [("<|im_start|>", 3), ("<|im_end|>", 3)]
    names = [t for t, _ in tokens]
    end = names.index("<|im_end|>")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([t.encode() for t in names])
    writer.add_token_scores([0.0 if kind != 1 else -float(i) for i, (_, kind) in enumerate(tokens)])
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(end)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATE)

    def tensor(name, *shape, scale=1.0):
        writer.add_tensor(name, (rng.standard_normal(shape) * scale / np.sqrt(shape[-1])).astype(np.float32))

    writer.add_tensor("token_embd.weight", rng.standard_normal((len(tokens), WIDTH)).astype(np.float32))
    for i in range(LAYERS):
        block = "blk.%d." % i
        writer.add_tensor(block + "attn_norm.weight", np.ones(WIDTH, np.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensor(block + part + ".weight", WIDTH, WIDTH)
        writer.add_tensor(block + "ffn_norm.weight", np.ones(WIDTH, np.float32))
        tensor(block + "ffn_gate.weight", FORWARD, WIDTH)
        tensor(block + "ffn_up.weight", FORWARD, WIDTH)
        tensor(block + "ffn_down.weight", WIDTH, FORWARD)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    output = np.zeros((len(tokens), WIDTH), np.float32)
    for name in printable + ["\u2581"]:
        output[names.index(name)] = rng.standard_normal(WIDTH) * 0.5
    output[end] = rng.standard_normal(WIDTH) * 0.5
    writer.add_tensor("output.weight", output)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main(sys.argv[1])
