"""The sound bench: a waveform, its spectrogram and its tokens on one time axis."""

from demo.sound.component import SoundBench

__all__ = ["SoundBench"]
