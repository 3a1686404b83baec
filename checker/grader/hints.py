"""What an error most likely comes from."""
import re

HINTS = {
    r"^BdbQuit": "a breakpoint was left in it: pdb.set_trace(), breakpoint()",
    r"^EOFError": "it waits for input(), and nobody is there",
    r"URLError|gaierror|ConnectionError|name resolution|URL fetch failure":
        "it downloads something, and there is no network here: what uses the "
        "function belongs under if __name__ == '__main__'",
    r"^ModuleNotFoundError|^No module named":
        "a package that is not installed here, or whose name is misspelt",
    r"must call .?compile|compile\(\)": "auto is not compiled",
    r"symbolic|KerasTensor":
        "the loss uses tensors of the encoder's graph: put the KL divergence "
        "into a layer's add_loss",
    r"expects 1 (named )?input":
        "the decoder is given all of the encoder's outputs instead of z",
    r"time limit": "does it train when it is imported? What uses the function "
        "belongs under if __name__ == '__main__'",
}


def hint(error):
    """Returns the likely mistake behind an error, or nothing."""
    return next((text for pattern, text in HINTS.items()
                 if re.search(pattern, error)), "")
