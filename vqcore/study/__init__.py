"""What lessons and benches look at: PCA, quantization in the plane, codes of patches, t-SNE, comparison."""
