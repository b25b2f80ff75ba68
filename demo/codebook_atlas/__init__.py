"""The atlas: all codes of a codebook on a map, and what there is to know about the chosen one."""

from demo.codebook_atlas.component import CodebookAtlas

__all__ = ["CodebookAtlas"]
