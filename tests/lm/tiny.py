"""A language model of a few hundred random weights, with a tokenizer of whole words."""

from __future__ import annotations

WORDS = (
    "<s> </s> <unk> egg boil ten minutes water how long the a harbour was built in sold town who"
)
SPECIAL = {"bos": "<s>", "eos": "</s>", "unk": "<unk>"}
TEMPLATE = (
    "{% for one in messages %}"
    "{% if one.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}"
    "<s> {{ one.content }} </s> {% endfor %}{% if add_generation_prompt %}<s> a {% endif %}"
)


def tokenizer(template=TEMPLATE):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    known = {word: at for at, word in enumerate(WORDS.split())}
    made = Tokenizer(models.WordLevel(known, unk_token="<unk>"))  # noqa: S106  # a word
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    whole = PreTrainedTokenizerFast(
        tokenizer_object=made, **{f"{at}_token": word for at, word in SPECIAL.items()}
    )
    whole.chat_template = template
    return whole


def save(folder, template=TEMPLATE):
    """A Llama in a folder, as `save_pretrained` leaves one."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(WORDS.split()), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=64,
        initializer_range=0.5, bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer(template).save_pretrained(folder)
    return str(folder)


def save_bert(folder):
    """A model that looks ahead."""
    from transformers import BertConfig, BertForMaskedLM

    config = BertConfig(
        vocab_size=len(WORDS.split()), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=64, initializer_range=0.5,
    )  # fmt: skip
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return str(folder)
