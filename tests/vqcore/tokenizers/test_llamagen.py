"""LlamaGen's tokenizers and Janus's: against a small network of LlamaGen's architecture and names, and against transformers."""

import json

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

import vqcore
from tests.originals import PICTURES, agrees, shuffled, spread
from vqcore.tokenizers.foreign import llamagen
from vqcore.tokenizers.foreign.known import recognised

NARROW = 32
VQ_16 = {  # the fields of LlamaGen's ModelArgs
    "codebook_size": 60, "codebook_embed_dim": 8, "codebook_l2_norm": True, "codebook_show_usage": True, "commit_loss_beta": 0.25,
    "entropy_loss_ratio": 0.0, "encoder_ch_mult": [1, 1, 2, 2, 4], "decoder_ch_mult": [1, 1, 2, 2, 4], "z_channels": 16, "dropout_p": 0.0,
}
VQ_8 = VQ_16 | {"encoder_ch_mult": [1, 2, 2, 4], "decoder_ch_mult": [1, 2, 2, 4]}


class Resnet(nn.Module):
    def __init__(self, wide, out):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(32, wide, 1e-6), nn.Conv2d(wide, out, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(32, out, 1e-6), nn.Conv2d(out, out, 3, padding=1)
        if wide != out:
            self.nin_shortcut = nn.Conv2d(wide, out, 1)

    def forward(self, x):
        h = self.norm1(x)
        h = self.conv1(h * h.sigmoid())
        h = self.norm2(h)
        h = self.conv2(h * h.sigmoid())
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class Attn(nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.norm = nn.GroupNorm(32, wide, 1e-6)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(wide, wide, 1) for _ in range(4))

    def forward(self, x):
        h = self.norm(x)
        weights = torch.einsum("bchw,bcij->bhwij", self.q(h), self.k(h)) * x.shape[1] ** -0.5
        weights = weights.flatten(3).softmax(-1).view_as(weights)
        return x + self.proj_out(torch.einsum("bhwij,bcij->bchw", weights, self.v(h)))


class Sampled(nn.Module):
    def __init__(self, wide, stride):
        super().__init__()
        self.conv = nn.Conv2d(wide, wide, 3, stride, 0 if stride == 2 else 1)
        self.stride = stride

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)) if self.stride == 2 else x.repeat_interleave(2, 2).repeat_interleave(2, 3))


def stage(blocks, wide, out, attends, **step):
    part = nn.Module()
    part.res = nn.ModuleList(Resnet(out if i else wide, out) for i in range(blocks))
    part.attn = nn.ModuleList(Attn(out) for _ in range(blocks if attends else 0))
    for name, module in step.items():
        setattr(part, name, module)
    return part


class Half(nn.Module):
    """LlamaGen's Encoder, or its Decoder, whose resolutions it lists in the order in which they come."""

    def __init__(self, multiples, latent, encodes):
        super().__init__()
        last, wide = len(multiples) - 1, NARROW * (1 if encodes else multiples[-1])
        self.encodes, places = encodes, range(last + 1) if encodes else range(last, -1, -1)
        self.conv_in = nn.Conv2d(3 if encodes else latent, wide, 3, padding=1)
        self.conv_blocks = nn.ModuleList()
        for i in places:
            out = NARROW * multiples[i]
            changes = {"downsample": Sampled(out, 2)} if encodes else {"upsample": Sampled(out, 1)}
            step = changes if i != (last if encodes else 0) else {}
            self.conv_blocks.append(stage(2 if encodes else 3, wide, out, i == last, **step))
            wide = out
        middle = NARROW * multiples[-1]
        self.mid = nn.ModuleList([Resnet(middle, middle), Attn(middle), Resnet(middle, middle)])
        self.norm_out, self.conv_out = nn.GroupNorm(32, wide, 1e-6), nn.Conv2d(wide, latent if encodes else 3, 3, padding=1)

    def stages(self, h):
        for part in self.conv_blocks:
            for i, block in enumerate(part.res):
                h = block(h)
                if len(part.attn):
                    h = part.attn[i](h)
            for step in ("downsample", "upsample"):
                if hasattr(part, step):
                    h = getattr(part, step)(h)
        return h

    def middle(self, h):
        for block in self.mid:
            h = block(h)
        return h

    def forward(self, x):
        h = self.conv_in(x)
        h = self.middle(self.stages(h)) if self.encodes else self.stages(self.middle(h))
        h = self.norm_out(h)
        return self.conv_out(h * h.sigmoid())


