"""The one table of other people's models: what a config.json is, and whether it opens here.

A model is told by what its config calls itself: diffusers' `_class_name`, transformers' `model_type` and `architectures`, the
`target` of taming-transformers, latent-diffusion and Hydra (`_target_`, Lightning's `class_path`); or by its entries, where it has
no name. A row with a layout opens; to open another, give its row one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vqcore.files import shown
from vqcore.tokenizers.foreign.codecs import DAC, ENCODEC, MIMI, Family
from vqcore.tokenizers.foreign.layouts import DIFFUSERS, GUMBEL, TAMING, Layout
from vqcore.tokenizers.foreign.llamagen import DEEPSEEK, JANUS, JANUS_VQVAE, LLAMAGEN

TARGETS = ("target", "_target_", "class_path")
MOST_NAME = 200  # characters of what a config calls itself
OTHER_NETWORKS = "its networks are others than a VQGAN's, and aren't built here"
SOUND = "of the codecs of sound only EnCodec, Mimi and DAC are read, in transformers' layout"
CODECS = "Open facebook/encodec_24khz, kyutai/mimi or descript/dac_24khz."
NO_TOKENS = "it has no codebook, so there are no tokens to look at"


@dataclass(frozen=True)
class Known:
    """A kind of model that other programs write.

    what: its name and what it is, after "is";  calls: a pattern for what its config calls itself, with where: `_class_name=VQModel`,
    `model_type=gpt2`, `target=taming.models.vqgan.VQModel`;  keys: entries by which one without a name is told;
    layout, codec: how the config and weights of a VQGAN, or of a codec of sound, are read, None where it doesn't open;  why: why not;
    helps: what would help.
    """

    what: str
    calls: str = ""
    keys: frozenset[str] = frozenset()
    layout: Layout | None = None
    codec: Family | None = None
    why: str = ""
    helps: str = ""

    def refusal(self, name: str) -> str:
        """What to tell whoever wanted to open `name`, which is one of these and doesn't open."""
        return " ".join(filter(None, [f"{shown(name)} is {self.what}. It doesn't open here: {self.why}.", self.helps]))


def _class(names: str) -> str:
    return rf"(_class_name|architectures)=({names})"


def _type(names: str) -> str:
    return rf"model_type=({names})"


def _target(names: str) -> str:
    return rf"target=([\w.]*\.)?({names})"


