"""Measure a tokenizer on pictures it never saw: python -m vqcore.evaluate NAME --data DIR [--refine]"""

import sys

from vqcore.evaluation.tokenizer import main

if __name__ == "__main__":
    sys.exit(main())