class Original(nn.Module):
    """LlamaGen's VQModel, without what only training needs."""

    def __init__(self, args):
        super().__init__()
        latent, width = args["z_channels"], args["codebook_embed_dim"]
        self.encoder, self.decoder = Half(args["encoder_ch_mult"], latent, True), Half(args["decoder_ch_mult"], latent, False)
        self.quantize = nn.Module()
        self.quantize.embedding = nn.Embedding(args["codebook_size"], width)
        self.quantize.register_buffer("codebook_used", torch.zeros(65536))
        self.quant_conv, self.post_quant_conv = nn.Conv2d(latent, width, 1), nn.Conv2d(width, latent, 1)
        self.unit = args["codebook_l2_norm"]

    def codes(self):
        codes = self.quantize.embedding.weight
        return codes / codes.norm(dim=1, keepdim=True) if self.unit else codes

    def look_up(self, z):
        z = z.movedim(1, -1).flatten(0, 2)
        z = z / z.norm(dim=1, keepdim=True) if self.unit else z
        return torch.cdist(z.double(), self.codes().double()).argmin(1)

    def decode(self, tokens):
        return self.decoder(self.post_quant_conv(self.codes()[tokens].movedim(-1, 1)))


@torch.no_grad()
def original_of(args, longer=1.0):
    """longer: lengths of codes differ by up to that factor, by which a comparison by distance would choose others."""
    original = shuffled(Original(args))
    z_e = original.quant_conv(original.encoder(PICTURES))
    spread(original.quantize.embedding, z_e)
    codes = original.quantize.embedding.weight
    codes.data *= longer ** torch.rand(len(codes), 1, generator=torch.Generator().manual_seed(4))
    return original, z_e


def write(folder, config, tensors):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")
    return vqcore.load(folder)


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr(llamagen, "NARROW", NARROW)


@pytest.mark.parametrize("args", [VQ_16, VQ_8, VQ_16 | {"codebook_l2_norm": False}], ids=["VQ-16", "VQ-8", "by distance"])
@torch.no_grad()
def test_llamagens_tokens_and_pixels(narrow, tmp_path, args):
    original, z_e = original_of(args, longer=5 if args["codebook_l2_norm"] else 1)
    model = write(tmp_path, args, original.state_dict())
    agrees(model, z_e, original.look_up, original.decode)
    level = model.levels[0]
    assert (level.codebook_size, level.code_dim, level.downsampling) == (60, 8, 2 ** (len(args["encoder_ch_mult"]) - 1))
    assert torch.allclose(level.codebook, original.codes(), atol=1e-6) and not model.notes
    latents = model.latents(PICTURES)[0].movedim(1, -1).flatten(0, 2)
    assert torch.equal(torch.cdist(latents.double(), level.codebook.double()).argmin(1), model.encode(PICTURES)[0].flatten())
    wrapped = write(tmp_path / "wrapped", {"config": args}, original.state_dict())
    assert torch.equal(wrapped.encode(PICTURES[:1])[0], model.encode(PICTURES[:1])[0])


@torch.no_grad()
def test_deepseeks_whole_janus_gives_its_tokenizer_alone(monkeypatch, tmp_path, narrow):
    monkeypatch.setattr(llamagen, "MULTIPLES", [1, 1])
    args = VQ_16 | {"encoder_ch_mult": [1, 1], "decoder_ch_mult": [1, 1], "z_channels": 256}
    original, z_e = original_of(args, longer=5)
    tensors = {f"gen_vision_model.{name}": tensor for name, tensor in original.state_dict().items()}
    whole = tensors | {"language_model.model.norm.weight": torch.ones(3), "encoder.conv_in.weight": torch.ones(1)}
    vision = {"cls": "VQ-16", "model_type": "gen_vision", "params": {"image_token_size": 60, "n_embed": 8}}
    model = write(tmp_path, {"model_type": "multi_modality", "gen_vision_config": vision}, whole)
    agrees(model, z_e, original.look_up, original.decode)
    assert "2 tensors that aren't its networks' were passed over" in model.notes[0]


@pytest.fixture(scope="module")
def transformers():
    return pytest.importorskip("transformers", reason="This test needs pip install -r tests/requirements.txt.")


