"""The Train tab: pictures in, a tokenizer and a prior out, in a process of its own.

In that process too a visitor's pictures are decoded in others, which are ended when one takes too long.
"""

from demo.kit.decoding import open_picture
from vqcore.data import labelled

labelled.opener = open_picture
