"""Networks and recipes that were tried, by name."""

from __future__ import annotations

from vqcore.data.scenes.reader import ReaderConfig
from vqcore.priors.local import LocalPixelCNNConfig
from vqcore.priors.pixelcnn import PixelCNNConfig
from vqcore.priors.transformer import TransformerConfig
from vqcore.quantizers import FSQConfig, VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.vqvae import VQVAEConfig
from vqcore.tokenizers.vqvae2 import VQVAE2Config
from vqcore.training.adversarial.decoder import DecoderRecipe
from vqcore.training.adversarial.discriminator import DiscriminatorConfig
from vqcore.training.contrastive import ContrastiveRecipe
from vqcore.training.material.pictures import TokenizerRecipe
from vqcore.training.material.sound import SoundRecipe
from vqcore.training.prior import PriorRecipe
from vqcore.training.reader import ReaderRecipe
from vqcore.training.reinforced import ReinforcedRecipe
from vqcore.training.vae import VAERecipe

FASHION_NETWORK = NetworkConfig(
    channels=1, downsampling=4, code_dim=16, coarse_width=128, fine_width=64, encoder_fine_blocks=1,
    decoder_coarse_blocks=1, decoder_fine_blocks=1,
)
TINY_NETWORK = NetworkConfig(
    code_dim=8, coarse_width=32, fine_width=32, encoder_fine_blocks=1, encoder_coarse_blocks=1,
    decoder_coarse_blocks=1, decoder_pointwise_blocks=0, decoder_fine_blocks=1,
)
PRESETS = {
    "photos": TokenizerRecipe(),
    # `photos` with fewer codes, so that ten thousand pictures are enough to learn how tokens follow one another.
    "photos-small": TokenizerRecipe(VQVAEConfig(quantizer=VQConfig(512))),
    # Two levels, 8 and 4 pixels a token: 0.703 bits a pixel.
    "photos-2level": TokenizerRecipe(VQVAE2Config(), batch=16, rate=2e-3),
    # 64 × 64 pixels as 8 × 8 tokens; whole pictures, which have a left and a right.
    "emoji": TokenizerRecipe(rate=2e-3, mirrored=False),
    # Rendered scenes (--data scenes:12000), 96 × 96 pixels as 12 × 12 tokens, whole; most of a scene is floor, so that edges weigh more.
    "scenes": TokenizerRecipe(VQVAEConfig(quantizer=VQConfig(2048)), crop=96, rate=1.2e-3, mirrored=False, edges=1.0),
    # Fashion-MNIST: 28 × 28 grey pixels as 7 × 7 tokens.
    "fashion": TokenizerRecipe(VQVAEConfig(FASHION_NETWORK, VQConfig(256)), crop=28, batch=64, rate=2e-3),
    # The same, each vector rounded to one of 8 × 6 × 5 = 240 combinations instead of looked up in a table of 256 codes.
    "fashion-fsq": TokenizerRecipe(VQVAEConfig(FASHION_NETWORK, FSQConfig((8, 6, 5))), crop=28, batch=64, rate=2e-3),
    # Speech at 8 kHz, 125 tokens a second: 1.25 kbit/s.
    "speech": SoundRecipe(
        VQVAEConfig(
            NetworkConfig(
                spatial_dims=1, channels=1, downsampling=64, code_dim=8, coarse_width=192, fine_width=128,
                decoder_coarse_blocks=3, spectral_window=256,
            ),
            VQConfig(1024), sample_rate=8000,
        ),
    ),
    "tiny": TokenizerRecipe(VQVAEConfig(TINY_NETWORK, VQConfig(64)), rate=4e-3),
    "tiny-fsq": TokenizerRecipe(VQVAEConfig(TINY_NETWORK, FSQConfig((5, 4, 3))), rate=4e-3),
}

DECODER_PRESETS = {
    "photos-sharp": DecoderRecipe(adversarial=2.5, detail=4.0, grid=20.0),
    "tiny-sharp": DecoderRecipe(
        DiscriminatorConfig(8, 2), crop=32, batch=4, rate=4e-3, discriminator_rate=4e-3, averaging=0.9,
    ),
}

PRIOR_PRESETS = {
    # 128 × 128 pixels as 16 × 16 tokens; with 512 codes, the transformer has just under 4.9 M parameters.
    "photos-prior": PriorRecipe(TransformerConfig(dropout=0.1), side=128, views=8, batch=32),
    "photos-pixelcnn": PriorRecipe(PixelCNNConfig(layers=12, width=112, dropout=0.1), side=128, views=8, batch=32),
    # 160 × 160 pixels as 20 × 20 tokens, for a prior that writes grids of any size.
    "photos-anysize": PriorRecipe(LocalPixelCNNConfig(dropout=0.1), side=160, views=8, batch=64),
    # 64 × 64 pixels as 8 × 8 coarse tokens and then 16 × 16 fine ones, in one sequence.
    "photos-2level-prior": PriorRecipe(TransformerConfig(layers=5, dropout=0.1), side=64, views=8, batch=16),
    "emoji-prior": PriorRecipe(TransformerConfig(layers=5, width=224), side=64, batch=32, closed=True, noise=0.3),
    # Scenes (--data scenes:120000), 96 × 96 pixels as 12 × 12 tokens.
    "scenes-prior": PriorRecipe(
        TransformerConfig(layers=6, width=256, phrase=4), side=96, batch=32, rate=1.5e-3, noise=0.1, text_length=32
    ),
    "fashion-prior": PriorRecipe(TransformerConfig(layers=4, width=192, heads=6), side=28),
    "fashion-pixelcnn": PriorRecipe(PixelCNNConfig(layers=8, width=96), side=28),
    # 0.768 seconds as 96 tokens, given the spoken digit's word.
    "speech-prior": PriorRecipe(
        TransformerConfig(layers=4, width=128, heads=4, dropout=0.1), side=6144, views=4, batch=32, noise=0.3
    ),
    "tiny": PriorRecipe(TransformerConfig(layers=2, width=32, heads=2), side=64, batch=16, rate=4e-3),
}

REINFORCED_PRESETS = {
    "scenes-prior": ReinforcedRecipe(
        TransformerConfig(layers=6, width=256, phrase=4), side=96, batch=32, rate=5e-4, noise=0.1, text_length=32
    ),
    "tiny": ReinforcedRecipe(
        TransformerConfig(layers=2, width=32, heads=2), side=96, batch=4, rate=4e-3, text_length=32, sentences=2, samples=3
    ),
}
CONTRASTIVE_PRESETS = {"emoji-clip": ContrastiveRecipe()}
READER_PRESETS = {"scenes-reader": ReaderRecipe(), "tiny-reader": ReaderRecipe(ReaderConfig((8, 16, 16)), batch=8, rate=1e-2)}
VAE_PRESETS = {"fashion-vae": VAERecipe()}