TABLE = (
    # What opens. Of the classes called VQModel, Open-MAGVIT2's comes first: it is told by its module.
    Known(
        "Open-MAGVIT2, whose lookup-free quantization has 2^18 codes and no table", _target(r"(lfqgan|Open_MAGVIT2)\.[\w.]*"),
        why="its networks are others than a VQGAN's, and it is published as a pickle (.ckpt), which can run code and is never opened",
        helps="FSQ has no table either, and opens: with levels (8, 8, 8, 5, 5, 5) it has 64,000 codes.",
    ),
    Known("a VQModel of diffusers", r"_class_name=VQModel", layout=DIFFUSERS),
    Known(
        "a VQGAN of taming-transformers or latent-diffusion, or an FSQ model", _target("VQModel|VQModelInterface|FSQModel"), layout=TAMING,
    ),
    Known("GumbelVQ, taming-transformers' VQGAN with a Gumbel softmax", _target("GumbelVQ|GumbelVQNoDisc"), layout=GUMBEL),
    Known("LlamaGen's tokenizer (VQ-16 or VQ-8)", keys=frozenset({"codebook_embed_dim", "encoder_ch_mult"}), layout=LLAMAGEN),
    Known("Janus's tokenizer (LlamaGen's VQ-16), as transformers saves it", _type("janus_vqgan"), layout=JANUS_VQVAE),
    Known("Janus, a language model that reads and writes pictures with LlamaGen's VQ-16", _type("janus"), layout=JANUS),
    Known("Janus as DeepSeek has it", _type("multi_modality"), keys=frozenset({"gen_vision_config"}), layout=DEEPSEEK),
    # Tokenizers of pictures that don't.
    Known(
        "Chameleon, a language model of mixed text and pictures", _type("chameleon|chameleon_vqgan|anole"),
        why="its VQGAN (8,192 codes, f = 16) lies among the weights of a language model of 7 billion parameters or more",
        helps="Save the tensors under model.vqmodel alone, with a config.json in taming-transformers' layout, and open that folder.",
    ),
    Known(
        "Emu3, whose tokenizer reads videos four frames at a time", _type("Emu3|emu3_vqgan|Emu3VisionVQ|emu3_text_model"),
        why="its convolutions run over time too, and aren't built here",
        helps="A tokenizer of single pictures opens: aMUSEd's, amused/amused-512/vqvae, or LlamaGen's.",
    ),
    Known(
        "TiTok, which writes a picture as 32 to 256 tokens in a row", _class("TiTok|PretrainedTokenizer") + "|" + _target(r"TiTok"),
        keys=frozenset({"num_latent_tokens"}),
        why="its tokens are no grid, so none of them has a place in the picture to be looked at or edited",
        helps="Here a token has to stand for a square of pixels: LlamaGen's VQ-16 does, with 256 tokens for a picture of 256 pixels.",
    ),
    Known(
        "MaskGIT's VQGAN, as open-muse has it", _class("MaskGitVQGAN|MaskGITVQGAN") + "|" + _target("MaskGitVQGAN|MaskGITVQGAN"),
        why="its networks differ from VQGAN's (no attention, no biases, pooling instead of strides) and aren't built here",
        helps="aMUSEd's tokenizer, of the same people, opens: amused/amused-512/vqvae.",
    ),
    Known(
        "a VQGAN, MoVQ or Paella tokenizer in open-muse's or Wuerstchen's own layout", _class("VQGANModel|MOVQ|MoVQ|PaellaVQModel"),
        why="only diffusers' and taming-transformers' layouts are read",
        helps="aMUSEd's tokenizer is open-muse's VQGAN in diffusers' layout, and opens: amused/amused-512/vqvae.",
    ),
    Known(
        "IBQ, whose codebook is learned by index backpropagation", _target(r"(IBQ|ibqgan)(\.[\w.]*)?") + "|" + _class("IBQ"),
        why=f"{OTHER_NETWORKS}; it is published as a pickle (.ckpt), which can run code and is never opened",
        helps="A VQGAN of taming-transformers opens, with up to 262,144 codes.",
    ),
    Known(
        "a Cosmos tokenizer", _class(r"\w*Cosmos\w*") + "|" + _type(r"cosmos\w*"),
        why="it is published as TorchScript (.jit), which carries code and is never opened here",
        helps="Its discrete kinds (DI8x8, DI16x16) use FSQ over wavelets; another FSQ model opens where its weights are safetensors.",
    ),
    Known(
        "BSQ, binary spherical quantization over a transformer", _target(r"\w*BSQ\w*|bsqvit\.[\w.]*") + "|" + _class(r"\w*BSQ\w*"),
        why="its networks are transformers, which aren't built here, and it is published as pickles (.ckpt, .pt)",
        helps="A convolutional VQGAN opens, and LlamaGen's, whose codes lie on the unit sphere as well.",
    ),
    Known(
        "DALL-E's dVAE",
        _class(r"DALLE?\w*|\w*[dD]VAE|\w*DiscreteVAE") + "|" + _type("dall-?e|dvae|dalle_dvae") + "|"
        + _target(r"\w*DiscreteVAE|\w*dVAE|dall_e\.[\w.]*"),
        why=f"{OTHER_NETWORKS}; it is published as pickles (encoder.pkl, decoder.pkl)",
        helps="A VQGAN with 8,192 codes and f = 8 is the nearest that opens: CompVis's vq-f8.",
    ),
    Known(
        "a VQGAN in Flax, as DALL-E mini has it", _type("vqgan"), keys=frozenset({"n_embed", "embed_dim", "ch_mult"}),
        why="its weights are in Flax's format (.msgpack)", helps="taming-transformers' own VQGAN, from which it was made, opens.",
    ),
    Known(
        "VQ-Diffusion, which draws the tokens of a VQGAN",
        _class("VQDiffusionPipeline") + "|" + _target(r"image_synthesis\.[\w.]*|\w*TamingVQVAE"),
        why="it writes tokens and isn't what reads them", helps="Its tokenizer is the folder vqvae: open that one, if it has safetensors.",
    ),
    Known(
        "a tokenizer of 4M", keys=frozenset({"enc_type", "dec_type", "quant_type"}), why=OTHER_NETWORKS, helps="A VQGAN opens.",
    ),
    Known(
        "RQ-VAE, with several codes at each place", _class("RQVAE") + "|" + _target("RQVAE"),
        why="residual codes of others aren't read here yet", helps="A VQGAN opens.",
    ),
    # Tokenizers of sound.
    Known("EnCodec, a codec of sound with residual codebooks", _type("encodec") + "|" + _class("EncodecModel"), codec=ENCODEC),
    Known("Mimi, Moshi's codec of sound with residual codebooks", _type("mimi") + "|" + _class("MimiModel"), codec=MIMI),
    Known("DAC, Descript's codec of sound with residual codebooks", _type("dac") + "|" + _class("DacModel"), codec=DAC),
    Known(
        "DAC in Descript's own layout", _class("DAC"), why="only transformers' layout of it is read",
        helps="The same weights are in that one on the Hub: descript/dac_24khz.",
    ),
    Known(
        "WavTokenizer, a codec of sound with one codebook, as its authors have it", _target("VocosEncodecExp|WavTokenizer"),
        why="it is published as a pickle (.ckpt), which can run code and is never opened", helps=CODECS,
    ),
    Known(
        "WavTokenizer, a codec of sound with one codebook", _type(r"wavtokenizer\w*") + "|" + _class(r"WavTokenizer\w*"),
        why=f"it has no residual levels, and {SOUND}", helps=CODECS,
    ),
    Known("SNAC, a codec of sound with codebooks at several rates", keys=frozenset({"vq_strides"}), why=SOUND, helps=CODECS),
    Known(
        "a codec of sound", _type("xcodec2?|higgs_audio_v2_tokenizer|speechtokenizer|snac|bigcodec|vevo"), why=SOUND, helps=CODECS,
    ),
    # What has no tokens.
    Known(
        "an AutoencoderKL, a continuous autoencoder, as Stable Diffusion has it",
        _class("AutoencoderKL") + "|" + _target("AutoencoderKL|VAEInterface"),
        why=NO_TOKENS, helps="Of diffusers' models VQModel has tokens.",
    ),
    Known(
        "a continuous autoencoder of diffusers", _class(r"(Asymmetric|Consistency|Temporal)?(Autoencoder|DecoderVAE)\w*"),
        why=NO_TOKENS, helps="Of diffusers' models VQModel has tokens.",
    ),
    Known(
        "a pipeline of diffusers", _class(r"\w*Pipeline"), why="it is several models in folders",
        helps="Its tokenizer, if it has one, is the folder called vqvae, vqgan or movq: open that one.",
    ),
    Known(
        "a language model of text",
        _type(
            r"(openai-)?gpt\w*|llama\w*|mistral|mixtral|qwen\w*|gemma\w*|phi\w*|bloom|opt|falcon|t5\w*|mt5|bart|\w*bert\w*|electra"
            r"|mamba\w*|deepseek\w*|olmo\w*"
        ) + "|" + _class(r"GPT\w*|Bert\w*|Llama\w*|\w+ForCausalLM|\w+LMHeadModel"),
        why="it reads and writes words and has no tokens of pictures",
    ),
    Known("a model that looks at pictures", _type(r"vit\w*|clip\w*|siglip\w*|dinov2\w*|beit|swin\w*|resnet|convnext\w*"), why=NO_TOKENS),
    Known("a model that listens to speech", _type(r"whisper|wav2vec2\w*|hubert|speecht5"), why=NO_TOKENS),
    Known("a part of a diffusion model", _class(r"UNet\w*|\w*Transformer\w*Model|ControlNet\w*|\w*UViT\w*"), why=NO_TOKENS),
)


