"""The Sound tab: a waveform, its spectrogram and its tokens on one time axis; and time series beside it."""
