"""How many tokens a text will take, without any provider's vocabulary."""


def estimate(text: str) -> int:
    """Tokens to reserve for the text: one per three bytes of UTF-8, rounded up.

    Real encoders need fewer (English about one per 4.5 bytes), so a budget checked with this is never overrun by much.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // 3)