def recognised(config: Mapping[str, Any], name: str) -> Known:
    """The row of the table for a config.json that another program wrote; ValueError for what stands in none, with what it calls itself."""
    called = list(_calls(config))
    for row in TABLE:
        if row.calls and any(re.fullmatch(row.calls, call) for call in called):
            return row
    keys = _keys(config)
    for row in TABLE:
        if row.keys and row.keys <= keys:
            return row
    if called:
        raise ValueError(f"{shown(name)} is a model that isn't known here ({shown(called[0].replace('=', ' '))}). {OPEN}")
    raise ValueError(
        f"{shown(name)} can't be opened: its config.json was not written by this program, or by a newer version of it, and names no "
        f"model that is known here. {OPEN}"
    )


OPEN = (
    "What opens of others is diffusers' VQModel, VQGANs of taming-transformers and latent-diffusion, GumbelVQ, LlamaGen, Janus, FSQ, and "
    "of sound EnCodec, Mimi and DAC."
)


def _calls(config: Mapping[str, Any]) -> Iterator[str]:
    """What a config calls itself, with where it says so."""
    inner = config.get("model")
    for part in [config, *([inner] if isinstance(inner, Mapping) else [])]:
        for key in ("_class_name", "model_type", *TARGETS):
            if isinstance(value := part.get(key), str):
                yield f"{'target' if key in TARGETS else key}={value[:MOST_NAME]}"
        if isinstance(listed := part.get("architectures"), list):
            yield from (f"architectures={value[:MOST_NAME]}" for value in listed[:4] if isinstance(value, str))


def _keys(config: Mapping[str, Any]) -> set[str]:
    """The names of a config's entries, and of those two levels below: the layers in which what has no name is wrapped."""
    keys, parts = set(config), [config]
    for _ in range(2):
        parts = [value for part in parts for value in part.values() if isinstance(value, Mapping)][:64]
        keys.update(*parts)
    return keys