@torch.no_grad()
def test_transformers_janus_gives_its_tokens_and_pixels_alone_and_within_the_whole(transformers, tmp_path):
    config = transformers.JanusVQVAEConfig(
        base_channels=NARROW, latent_channels=16, num_embeddings=60, channel_multiplier=[1, 1, 2, 2], num_patches=8,
    )
    original = shuffled(transformers.JanusVQVAE(config))
    z_e = original.quant_conv(original.encoder(PICTURES))
    spread(original.quantize.embedding, z_e)
    codes = original.quantize.embedding.weight
    codes.data = F.normalize(codes.data, dim=1)
    original.quantize.quant_state_dims = [8, 12]
    original.save_pretrained(tmp_path / "alone")
    model = vqcore.load(tmp_path / "alone")
    agrees(model, z_e, lambda z: original.quantize(z)[2], lambda tokens: original.decode(tokens.flatten(1)))
    assert model.levels[0].downsampling == 8
    codes.data *= 5 ** torch.rand(60, 1)
    longer = {f"model.vqmodel.{name}": tensor for name, tensor in original.state_dict().items()}
    whole = write(tmp_path / "whole", {"model_type": "janus", "vq_config": config.to_dict()}, longer | {"lm_head.weight": torch.ones(2)})
    assert torch.equal(whole.encode(PICTURES)[0], model.encode(PICTURES)[0]), "the angle decides, however long the codes are"
    assert (whole.decode(whole.encode(PICTURES)) - model.reconstruct(PICTURES)).abs().max() < 1e-4


@pytest.mark.parametrize("config, widths, codes, f", [
    ({"codebook_embed_dim": 8, "encoder_ch_mult": [1, 1, 2, 2, 4]}, (128, 128, 256, 256, 512), (16384, 8), 16),
    ({"codebook_embed_dim": 8, "encoder_ch_mult": [1, 2, 2, 4], "decoder_ch_mult": [1, 2, 2, 4]}, (128, 256, 256, 512), (16384, 8), 8),
    ({"model_type": "janus_vqgan"}, (128, 128, 256, 256, 512), (16384, 8), 16),
    ({"model_type": "multi_modality", "gen_vision_config": {"cls": "VQ-16"}}, (128, 128, 256, 256, 512), (16384, 8), 16),
])
def test_what_a_config_leaves_out_is_as_published(config, widths, codes, f):
    with torch.device("meta"):
        network, quantizer, width = recognised(config, "theirs").layout.read(config)
    assert network.widths == widths and network.downsampling == f and (network.latent, network.blocks) == (256, 2)
    assert tuple(quantizer.codebook.shape) == codes and quantizer.unit and width == 8
    assert network.attention == (*[False] * (len(widths) - 1), True)


@pytest.mark.parametrize("config, words", [
    (VQ_16 | {"encoder_ch_mult": [10**9]}, "encoder_ch_mult"), (VQ_16 | {"decoder_ch_mult": [1, 2]}, "other widths"),
    (VQ_16 | {"codebook_size": 10**12}, "codebook_size"), (VQ_16 | {"codebook_embed_dim": "8"}, "codebook_embed_dim"),
    (VQ_16 | {"codebook_l2_norm": 1}, "codebook_l2_norm"), (VQ_16 | {"z_channels": True}, "z_channels"),
    ({"settings": VQ_16}, "it has no config"), ({"config": {"args": VQ_16}}, "codebook_size|decoder_ch_mult|z_channels|missing|has no"),
    ({"model_type": "janus_vqgan", "base_channels": 10**9}, "base_channels"),
    ({"model_type": "janus_vqgan", "channel_multiplier": [1] * 10**5}, "channel_multiplier"),
    ({"model_type": "janus_vqgan", "double_latent": True}, "double_latent"),
    ({"model_type": "janus_vqgan", "out_channels": 4}, "number of channels"),
    ({"model_type": "janus_vqgan", "num_res_blocks": 17}, "16"), ({"model_type": "janus_vqgan", "base_channels": 33}, "multiples"),
    ({"model_type": "janus", "vq_config": 7}, "vq_config"), ({"model_type": "multi_modality"}, "gen_vision_config"),
    ({"model_type": "multi_modality", "gen_vision_config": {"cls": "VQ-8"}}, "no VQ-16"),
    ({"model_type": "multi_modality", "gen_vision_config": {"cls": "VQ-16", "params": [1]}}, "params"),
])
def test_types_and_counts_are_checked_before_anything_is_reckoned_with_them(config, words, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=words) as told:
        vqcore.load(tmp_path)
    assert len(str(told.value)) < 300 and str(told.value).isprintable()
